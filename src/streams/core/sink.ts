import type { HubflakeError } from '../../errors.js';
import { type ByteText, plainText } from '../../protocol/json/byte-text.js';
import type { JsonObject, RecordChange } from '../../protocol/messages.js';

/** One record, encoded. */
export interface EncodedRecord {
  /** The JSON text of an Airbyte record's data. */
  readonly data: string;
  /** The same as bytes, where it was made of bytes. */
  readonly bytes?: ByteText;
  /** What could not be kept as it was; null when everything could. */
  readonly changes: RecordChange[] | null;
}

/** A record made of the bytes that HubSpot sent. */
export class RecordOfBytes implements EncodedRecord {
  readonly bytes: ByteText;
  readonly changes: RecordChange[] | null;

  constructor(bytes: string, changes: RecordChange[]) {
    this.bytes = bytes as ByteText;
    this.changes = changes.length > 0 ? changes : null;
  }

  get data(): string {
    return plainText(this.bytes);
  }
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
