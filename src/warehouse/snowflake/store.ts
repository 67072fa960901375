import { randomUUID } from 'node:crypto';
import type { LoaderOptions } from '../../config/destination.js';
import type { SnowflakeConfig } from '../../config/snowflake/snowflake.js';
import { type HubflakeError, WarehouseConfigError, WarehouseUnavailableError } from '../../errors.js';
import { log } from '../../log.js';
import type { FoundTable } from '../kept-table.js';
import { type LogTable, logStatements } from '../log-table.js';
import { hasGenerations, isRefresh, startsAnew } from '../refresh.js';
import {
  type Counts,
  type Kept,
  type KeptState,
  NO_ROWS,
  type Preview,
  type ReachedState,
  type Reader,
  type SpooledBatch,
  type StateToKeep,
  type Store,
} from '../store.js';
import type { Catalog } from '../tables/catalog.js';
import { ownTable, writeTo } from '../tables/destination-table.js';
import { DestinationTables } from '../tables/destination-tables.js';
import { Tombstones } from '../tables/tombstones.js';
import type { Target } from '../target.js';
import { readableTable } from '../verify/readable.js';
import { BatchWriter } from './batch-writer.js';
import { SnowflakeCatalog } from './catalog.js';
import { Commits, newAttempts } from './commits.js';
import { Lease } from './lease.js';
import { previewOf } from './preview.js';
import { RefreshEnd } from './refresh-end.js';
import { schemaMissing } from './session/faults.js';
import { type Session, TIMEOUTS, type Timeouts } from './session/session.js';
import { SessionPools } from './session/session-pools.js';
import { StatementRunner } from './session/statement-runner.js';
import { RAW, type TableForm, TYPED } from './sql/forms.js';
import { literal, pattern, qualified, SNOWFLAKE_NAMES, withSuffix } from './sql/quote.js';
import { STATE_TABLE, stateTable } from './sql/states.js';
import * as sql from './sql/tables.js';
import { LONGEST_VARIANT } from './sql/types.js';
import { Staging } from './staging.js';
import { StateKeeper } from './state-keeper.js';
import { TableKeeper } from './table-keeper.js';
import { TableList } from './table-list.js';
import { ViewKeeper } from './view-keeper.js';

/** Each takes a session. */
const PARALLEL_COMMITS = 4;
const LOG_TYPES = {
  text: 'VARCHAR',
  number: 'NUMBER(38,0)',
  decimal: 'FLOAT',
  instant: 'TIMESTAMP_TZ',
  boolean: 'BOOLEAN',
};
/** A raw id is the run's prefix and the line's number, with this many digits. */
const LINE_DIGITS = 12;

