import type { HubflakeError } from '../../errors.js';
import { byteText } from '../../protocol/json/byte-text.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { KnownRecords } from '../../streams/core/known-records.js';
import type { EncodedRecord, RecordSink } from '../../streams/core/sink.js';
import type { Loader } from '../../warehouse/loader/loader.js';
import { LiveRows } from './live-rows.js';

/** Passes records to the warehouse's loader, without protocol messages in between. */
export class LoaderSink implements RecordSink {
  /** By stream, the properties of records of which HubSpot no longer had all past values. */
  readonly cutHistories = new Map<string, number>();
  /** The last states of the streams that were read to their ends, or paused: nothing was emitted behind them. */
  readonly closingStates = new Map<string, JsonObject>();
  readonly #states = new Map<string, JsonObject>();
  readonly #loader: Loader;

  constructor(loader: Loader) {
    this.#loader = loader;
  }

  emitted(stream: string): number {
    return this.#loader.received(stream);
  }

  started(): void {}

  async records(
    stream: string,
    records: readonly EncodedRecord[],
    emittedAt: number,
    isCompared = false,
  ): Promise<void> {
    await this.#loader.records(
      stream,
      records.map(({ data, bytes, changes, modifiedAt }) => ({
        data: bytes ?? byteText(data),
        emittedAt,
        changes,
        isCompared,
        modifiedAt,
      })),
    );
    this.#stopIfFailed(stream);
  }

  knownRecords(stream: string): KnownRecords | null {
    return this.#loader.isDeduplicated(stream) ? new LiveRows(this.#loader, stream) : null;
  }

  /** Records that can no longer be written are not worth a call to HubSpot. */
  #stopIfFailed(stream: string): void {
    const failure = this.#loader.failureOf(stream);
    if (failure) throw failure;
  }

  async state(stream: string, state: JsonObject): Promise<void> {
    this.#stopIfFailed(stream);
    this.#states.set(stream, state);
    await this.#loader.state({ stream, state, isAhead: false, release: () => undefined });
  }

  estimate(): void {}

  incompleteHistories(stream: string, properties: number): void {
    this.cutHistories.set(stream, properties);
  }

  async complete(stream: string): Promise<void> {
    this.#loader.complete(stream);
    this.#close(stream);
  }

  async incomplete(stream: string, error: HubflakeError | null): Promise<void> {
    this.#loader.incomplete(stream);
    if (error === null) this.#close(stream);
  }

  #close(stream: string): void {
    const state = this.#states.get(stream);
    if (state) this.closingStates.set(stream, state);
  }
}
