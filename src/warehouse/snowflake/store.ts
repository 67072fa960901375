import { randomUUID } from 'node:crypto';
import type { LoaderOptions } from '../../config/destination.js';
import type { SnowflakeConfig } from '../../config/snowflake.js';
import { crashPoint } from '../../crash-point.js';
import { log } from '../../log.js';
import { hasGenerations, isRefresh, startsAnew } from '../refresh.js';
import type { SpoolFile } from '../spool.js';
import { type Counts, type KeptState, NO_ROWS, type Preview, type StateToKeep, type Store } from '../store.js';
import { canDelete, type Target } from '../target.js';
import { RAW, type TableForm, TYPED } from './forms.js';
import { Places, sideOf, sideOfGeneration } from './places.js';
import { Pool } from './pool.js';
import { compiled } from './portions.js';
import { previewOf } from './preview.js';
import { pattern, qualified, SNOWFLAKE_NAMES } from './quote.js';
import { type Batch, countKinds, hasTombstones } from './rows.js';
import { PATIENCE, type Patience, type Row, type Session } from './session.js';
import { Staging } from './staging.js';
import { StateKeeper } from './state-keeper.js';
import { STATE_TABLE } from './states.js';
import { Steps } from './steps.js';
import { TableKeeper } from './table-keeper.js';
import * as sql from './tables.js';
import { Tombstones } from './tombstones.js';
import { LONGEST_VARIANT, type SqlType } from './types.js';
import { ViewKeeper } from './view-keeper.js';
import { countMarked } from './write.js';

/** Each commit takes a session, since a session runs one statement at a time; uploads take some beside them. */
const PARALLEL_COMMITS = 4;
const SESSIONS = 6;
/** Raw ids begin with what is the same in a run, and end in the line's number of this many digits. */
const LINE_DIGITS = 12;

/** Snowflake. A commit loads a batch into a table of its own, merges or inserts from there, and then keeps the state. */
export class SnowflakeStore implements Store {
  readonly names = SNOWFLAKE_NAMES;
  readonly longestRecord = LONGEST_VARIANT;
  readonly spoolIsCompressed = true;
  readonly fittingRows = (): number => Number.POSITIVE_INFINITY;
  readonly defaultSchema: string;
  readonly parallelCommits = PARALLEL_COMMITS;
  readonly #config: SnowflakeConfig;
  readonly #pipeline: string | null;
  readonly #pool: Pool;
  readonly #form: TableForm;
  readonly #tables: TableKeeper;
  readonly #views: ViewKeeper;
  readonly #staging: Staging;
  readonly #states: StateKeeper;
  readonly #runId = randomUUID();
  readonly #places: Places;
  readonly #tombstones: Tombstones;

