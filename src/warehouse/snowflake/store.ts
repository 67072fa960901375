import { randomUUID } from 'node:crypto';
import type { LoaderOptions } from '../../config/destination.js';
import type { SnowflakeConfig } from '../../config/snowflake.js';
import { crashPoint } from '../../crash-point.js';
import { type HubflakeError, WarehouseUnavailableError } from '../../errors.js';
import { log } from '../../log.js';
import { type FoundTable, type KeptTable, packColumns } from '../kept-table.js';
import { hasGenerations, isRefresh, startsAnew } from '../refresh.js';
import type { SpoolFile } from '../spool.js';
import {
  type Counts,
  type Kept,
  type KeptState,
  NO_ROWS,
  type Preview,
  type ReachedState,
  type StateToKeep,
  type Store,
} from '../store.js';
import { canDelete, hasTombstones, type Target } from '../target.js';
import { RAW, type TableForm, TYPED } from './forms.js';
import { Lease } from './lease.js';
import { Places, sideOf, sideOfGeneration } from './places.js';
import { Pool } from './pool.js';
import { compiled } from './portions.js';
import { previewOf } from './preview.js';
import { pattern, qualified, SNOWFLAKE_NAMES } from './quote.js';
import { type Batch, countKinds, firstInserted } from './rows.js';
import { PATIENCE, type Patience, type Row, type Session } from './session.js';
import { Staging } from './staging.js';
import { StateKeeper } from './state-keeper.js';
import { STATE_TABLE, stateTable } from './states.js';
import { Steps } from './steps.js';
import { TableKeeper } from './table-keeper.js';
import * as sql from './tables.js';
import { forget, rememberDeleted, Tombstones } from './tombstones.js';
import { inTransaction, refuseEnded } from './transaction.js';
import { LONGEST_VARIANT, type SqlType } from './types.js';
import { ViewKeeper } from './view-keeper.js';
import { countMarked } from './write.js';

/** Each commit takes a session, since a session runs one statement at a time; uploads take some beside them. */
const PARALLEL_COMMITS = 4;
const SESSIONS = 6;
/** Raw ids begin with what is the same in a run, and end in the line's number of this many digits. */
const LINE_DIGITS = 12;

