import { randomUUID } from 'node:crypto';
import type { LoaderOptions } from '../../config/destination.js';
import type { SnowflakeConfig } from '../../config/snowflake.js';
import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { SpoolFile } from '../spool.js';
import { type Counts, NO_ROWS, type StateToKeep, type Store } from '../store.js';
import type { Target } from '../target.js';
import { RAW, type TableForm, TYPED } from './forms.js';
import { Pool } from './pool.js';
import { compiled } from './portions.js';
import { pattern, qualified, SNOWFLAKE_NAMES, withSuffix } from './quote.js';
import { type Batch, countKinds, hasTombstones } from './rows.js';
import { PATIENCE, type Patience, type Row, type Session } from './session.js';
import { Staging } from './staging.js';
import { createStateTable, keepStates, loadStates, portions, STATE_TABLE, stateTable } from './states.js';
import { Steps } from './steps.js';
import { TableKeeper } from './table-keeper.js';
import * as sql from './tables.js';
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
  readonly defaultSchema: string;
  readonly parallelCommits = PARALLEL_COMMITS;
  readonly #config: SnowflakeConfig;
  readonly #pipeline: string | null;
  readonly #pool: Pool;
  readonly #form: TableForm;
  readonly #tables: TableKeeper;
  readonly #views: ViewKeeper;
  readonly #staging: Staging;
  readonly #runId = randomUUID();
  #stateTable: Promise<unknown> | null = null;
  /** The refreshes that this run has begun. */
  readonly #sides = new Set<Target>();

  /** @param pipeline the pipeline's name, for the query tag; null in `write` */
  constructor(
    config: SnowflakeConfig & { loader: Pick<LoaderOptions, 'tableForm'> },
    pipeline: string | null,
    patience: Patience = PATIENCE,
  ) {
    this.#config = config;
    this.#pipeline = pipeline;
    this.defaultSchema = config.schema;
    this.#pool = new Pool(config, SESSIONS, patience);
    this.#form = config.loader.tableForm === 'raw' ? RAW : TYPED;
    this.#tables = new TableKeeper(config);
    this.#views = new ViewKeeper(config.database);
    const run = this.#runId.replaceAll('-', '').slice(0, 16).toUpperCase();
    this.#staging = new Staging(this.#pool, config.database, config.schema, run);
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
    await this.#pool.close();
  }

  async loadStates(pipeline: string): Promise<Map<string, JsonObject>> {
    return this.#with(null, `Reading the states in ${STATE_TABLE}`, async (steps) => {
      const { sql: text, binds } = loadStates(this.#stateTableName, pipeline);
      const rows = await steps.runIfThere(text, { binds, needs: `SELECT ON TABLE ${this.#stateTableName}` });
      return new Map((rows ?? []).map((row) => [String(row.STREAM), JSON.parse(String(row.STATE)) as JsonObject]));
    });
  }

  async keepStates(states: readonly StateToKeep[]): Promise<void> {
    await this.#with(null, `Keeping states in ${STATE_TABLE}`, (steps) => this.#keep(steps, states));
  }

  async commit(target: Target, files: readonly SpoolFile[], state: StateToKeep | null): Promise<Counts> {
    return this.#with(target, `Writing to the table ${target.table}`, async (steps) => {
      await this.#tables.makeSchema(steps, this.defaultSchema);
      const counts = await this.#staging.with(steps, files, async (stage) =>
        this.#write(steps, await this.#placed(steps, target), stage),
      );
      if (state) await this.#keep(steps, [state]);
      return counts;
    });
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    return this.#with(target, `Ending the refresh of the table ${target.table}`, async (steps) => {
      const counts =
        target.mode === 'overwrite' ? await this.#replace(steps, await this.#placed(steps, target)) : NO_ROWS;
      if (target.mode !== 'overwrite' && target.minimumGeneration > 0 && (await this.#tables.isThere(steps, target))) {
        await steps.run(sql.deleteOldGenerations(target, this.#tables.fullName(target)));
      }
      if (state && (await this.#tables.isThere(steps, target))) await this.#keep(steps, [state]);
      return counts;
    });
  }

  async abandon(target: Target): Promise<void> {
    if (!this.#sides.delete(this.#tables.known(target))) return;
    await this.#with(target, 'Tidying up', (steps) => steps.tidy(sql.dropTable(this.#sideTable(target))));
  }

  async remove(target: Target): Promise<void> {
    await this.#with(target, `Dropping the table ${target.table}`, async (steps) => {
      if (this.#form.hasView) await this.#views.drop(steps, target);
      await steps.run(sql.dropTable(this.#tables.fullName(target)));
    });
  }

  async #write(steps: Steps, target: Target, stage: string): Promise<Counts> {
    const fresh = this.#batch(target, stage, this.#tables.newTypes(target));
    if (target.mode === 'overwrite') {
      await this.#openSide(steps, target);
      const side = this.#sideTable(target);
      await compiled(steps, fresh, (each) => this.#form.insertAll(each, side), REPEATABLE);
      return NO_ROWS;
    }
    const table = this.#tables.fullName(target);
    if (target.mode === 'append') {
      const batch = this.#batch(target, stage, await this.#make(steps, target));
      const [row] = await compiled(steps, batch, (each) => this.#form.insertAll(each, table), REPEATABLE);
      return { ...NO_ROWS, inserted: changed(row, 'inserted') };
    }
    const kinds = await this.#kinds(steps, fresh);
    // Tombstones mark rows; a table that has none is not made for them.
    if (kinds === 'tombstones' && !(await this.#tables.isThere(steps, target))) return NO_ROWS;
    const batch = this.#batch(target, stage, await this.#make(steps, target));
    const [row] = await compiled(steps, batch, (each) => this.#form.merge(each, table), REPEATABLE);
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

  /** The stream with the columns of its table; of a raw one, which has none of the stream's, as it is. */
  #placed(steps: Steps, target: Target): Promise<Target> {
    return this.#form.hasView ? Promise.resolve(target) : this.#tables.placed(steps, target);
  }

  /** Makes the table, or what it lacks, and its view. @returns what the target's columns take */
  async #make(steps: Steps, target: Target): Promise<SqlType[]> {
    const types = await this.#tables.make(steps, this.#form.tableOf(target));
    if (!this.#form.hasView) return types;
    await this.#views.make(steps, target, this.#tables.fullName(target));
    return this.#tables.newTypes(target);
  }

  async #kinds(steps: Steps, batch: Batch): Promise<'live' | 'tombstones' | 'both'> {
    if (!hasTombstones(batch.target)) return 'live';
    const [row] = await steps.run(countKinds(batch));
    if (Number(row?.TOMBSTONES ?? 0) === 0) return 'live';
    return Number(row?.LIVE ?? 0) === 0 ? 'tombstones' : 'both';
  }

  async #openSide(steps: Steps, target: Target): Promise<void> {
    if (this.#sides.has(target)) return;
    const table = this.#form.tableOf(target);
    await this.#tables.makeSchema(steps, target.schema);
    await steps.run(sql.createSideTable(this.#sideTable(target), sql.newColumns(table, this.#tables.newTypes(table))));
    this.#sides.add(target);
  }

  async #replace(steps: Steps, target: Target): Promise<Counts> {
    const table = this.#tables.fullName(target);
    if (!this.#sides.has(target)) {
      if (await this.#tables.isThere(steps, target)) {
        await this.#make(steps, target);
        await steps.run(sql.deleteAll(table), { mayBeDone: true });
      }
      return NO_ROWS;
    }
    await this.#make(steps, target);
    const side = this.#sideTable(target);
    const [row] = await steps.run(sql.overwriteFrom(this.#form.tableOf(target), table, side), { mayBeDone: true });
    this.#sides.delete(target);
    await steps.tidy(sql.dropTable(side));
    return { ...NO_ROWS, inserted: changed(row, 'inserted') };
  }

  async #keep(steps: Steps, states: readonly StateToKeep[]): Promise<void> {
    const schema = qualified(this.#config.database, this.defaultSchema);
    await this.#tables.makeSchema(steps, this.defaultSchema);
    this.#stateTable ??= steps.run(createStateTable(this.#stateTableName), {
      needs: `CREATE TABLE ON SCHEMA ${schema}`,
    });
    await this.#stateTable;
    for (const portion of portions(states)) {
      const { sql: text, binds } = keepStates(this.#stateTableName, portion);
      await steps.run(text, { binds, mayBeDone: true });
    }
  }

  #with<T>(target: Target | null, doing: string, body: (steps: Steps) => Promise<T>): Promise<T> {
    return this.#pool.use((session: Session) => body(new Steps(session, this.#config, this.#tag(target), doing)));
  }

  #batch(target: Target, stage: string, types: readonly SqlType[]): Batch {
    return { target, stage, types, idPrefix: this.#runId.slice(0, -LINE_DIGITS) };
  }

  #sideTable({ schema, table }: Target): string {
    return qualified(this.#config.database, schema, withSuffix(table, '__HUBFLAKE_SIDE'));
  }

  get #stateTableName(): string {
    return stateTable(this.#config.database, this.defaultSchema);
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

const REPEATABLE = { mayBeDone: true };

/** https://docs.snowflake.com/en/sql-reference/parameters#query-tag */
const LONGEST_TAG = 2000;

/** The count that an answer to a statement that changes rows gives. */
function changed(row: Row | undefined, what: 'inserted' | 'updated' | 'deleted'): number {
  return Number(row?.[`number of rows ${what}`] ?? 0);
}