/** Snowflake. A commit loads a batch into a stage table, then merges or inserts from there and keeps the state in one transaction. */
export class SnowflakeStore implements Store {
  readonly names = SNOWFLAKE_NAMES;
  readonly longestRecord = LONGEST_VARIANT;
  readonly spoolIsCompressed = true;
  readonly fittingRows = (): number => Number.POSITIVE_INFINITY;
  readonly leavesShortTail = (): boolean => false;
  readonly defaultSchema: string;
  readonly parallelCommits = PARALLEL_COMMITS;
  readonly #config: SnowflakeConfig;
  readonly #pipeline: string | null;
  readonly #pools: SessionPools;
  /** Whether the sessions end with the store. */
  readonly #ownsPools: boolean;
  readonly #timeouts: Timeouts;
  readonly #lease: Lease | null = null;
  onLost: (error: HubflakeError) => void = () => undefined;
  readonly #form: TableForm;
  readonly #tables: TableKeeper;
  readonly #views: ViewKeeper;
  readonly #staging: Staging;
  readonly #states: StateKeeper;
  readonly #runId = randomUUID();
  readonly #list: TableList;
  readonly #tombstones = new Tombstones();
  readonly #destinations = new DestinationTables(
    (table, suffix) => withSuffix(table, suffix.toUpperCase()),
    this.#tombstones,
  );
  /** The catalog as a session sees it. */
  readonly #catalogOn: (steps: StatementRunner) => Catalog;
  readonly #writer: BatchWriter;
  readonly #refreshEnd: RefreshEnd;

  /**
   * @param pipeline the pipeline's name, for the query tag; null in `write`
   * @param pools the sessions to use, which stay when the store is closed; null: it has its own
   */
  constructor(
    config: SnowflakeConfig & { loader: LoaderOptions },
    pipeline: string | null,
    timeouts: Timeouts = TIMEOUTS,
    pools: SessionPools | null = null,
  ) {
    this.#config = config;
    this.#pipeline = pipeline;
    this.defaultSchema = config.schema;
    this.#pools = pools ?? new SessionPools(config, timeouts);
    this.#ownsPools = pools === null;
    this.#timeouts = timeouts;
    this.#form = config.loader.tableForm === 'raw' ? RAW : TYPED;
    this.#list = new TableList(config.database);
    this.#tables = new TableKeeper(config, this.#form.hasView, (table) => this.#list.created(table));
    this.#views = new ViewKeeper(config.database);
    const run = this.#runId.replaceAll('-', '').slice(0, 16).toUpperCase();
    const parts = { tables: this.#tables, list: this.#list, run, isAlone: pipeline !== null };
    this.#catalogOn = (steps) => new SnowflakeCatalog(steps, parts);
    this.#staging = new Staging(this.#pools.main, config.database, config.schema, pipeline, run);
    const table = stateTable(config.database, config.schema);
    if (pipeline !== null) {
      const { flushMilliseconds = 0 } = config.loader;
      const aside = (body: (steps: StatementRunner) => Promise<void>) =>
        this.#with(null, 'Prolonging the lease', body, this.#pools.aside);
      const { leastLease } = timeouts;
      const owner = { name: pipeline, run, flushMilliseconds, leastLease };
      this.#lease = new Lease(table, owner, aside, (error) => this.onLost(error));
    }
    this.#states = new StateKeeper(table, qualified(config.database, config.schema), this.#lease);
    const writerParts = {
      tables: this.#tables,
      views: this.#views,
      destinations: this.#destinations,
      catalogOn: this.#catalogOn,
      tombstones: this.#tombstones,
      states: this.#states,
      form: this.#form,
      commits: new Commits(this.#list, this.#states, this.#form),
      idPrefix: this.#runId.slice(0, -LINE_DIGITS),
    };
    this.#writer = new BatchWriter(writerParts);
    this.#refreshEnd = new RefreshEnd(writerParts, this.#writer, this.#staging);
  }

  async open(): Promise<void> {
    const { database, schema } = this.#config;
    await this.#with(null, `Looking for the schema "${schema}"`, async (steps) => {
      if (steps.session.schemaIsThere) return this.#tables.hasSchema(schema);
      const found = await steps.run(`SHOW TERSE SCHEMAS LIKE ${pattern(schema)} IN DATABASE ${qualified(database)}`);
      const alike = found
        .map((row) => `"${row.name}"`)
        .filter((name) => name.toUpperCase() === `"${schema}"`.toUpperCase());
      if (!this.#config.createSchema) throw new WarehouseConfigError(schemaMissing(this.#config, schema, alike));
      if (alike.length === 0) return;
      log.warn(
        `There is no schema "${schema}", but ${alike.join(' and ')}. Capital letters count: with the first rows, "${schema}" will be created beside it.`,
      );
    });
  }

  async close(): Promise<void> {
    this.#lease?.stop();
    await this.#leave().catch((error: Error) => log.debug(`The warehouse was left untidy: ${error.message}`));
    if (this.#ownsPools) await this.#pools.close();
    this.#staging.leave();
  }

  /** Drops the run's own tables, and releases the lease. */
  async #leave(): Promise<void> {
    const lease = this.#lease?.isHeld ? this.#lease : null;
    if (!this.#staging.isUsed && lease === null) return;
    await this.#with(null, 'Tidying up', async (steps) => {
      await this.#staging.drop(steps);
      await lease?.release(steps);
      await this.#states.prime(steps);
    });
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

  async findTables(tables: readonly string[]): Promise<ReadonlyMap<string, FoundTable>> {
    return this.#with(null, `Looking at the tables of the schema "${this.defaultSchema}"`, (steps) =>
      this.#list.findTables(steps, this.defaultSchema, tables),
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
      const catalog = this.#catalogOn(steps);
      const generation = await this.#destinations.nextGeneration(catalog, target, known?.refresh ?? 0);
      await this.#states.keepWithoutTable(steps, {
        pipeline,
        stream: target.stream,
        state: null,
        refresh: generation,
      });
      return generation;
    });
  }

  async commit(target: Target, { files, contents }: SpooledBatch, states: readonly ReachedState[]): Promise<Counts> {
    const state = states.at(-1) ?? null;
    const attempts = newAttempts();
    return this.#again(target, `Writing to the table ${target.table}`, async (steps) => {
      await this.#tables.makeSchema(steps, this.defaultSchema);
      const guard = await this.#states.guard(steps);
      if (state) this.#states.refuseTaken(target);
      await this.#staging.tidy(steps, guard !== null);
      try {
        return await this.#staging.with(steps, files, (stage) =>
          this.#writer.write(steps, { target, source: { stage, guard, contents }, state, attempts }),
        );
      } catch (error) {
        throw await this.#states.explain(steps, error);
      }
    });
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    if (!isRefresh(target)) return NO_ROWS;
    const attempts = newAttempts();
    return this.#again(target, `Ending the refresh of the table ${target.table}`, async (steps) => {
      const guard = await this.#states.guard(steps);
      const catalog = this.#catalogOn(steps);
      const own = { target, mapping: await catalog.mapColumns(target), destination: ownTable(target) };
      const side = await this.#destinations.resolve(catalog, target);
      if (side.isSide) return this.#refreshEnd.replace(steps, { own, side, guard, state, attempts });
      // That a refresh is over is kept also where it has brought no table.
      if (state && (hasGenerations(target) || (await this.#tables.isThere(steps, target)))) {
        await this.#states.keep(steps, [state]);
      }
      return NO_ROWS;
    });
  }

  async abandon(target: Target): Promise<void> {
    // The next attempt at a generation resumes with what this one has collected.
    const side = startsAnew(target) ? await this.#destinations.begunSide(target) : null;
    if (side === null) return;
    await this.#with(target, 'Tidying up', (steps) => steps.tidy(sql.dropTable(this.#tables.fullName(side))));
  }

  async reader(given: Target): Promise<Reader | null> {
    // A copy: what is cached for the target itself is the table as it was when the run began.
    const target = { ...given };
    const doing = `Reading the table ${target.table}`;
    return this.#with(target, doing, async (steps) => {
      if (!(await this.#tables.isThere(steps, target))) return null;
      const mapping = await this.#tables.mapColumns(steps, target);
      const lacking = await this.#tables.lacking(steps, target);
      const masked = await this.#tables.masked(steps, target);
      const table = readableTable(
        this.#tables.fullName(target),
        mapping,
        { lacking, masked },
        {
          value: this.#form.rowValue,
          milliseconds: (time) => `DATE_PART(EPOCH_MILLISECOND, ${time})`,
        },
      );
      const rows = (query: string) => this.#again(target, doing, (each) => each.run(query));
      return table && { table, rows, literal };
    });
  }

  async log<Row>(table: LogTable<Row>, rows: readonly Row[]): Promise<void> {
    const { database, schema } = this.#config;
    const name = qualified(database, schema, table.name);
    const needs = `CREATE TABLE ON SCHEMA ${qualified(database, schema)}`;
    await this.#with(null, `Writing to ${table.name}`, async (steps) => {
      for (const statement of logStatements(table, name, rows, { types: LOG_TYPES, literal }))
        await steps.run(statement, { needs });
    });
  }

  async remove(target: Target, isRaw: boolean): Promise<void> {
    await this.#with(target, `Dropping the table ${target.table}`, async (steps) => {
      if (isRaw) await this.#views.drop(steps, target);
      await steps.run(sql.dropTable(this.#tables.fullName(target)));
    });
  }

  async preview(target: Target): Promise<Preview> {
    return this.#with(target, `Looking at the table ${target.table}`, async (steps) => {
      const mapping = await this.#tables.mapColumns(steps, target);
      const destination = isRefresh(target) ? this.#destinations.sideOf(target) : ownTable(target);
      const { database, schema } = this.#config;
      const [tables, form, pipeline] = [this.#tables, this.#form, this.#pipeline];
      return previewOf(steps, writeTo(target, mapping, destination), { database, schema, tables, form, pipeline });
    });
  }

  #with<T>(
    target: Target | null,
    doing: string,
    body: (steps: StatementRunner) => Promise<T>,
    pool = this.#pools.main,
  ): Promise<T> {
    return pool.use((session: Session) => body(new StatementRunner(session, this.#config, this.#tag(target), doing)));
  }

  /** The same for what may be repeated: transient failures are retried, on another session. */
  async #again<T>(target: Target | null, doing: string, body: (steps: StatementRunner) => Promise<T>): Promise<T> {
    for (const pauseMs of this.#timeouts.again) {
      try {
        return await this.#with(target, doing, body);
      } catch (error) {
        if (!(error instanceof WarehouseUnavailableError && error.isPassing)) throw error;
        log.warn(`${error.message} It is tried again in about ${pauseMs / 1000} s.`);
        // Jitter, for runs that have waited for the same lock.
        await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
      }
    }
    return this.#with(target, doing, body);
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

/** https://docs.snowflake.com/en/sql-reference/parameters#query-tag */
const LONGEST_TAG = 2000;