  /** @param pipeline the pipeline's name, for the query tag; null in `write` */
  constructor(
    config: SnowflakeConfig & { loader: LoaderOptions },
    pipeline: string | null,
    patience: Patience = PATIENCE,
  ) {
    this.#config = config;
    this.#pipeline = pipeline;
    this.defaultSchema = config.schema;
    this.#pool = new Pool(config, SESSIONS, patience);
    this.#form = config.loader.tableForm === 'raw' ? RAW : TYPED;
    this.#tables = new TableKeeper(config);
    this.#tombstones = new Tombstones(this.#tables);
    this.#views = new ViewKeeper(config.database);
    const run = this.#runId.replaceAll('-', '').slice(0, 16).toUpperCase();
    this.#places = new Places(this.#tables, this.#tombstones, this.#form, run, pipeline !== null);
    this.#staging = new Staging(this.#pool, config.database, config.schema, pipeline, run);
    this.#states = new StateKeeper(
      { database: config.database, schema: config.schema, schemaName: qualified(config.database, config.schema) },
      pipeline === null ? null : { name: pipeline, run, flushMilliseconds: config.loader.flushMilliseconds ?? 0 },
      this.#pool,
    );
  }

  async open(): Promise<void> {
    const { database, schema } = this.#config;
    await this.#with(null, `Looking for the schema "${schema}"`, async (steps) => {
      if (steps.session.schemaIsThere) return this.#tables.hasSchema(schema);
      const found = await steps.run(`SHOW TERSE SCHEMAS LIKE ${pattern(schema)} IN DATABASE ${qualified(database)}`);
      const alike = found
        .map((row) => `"${row.name}"`)
        .filter((name) => name.toUpperCase() === `"${schema}"`.toUpperCase());
      if (alike.length === 0) return;
      log.warn(
        `There is no schema "${schema}", but ${alike.join(' and ')}. Capital letters count: with the first rows, "${schema}" will be created beside it.`,
      );
    });
  }

  async close(): Promise<void> {
    if (this.#states.hasLease) {
      await this.#with(null, 'Giving the lease back', (steps) => this.#states.release(steps)).catch(() => undefined);
    }
    await this.#pool.close();
  }

  async loadStates(pipeline: string): Promise<Map<string, KeptState>> {
    return this.#with(null, `Reading the states in ${STATE_TABLE}`, (steps) => this.#states.load(steps, pipeline));
  }

  async keepStates(states: readonly StateToKeep[]): Promise<void> {
    await this.#with(null, `Keeping states in ${STATE_TABLE}`, (steps) => this.#states.keep(steps, states));
  }

  async beginRefresh(target: Target, pipeline: string, known: KeptState | null): Promise<number | null> {
    return this.#with(target, `Beginning to load the table ${target.table} anew`, async (steps) => {
      if (known === null && !(await this.#tables.isThere(steps, target))) return null;
      await this.#tables.makeSchema(steps, this.defaultSchema);
      await this.#states.guard(steps);
      await this.#staging.tidy(steps, true);
      const last = known?.refresh ?? 0;
      const generation = Math.max(last, await this.#places.newestGeneration(steps, target)) + 1;
      if (last > 0) await steps.run(sql.dropTable(this.#tables.fullName(sideOfGeneration(target, last))));
      await this.#states.keep(steps, [{ pipeline, stream: target.stream, state: null, refresh: generation }]);
      return generation;
    });
  }

  async commit(target: Target, files: readonly SpoolFile[], state: StateToKeep | null): Promise<Counts> {
    return this.#with(target, `Writing to the table ${target.table}`, async (steps) => {
      await this.#tables.makeSchema(steps, this.defaultSchema);
      const guard = await this.#states.guard(steps);
      await this.#staging.tidy(steps, guard !== null);
      try {
        return await this.#staging.with(steps, files, async (stage) =>
          this.#write(steps, await this.#places.placed(steps, target), { stage, guard }, state),
        );
      } catch (error) {
        throw await this.#states.explain(steps, error);
      }
    });
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    return this.#with(target, `Ending the refresh of the table ${target.table}`, async (steps) => {
      if (isRefresh(target)) {
        const placed = await this.#places.placed(steps, target);
        const place = await this.#places.of(steps, placed);
        if (place !== placed) return this.#replace(steps, placed, place, state);
      }
      // That a refresh is over is kept also where it has brought no table.
      if (state && (hasGenerations(target) || (await this.#tables.isThere(steps, target)))) {
        await this.#states.keep(steps, [state]);
      }
      return NO_ROWS;
    });
  }

  async abandon(target: Target): Promise<void> {
    // What a generation has collected is gone on with by its next attempt.
    const side = startsAnew(target) ? await this.#places.begun(target) : null;
    if (side === null) return;
    await this.#with(target, 'Tidying up', (steps) => steps.tidy(sql.dropTable(this.#tables.fullName(side))));
  }

  async remove(target: Target): Promise<void> {
    await this.#with(target, `Dropping the table ${target.table}`, async (steps) => {
      if (this.#form.hasView) await this.#views.drop(steps, target);
      await steps.run(sql.dropTable(this.#tables.fullName(target)));
    });
  }

  async preview(target: Target): Promise<Preview> {
    return this.#with(target, `Looking at the table ${target.table}`, async (steps) => {
      const placed = this.#form.hasView ? target : await this.#tables.placed(steps, target);
      const { database, schema } = this.#config;
      const [tables, form, pipeline] = [this.#tables, this.#form, this.#pipeline];
      return previewOf(steps, placed, sideOf(placed), { database, schema, tables, form, pipeline });
    });
  }

  async #write(steps: Steps, target: Target, source: Source, state: StateToKeep | null): Promise<Counts> {
    if (target.mode === 'append' && state !== null) return this.#appendOnce(steps, target, source, state);
    const counts = await this.#writeRows(steps, target, source);
    crashPoint('after-write');
    if (state) await this.#states.keep(steps, [state]);
    crashPoint('after-commit');
    return counts;
  }

  /** Appended rows and the state they reach come together, so that no row comes twice. */
  async #appendOnce(steps: Steps, target: Target, source: Source, state: StateToKeep): Promise<Counts> {
    const place = await this.#places.of(steps, target);
    const batch = this.#batch(target, source, await this.#make(steps, place, place === target));
    const table = this.#tables.fullName(place);
    const insert = (each: Batch) => this.#form.insertAll(each, table);
    const [row] = await compiled(steps, batch, insert, (text) => this.#states.together(steps, state, text));
    crashPoint('after-commit');
    return { ...NO_ROWS, inserted: place === target ? changed(row, 'inserted') : 0 };
  }

  async #writeRows(steps: Steps, target: Target, source: Source): Promise<Counts> {
    const place = await this.#places.of(steps, target);
    const table = this.#tables.fullName(place);
    const run = (text: string) => steps.run(text, { mayBeDone: true });
    if (target.mode !== 'append_dedup') {
      const batch = this.#batch(target, source, await this.#make(steps, place, place === target));
      const [row] = await compiled(steps, batch, (each) => this.#form.insertAll(each, table), run);
      return { ...NO_ROWS, inserted: place === target ? changed(row, 'inserted') : 0 };
    }
    const kinds = await this.#kinds(steps, this.#batch(target, source, this.#tables.newTypes(target)));
    const tombstones = await this.#tombstones.of(steps, target);
    // Tombstones mark rows; a table that has none is not made for them.
    if (kinds === 'tombstones' && !(await this.#tables.isThere(steps, place))) return NO_ROWS;
    const types = await this.#make(steps, place, place === target);
    const batch = { ...this.#batch(target, source, types), tombstones };
    const [row] = await compiled(steps, batch, (each) => this.#form.merge(each, table), run);
    if (place !== target) return NO_ROWS;
    const updated = changed(row, 'updated');
    let marked = kinds === 'tombstones' ? updated : 0;
    if (kinds === 'both') {
      const [count] = await steps.run(countMarked(batch, table));
      // A record that came with its tombstone in one batch is an inserted row, though a marked one.
      marked = Math.min(Number(count?.MARKED ?? 0), updated);
    }
    return {
      inserted: changed(row, 'inserted'),
      updated: updated - marked,
      marked: marked + changed(row, 'deleted'),
    };
  }

  /** Makes a table, or what it lacks; a stream's own gets its view. @returns what the target's columns take */
  async #make(steps: Steps, target: Target, isOwn = true): Promise<SqlType[]> {
    const table = this.#form.tableOf(target);
    const types = isOwn ? await this.#tables.make(steps, table) : await this.#tables.makeBeside(steps, table);
    crashPoint('after-ddl');
    if (!this.#form.hasView) return types;
    if (isOwn) await this.#views.make(steps, target, this.#tables.fullName(target));
    return this.#tables.newTypes(target);
  }

  /** What a batch holds. What it deletes is remembered from here on. */
  async #kinds(steps: Steps, batch: Batch): Promise<'live' | 'tombstones' | 'both'> {
    if (!hasTombstones(batch.target)) return 'live';
    const [row] = await steps.run(countKinds(batch));
    if (canDelete(batch.target) && Number(row?.DELETED ?? 0) > 0) {
      await this.#tombstones.remember(steps, batch, this.#form.keys(batch));
      crashPoint('after-remember');
    }
    if (Number(row?.TOMBSTONES ?? 0) === 0) return 'live';
    return Number(row?.LIVE ?? 0) === 0 ? 'tombstones' : 'both';
  }

  /** Puts the side table's rows, or none, in the place of the table's. */
  async #replace(steps: Steps, target: Target, side: Target, state: StateToKeep | null): Promise<Counts> {
    const collected = await this.#tables.isThere(steps, side);
    if (!collected && !(await this.#tables.isThere(steps, target))) return NO_ROWS;
    await this.#staging.tidy(steps, (await this.#states.guard(steps)) !== null);
    await this.#make(steps, target);
    const table = this.#tables.fullName(target);
    const text = collected
      ? sql.overwriteFrom(this.#form.tableOf(target), table, this.#tables.fullName(side))
      : sql.deleteAll(table);
    // Over it is when the side table is gone: a run that dies before leaves the next one to end it once more.
    const under = state && hasGenerations(target) ? { ...state, refresh: target.generation } : state;
    const [row] = under ? await this.#states.together(steps, under, text) : await steps.run(text, { mayBeDone: true });
    crashPoint('after-swap');
    await this.#tombstones.forget(steps, target);
    if (collected) await steps.tidy(sql.dropTable(this.#tables.fullName(side)));
    if (state && under !== state) await this.#states.keep(steps, [state]);
    return collected ? { ...NO_ROWS, inserted: changed(row, 'inserted') } : NO_ROWS;
  }

  #with<T>(target: Target | null, doing: string, body: (steps: Steps) => Promise<T>): Promise<T> {
    return this.#pool.use((session: Session) => body(new Steps(session, this.#config, this.#tag(target), doing)));
  }

  #batch(target: Target, source: Source, types: readonly SqlType[]): Batch {
    return { target, ...source, types, idPrefix: this.#runId.slice(0, -LINE_DIGITS) };
  }

  /** What Snowflake's query history shows beside each statement. */
  #tag(target: Target | null): string {
    const own = this.#config.sessionParameters.get('QUERY_TAG');
    return JSON.stringify({
      app: 'hubflake',
      ...(this.#pipeline === null ? {} : { pipeline: this.#pipeline }),
      ...(target === null ? {} : { stream: target.stream }),
      ...(target === null || target.syncId === null ? {} : { sync_id: target.syncId }),
      ...(own === undefined ? {} : { tag: own }),
    }).slice(0, LONGEST_TAG);
  }
}

/** Where a batch's rows are, and on what condition they may be written. */
type Source = Pick<Batch, 'stage' | 'guard'>;

/** https://docs.snowflake.com/en/sql-reference/parameters#query-tag */
const LONGEST_TAG = 2000;

/** The count that an answer to a statement that changes rows gives. */
function changed(row: Row | undefined, what: 'inserted' | 'updated' | 'deleted'): number {
  return Number(row?.[`number of rows ${what}`] ?? 0);
}
