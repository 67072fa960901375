import type { HubflakeError } from '../errors.js';
import type { JsonObject, RecordChange } from '../protocol/messages.js';

/** One record, encoded: `data` is the JSON text of an Airbyte record's data. */
export interface EncodedRecord {
  data: string;
  /** What could not be kept as it was; null when everything could. */
  changes: RecordChange[] | null;
}

/**
 * Where records go: RECORD lines on stdout (`read`), or the warehouse's loader (`sync`). A sink takes what it is given in
 * order; a state covers every record of its stream given before it.
 */
export interface RecordSink {
  /** @param state what the stream goes on from, null: nothing */
  started(stream: string, state: JsonObject | null): void;
  /** Resolves when the next batch may come. @param emittedAt epoch ms, never falling within a stream */
  records(stream: string, records: readonly EncodedRecord[], emittedAt: number): Promise<void>;
  /** Resolves when the state has left this process, or, where it is kept with the records, when it is taken. */
  state(stream: string, state: JsonObject): Promise<void>;
  /** How many records of the stream it was given so far. */
  emitted(stream: string): number;
  /** How many rows are about to come, where HubSpot said so. */
  estimate(stream: string, rows: number): void;
  complete(stream: string): Promise<void>;
  /** The stream could not be finished. @param error null when it was only asked to stop */
  incomplete(stream: string, error: HubflakeError | null): Promise<void>;
}