/** Snowflake. A commit loads a batch into a table of its own, merges or inserts from there, and keeps the state in the same transaction. */
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
  /** The session that prolongs the lease. */
  readonly #aside: Pool;
  readonly #patience: Patience;
  readonly #lease: Lease | null = null;
  onLost: (error: HubflakeError) => void = () => undefined;
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
    this.#aside = new Pool(config, 1, patience);
    this.#patience = patience;
    this.#form = config.loader.tableForm === 'raw' ? RAW : TYPED;
    this.#tables = new TableKeeper(config);
    this.#tombstones = new Tombstones(this.#tables);
    this.#views = new ViewKeeper(config.database);
    const run = this.#runId.replaceAll('-', '').slice(0, 16).toUpperCase();
    this.#places = new Places(this.#tables, this.#tombstones, this.#form, run, pipeline !== null);
    this.#staging = new Staging(this.#pool, config.database, config.schema, pipeline, run);
    const table = stateTable(config.database, config.schema);
    if (pipeline !== null) {
      const { flushMilliseconds = 0 } = config.loader;
      const aside = (body: (steps: Steps) => Promise<void>) =>
        this.#with(null, 'Prolonging the lease', body, this.#aside);
      this.#lease = new Lease(table, { name: pipeline, run, flushMilliseconds }, aside, (error) => this.onLost(error));
    }
    this.#states = new StateKeeper(table, qualified(config.database, config.schema), this.#lease);
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
    this.#lease?.stop();
    if (this.#lease?.isHeld) {
      const lease = this.#lease;
      await this.#with(null, 'Giving the lease back', (steps) => lease.release(steps)).catch(() => undefined);
    }
    await Promise.all([this.#pool.close(), this.#aside.close()]);
  }

  async loadStates(pipeline: string): Promise<Kept> {
    return this.#with(null, `Reading the states in ${STATE_TABLE}`, (steps) => this.#states.load(steps, pipeline));
  }

  async refuseOthers(): Promise<void> {
    await this.#with(null, `Reading the lease in ${STATE_TABLE}`, (steps) => this.#states.refuseOthers(steps));
  }

  async keepStates(states: readonly StateToKeep[]): Promise<void> {
    await this.#again(null, `Keeping states in ${STATE_TABLE}`, (steps) => this.#states.keep(steps, states));
  }

  async look(tables: readonly string[]): Promise<ReadonlyMap<string, FoundTable>> {
    return this.#with(null, `Looking at the tables of the schema "${this.defaultSchema}"`, (steps) =>
      this.#tables.look(steps, this.defaultSchema, tables),
    );
  }

  async lacking(target: Target): Promise<string[]> {
    return this.#with(target, `Looking at the table ${target.table}`, (steps) => this.#tables.lacking(steps, target));
  }

  async beginRefresh(target: Target, pipeline: string, known: KeptState | null): Promise<number | null> {
    return this.#again(target, `Beginning to load the table ${target.table} anew`, async (steps) => {
      if (known === null && !(await this.#tables.isThere(steps, target))) return null;
      await this.#tables.makeSchema(steps, this.defaultSchema);
      await this.#states.guard(steps);
      this.#states.refuseTaken(target);
      await this.#staging.tidy(steps, true);
      const last = known?.refresh ?? 0;
      const generation = Math.max(last, await this.#places.newestGeneration(steps, target)) + 1;
      if (last > 0) await steps.run(sql.dropTable(this.#tables.fullName(sideOfGeneration(target, last))));
      await this.#states.keepWithoutTable(steps, {
        pipeline,
        stream: target.stream,
        state: null,
        refresh: generation,
      });
      return generation;
    });
  }

  async commit(target: Target, files: readonly SpoolFile[], states: readonly ReachedState[]): Promise<Counts> {
    const state = states.at(-1) ?? null;
    const attempts: Attempts = { stage: this.#staging.nextName(), unsure: null, swapped: null };
    return this.#again(target, `Writing to the table ${target.table}`, async (steps) => {
      await this.#tables.makeSchema(steps, this.defaultSchema);
      const guard = await this.#states.guard(steps);
      if (state) this.#states.refuseTaken(target);
      await this.#staging.tidy(steps, guard !== null);
      try {
        return await this.#staging.with(steps, attempts.stage, files, async (stage) =>
          this.#write(steps, await this.#places.placed(steps, target), { stage, guard }, state, attempts),
        );
      } catch (error) {
        throw await this.#states.explain(steps, error);
      }
    });
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    const attempts: Attempts = { stage: '', unsure: null, swapped: null };
    return this.#again(target, `Ending the refresh of the table ${target.table}`, async (steps) => {
      if (isRefresh(target)) {
        const guard = await this.#states.guard(steps);
        const placed = await this.#places.placed(steps, target);
        const place = await this.#places.of(steps, placed);
        if (place !== placed) return this.#replace(steps, placed, place, guard, state, attempts);
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

  async remove(target: Target, isRaw: boolean): Promise<void> {
    await this.#with(target, `Dropping the table ${target.table}`, async (steps) => {
      if (isRaw) await this.#views.drop(steps, target);
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

  async #write(
    steps: Steps,
    target: Target,
    source: Source,
    state: StateToKeep | null,
    attempts: Attempts,
  ): Promise<Counts> {
    const place = await this.#places.of(steps, target);
    const table = this.#tables.fullName(place);
    if (target.mode !== 'append_dedup') {
      const batch = this.#batch(target, source, await this.#make(steps, place, place === target));
      if (state === null && attempts.unsure && (await this.#isInserted(steps, batch, table))) return attempts.unsure;
      return compiled(
        steps,
        batch,
        (each) => this.#form.insertAll(each, table),
        (text) =>
          this.#commit(steps, { target, place, state, attempts }, async () => {
            const [row] = await steps.run(text);
            return { ...NO_ROWS, inserted: place === target ? changed(row, 'inserted') : 0 };
          }),
      );
    }
    const { kinds, deletes } = await this.#kinds(steps, this.#batch(target, source, this.#tables.newTypes(target)));
    // Tombstones mark rows; a table that has none is not made for them.
    const hasRows = kinds !== 'tombstones' || (await this.#tables.isThere(steps, place));
    const tombstones = deletes ? await this.#tombstones.make(steps, target) : await this.#tombstones.of(steps, target);
    const types = hasRows ? await this.#make(steps, place, place === target) : this.#tables.newTypes(target);
    const batch = { ...this.#batch(target, source, types), tombstones };
    const remember = async () => {
      if (!deletes) return;
      await steps.run(rememberDeleted(batch, this.#form.keys(batch), tombstones as string));
      crashPoint('after-remember');
    };
    if (!hasRows) {
      return this.#commit(steps, { target, place, state, attempts, hasNoTable: true }, async () => {
        await remember();
        return NO_ROWS;
      });
    }
    return compiled(
      steps,
      batch,
      (each) => this.#form.merge(each, table),
      (text) =>
        this.#commit(steps, { target, place, state, attempts }, async () => {
          const [row] = await steps.run(text);
          const counts = place === target ? await this.#countsOf(steps, row, batch, table, kinds) : NO_ROWS;
          await remember();
          return counts;
        }),
    );
  }

  async #countsOf(steps: Steps, row: Row | undefined, batch: Batch, table: string, kinds: Kinds): Promise<Counts> {
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

  /**
   * Rows and the state that they reach in one transaction: the rows first, so that the table of states is locked for a moment only. When
   * the answer to the commit is lost, the next attempt asks whether it was done.
   */
  async #commit(steps: Steps, { target, place, state, attempts, hasNoTable }: Commit, rows: () => Promise<Counts>) {
    if (state) {
      await this.#states.prepare(steps, [state]);
      if (attempts.unsure && (await this.#states.hasMoved(steps, state))) {
        this.#states.moved(state);
        return attempts.unsure;
      }
    }
    attempts.unsure = null;
    const about = state && !hasNoTable ? await this.#aboutOf(steps, target, place) : undefined;
    const begunAt = Date.now();
    const body = async () => {
      crashPoint('before-rows');
      const counts = await rows();
      crashPoint('after-write');
      if (state) {
        await refuseEnded(steps, begunAt);
        await this.#states.move(steps, state, about);
      }
      return counts;
    };
    const counts = await inTransaction(steps, body, (each) => {
      attempts.unsure = each;
    });
    attempts.unsure = null;
    if (state) this.#states.moved(state);
    return counts;
  }

  /** The table that a state is about whose rows go to `place`. */
  async #aboutOf(steps: Steps, { schema, table }: Target, place: Target): Promise<KeptTable> {
    const holder = this.#form.tableOf(place);
    const { identity, columns } = await this.#tables.known(steps, holder);
    const form = this.#form.hasView ? 'raw' : 'typed';
    return { schema, table, form, holder: place.table, identity, columns: packColumns(columns) };
  }

  /** Whether the lines of a batch were inserted by an attempt whose answer was lost. */
  async #isInserted(steps: Steps, batch: Batch, table: string): Promise<boolean> {
    return (await steps.run(firstInserted(batch, table))).length > 0;
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

  /** What a batch holds, and whether it takes rows away. */
  async #kinds(steps: Steps, batch: Batch): Promise<{ kinds: Kinds; deletes: boolean }> {
    if (!hasTombstones(batch.target)) return { kinds: 'live', deletes: false };
    const [row] = await steps.run(countKinds(batch));
    const deletes = canDelete(batch.target) && Number(row?.DELETED ?? 0) > 0;
    if (Number(row?.TOMBSTONES ?? 0) === 0) return { kinds: 'live', deletes };
    return { kinds: Number(row?.LIVE ?? 0) === 0 ? 'tombstones' : 'both', deletes };
  }

  /** Puts the side table's rows, or none, in the place of the table's. */
  async #replace(
    steps: Steps,
    target: Target,
    side: Target,
    guard: string | null,
    state: StateToKeep | null,
    attempts: Attempts,
  ): Promise<Counts> {
    // Over it is when the side table is gone: a run that dies before leaves the next one to end it once more.
    const under = state && hasGenerations(target) ? { ...state, refresh: target.generation } : state;
    // Done again, it must not find the side table gone and take that for a stream without records.
    attempts.swapped ??= await this.#swap(steps, target, side, guard, under, attempts);
    crashPoint('after-swap');
    await steps.tidy(sql.dropTable(this.#tables.fullName(side)));
    if (state && under !== state) await this.#states.keep(steps, [state]);
    return attempts.swapped;
  }

  async #swap(
    steps: Steps,
    target: Target,
    side: Target,
    guard: string | null,
    state: StateToKeep | null,
    attempts: Attempts,
  ): Promise<Counts> {
    const collected = await this.#tables.isThere(steps, side);
    if (!collected && !(await this.#tables.isThere(steps, target))) return NO_ROWS;
    await this.#staging.tidy(steps, guard !== null);
    await this.#make(steps, target);
    const table = this.#tables.fullName(target);
    const tombstones = await this.#tombstones.of(steps, target);
    const text = collected
      ? sql.overwriteFrom(this.#form.tableOf(target), table, this.#tables.fullName(side))
      : sql.deleteAll(table);
    return this.#commit(steps, { target, place: target, state, attempts }, async () => {
      const [row] = await steps.run(text);
      if (tombstones !== null) await steps.run(forget(target, tombstones));
      return collected ? { ...NO_ROWS, inserted: changed(row, 'inserted') } : NO_ROWS;
    });
  }

  #with<T>(target: Target | null, doing: string, body: (steps: Steps) => Promise<T>, pool = this.#pool): Promise<T> {
    return pool.use((session: Session) => body(new Steps(session, this.#config, this.#tag(target), doing)));
  }

  /** The same of what may be done twice: what fails in passing is done again, on another session. */
  async #again<T>(target: Target | null, doing: string, body: (steps: Steps) => Promise<T>): Promise<T> {
    for (const pauseMs of this.#patience.again) {
      try {
        return await this.#with(target, doing, body);
      } catch (error) {
        if (!(error instanceof WarehouseUnavailableError && error.isPassing)) throw error;
        log.warn(`${error.message} It is tried again in ${pauseMs / 1000} s.`);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    return this.#with(target, doing, body);
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

type Kinds = 'live' | 'tombstones' | 'both';

/** What the attempts at one commit have in common. */
interface Attempts {
  /** The name of the stage table. */
  stage: string;
  /** What was changed by the attempt before, if it was done: the answer to its COMMIT was lost. */
  unsure: Counts | null;
  /** What was changed by an attempt that has put the side table's rows in place. */
  swapped: Counts | null;
}

interface Commit {
  target: Target;
  /** Where the rows go: into the stream's own table, or the one beside it. */
  place: Target;
  state: StateToKeep | null;
  attempts: Attempts;
  /** Nothing is written to a table. */
  hasNoTable?: boolean;
}

/** https://docs.snowflake.com/en/sql-reference/parameters#query-tag */
const LONGEST_TAG = 2000;

/** The count that an answer to a statement that changes rows gives. */
function changed(row: Row | undefined, what: 'inserted' | 'updated' | 'deleted'): number {
  return Number(row?.[`number of rows ${what}`] ?? 0);
}
