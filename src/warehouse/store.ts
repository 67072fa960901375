import type { HubflakeError } from '../errors.js';
import type { JsonObject } from '../protocol/messages.js';
import type { FoundTable, KeptTable } from './kept-table.js';
import type { BatchContents } from './loader/batch-contents.js';
import type { SpoolFile } from './loader/spool.js';
import type { LogTable } from './log-table.js';
import type { NameRules } from './names.js';
import type { Target } from './target.js';
import type { ReadableTable } from './verify/readable.js';

/** Rows that a write changed. */
export interface Counts {
  inserted: number;
  updated: number;
  /** Rows marked as archived or merged away, or deleted by `_ab_cdc_deleted_at`. */
  marked: number;
  /** Rows that removals took away. */
  removed: number;
}

export const NO_ROWS: Readonly<Counts> = { inserted: 0, updated: 0, marked: 0, removed: 0 };

export function addCounts(sum: Counts, counts: Counts): void {
  sum.inserted += counts.inserted;
  sum.updated += counts.updated;
  sum.marked += counts.marked;
  sum.removed += counts.removed;
}

/** What writing a stream would do to its table, and by which statements. */
export interface Preview {
  /** `changed`: it gets columns. */
  table: 'new' | 'changed' | 'there';
  statements: string[];
}

/** A stream's position in a pipeline. */
export interface Position {
  /** null: the stream is to be read from the start. */
  state: JsonObject | null;
  /** The generation of the refresh that is under way; null where none is. */
  refresh: number | null;
}

/** What a pipeline has kept of a stream. */
export interface KeptState extends Position {
  /** The table that it is about; null where no row was written, or it is not known. */
  table: KeptTable | null;
}

/** All that is kept in a schema, as one pipeline sees it. */
export interface Kept {
  /** Its own, by stream. */
  states: ReadonlyMap<string, KeptState>;
  /** The tables that other pipelines write. */
  taken: readonly { pipeline: string; schema: string; table: string }[];
}

/** A state to keep beside the data, in the same transaction as the rows that it stands behind. */
export interface StateToKeep extends Position {
  pipeline: string;
  stream: string;
}

/** A state that a batch reaches. */
export interface ReachedState extends StateToKeep {
  /** How many of the batch's rows are before it. */
  rows: number;
}

/** Reads a stream's table. */
export interface Reader {
  table: ReadableTable;
  /** Runs a query that changes nothing. */
  rows(query: string): Promise<Record<string, unknown>[]>;
  /** A text as this warehouse's SQL has it. */
  literal(text: string): string;
}

/** A batch in finished files. */
export interface SpooledBatch {
  files: readonly SpoolFile[];
  contents: BatchContents;
}

/**
 * A warehouse. One commit is one stream's batch: columns first, then the rows and the state, all or nothing. Every method throws
 * WarehouseError, WarehouseConfigError, WarehouseUnavailableError, LeaseLostError or CredentialsError.
 */
export interface Store {
  readonly names: NameRules;
  /** How many commits, each of another stream, may go on at once. */
  readonly parallelCommits: number;
  /** Bytes of the longest spooled line that can be loaded; fields that make a record longer become NULL, with a change entry. */
  readonly longestRecord: number;
  /** Whether spool files are compressed. */
  readonly spoolIsCompressed: boolean;
  /** How many rows a batch of the stream should have at most. */
  fittingRows(target: Target): number;
  /** Whether a batch of so many rows costs less with some more. */
  leavesShortTail(rows: number): boolean;
  /** The schema of streams that name none. */
  readonly defaultSchema: string;
  /** Connects, and says clearly what is wrong with the configuration. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** What was kept for a pipeline. Empty where nothing ever was. */
  loadStates(pipeline: string): Promise<Kept>;
  /** Throws a WarehouseBusyError where another run of the pipeline is going on, by what {@link loadStates} has seen. */
  refuseOthers(): Promise<void>;
  /** Called once another run has taken over from this one: what it still writes would be refused. */
  onLost: (error: HubflakeError) => void;
  /** Which of some tables the default schema has, by name; others may be among them. */
  findTables(tables: readonly string[]): Promise<ReadonlyMap<string, FoundTable>>;
  /** The fields that a stream's table has no column for. */
  lacking(target: Target): Promise<string[]>;
  /**
   * Begins a refresh: from now on the stream's state is that of a refresh, whose rows are collected in a side table. What an earlier
   * generation has collected is dropped.
   *
   * @param known what the pipeline has kept of the stream
   * @returns the refresh's generation; null where there is nothing to replace, neither a table nor a state
   */
  beginRefresh(target: Target, pipeline: string, known: KeptState | null): Promise<number | null>;
  /** Keeps states of streams that had no rows. */
  keepStates(states: readonly StateToKeep[]): Promise<void>;
  /**
   * Writes a batch into the stream's table (in a refresh: into its side table), which is created with its first row, and the state,
   * atomically. Transient failures are retried, and a batch that is already there is not written twice. A batch of a deduplicated
   * stream may be written in parts, each with the state that it reaches.
   *
   * @param states the states that the batch reaches, in order; the last is kept
   */
  commit(target: Target, batch: SpooledBatch, states: readonly ReachedState[]): Promise<Counts>;
  /**
   * Ends a stream that is complete: in overwrite the side table's rows take the place of the table's; otherwise rows of
   * generations older than the target's minimum go. A stream without rows empties an existing table, and creates none.
   */
  complete(target: Target, state: StateToKeep | null): Promise<Counts>;
  /** Ends a stream that is not complete: what readers see stays as it is. */
  abandon(target: Target): Promise<void>;
  /**
   * The statements that a commit of a stream's first batch would run, in their order; where its end runs more (a refresh), those,
   * too. Looks at the tables there are, and changes nothing. What is only known then is between angle brackets.
   */
  preview(target: Target): Promise<Preview>;
  /** Reads a stream's own table; null: there is none, or its rows cannot be told apart. */
  reader(target: Target): Promise<Reader | null>;
  /** Adds rows to one of hubflake's own logs, which is made where it is not there. */
  log<Row>(table: LogTable<Row>, rows: readonly Row[]): Promise<void>;
  /**
   * Drops a target's table, and its view. Only called for tables that a check or a verification has made
   * for itself, and for a stream's own table of the other form.
   *
   * @param isRaw the form of the table
   */
  remove(target: Target, isRaw: boolean): Promise<void>;
}
