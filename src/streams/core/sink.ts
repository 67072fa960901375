import type { HubflakeError } from '../../errors.js';
import { type ByteText, plainText } from '../../protocol/json/byte-text.js';
import type { JsonObject, RecordChange } from '../../protocol/messages.js';
import type { EpochMs } from '../../time.js';
import type { KnownRecords } from './known-records.js';

/** An encoded record. */
export interface EncodedRecord {
  /** The JSON text of an Airbyte record's data. */
  readonly data: string;
  /** The same as bytes, if it was made from bytes. */
  readonly bytes?: ByteText;
  /** The values that had to be changed; null: none. */
  readonly changes: readonly RecordChange[] | null;
  /** When HubSpot says that it was modified; only of records that an increment has found. */
  modifiedAt?: EpochMs;
}

/** A record made from the bytes that HubSpot sent. */
export class RecordOfBytes implements EncodedRecord {
  readonly bytes: ByteText;
  readonly changes: RecordChange[] | null;
  modifiedAt?: EpochMs;

  constructor(bytes: ByteText, changes: RecordChange[]) {
    this.bytes = bytes;
    this.changes = changes.length > 0 ? changes : null;
  }

  get data(): string {
    return plainText(this.bytes);
  }
}

/**
 * Receives the output of streams: writes RECORD lines to stdout (`read`), or passes them to the warehouse's loader (`sync`). A state
 * covers every record of its stream that came before it.
 */
export interface RecordSink {
  /** @param state the state that the stream resumes from; null: none */
  started(stream: string, state: JsonObject | null): void;
  /**
   * Resolves when the next batch may follow.
   *
   * @param emittedAt never decreases within a stream
   * @param isCompared whether rows that have the same values may be left alone
   */
  records(stream: string, records: readonly EncodedRecord[], emittedAt: EpochMs, isCompared?: boolean): Promise<void>;
  /**
   * The records that the stream's destination has, where it can also tell which rows have the same values; null, or without this member:
   * it cannot.
   */
  knownRecords?(stream: string): KnownRecords | null;
  /** Resolves when the state was written; if it is committed with the records, when it was accepted. */
  state(stream: string, state: JsonObject): Promise<void>;
  /** The number of the stream's records so far. */
  emitted(stream: string): number;
  /** The expected number of rows according to HubSpot. */
  estimate(stream: string, rows: number): void;
  /** HubSpot no longer had all past values of so many properties of records, which the stream should have. */
  incompleteHistories?(stream: string, properties: number): void;
  complete(stream: string): Promise<void>;
  /** The stream could not be finished. @param error null: it was stopped on request */
  incomplete(stream: string, error: HubflakeError | null): Promise<void>;
}
