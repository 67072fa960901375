import type { HubSpotClient } from '../../hubspot/client/client.js';
import { aheadOfRecords } from '../../protocol/ahead.js';
import type { JsonObject } from '../../protocol/messages.js';
import { type EpochMs, epochMs } from '../../time.js';
import type { EncodedRecord, RecordSink } from './sink.js';

/** The most records given to the sink at once. */
const BATCH = 500;

/** The output of reading one stream: records, each with its emission time, and states. */
export class StreamOutput {
  readonly #sink: RecordSink;
  readonly #stream: string;
  readonly #clock: HubSpotClient['clock'];
  #emittedAt: EpochMs;

  /** @param emittedAt the latest emission time so far: it never decreases, whatever the clock says */
  constructor(sink: RecordSink, stream: string, clock: HubSpotClient['clock'], emittedAt: EpochMs) {
    this.#sink = sink;
    this.#stream = stream;
    this.#clock = clock;
    this.#emittedAt = emittedAt;
  }

  /** The emission time of the next records. Each state contains it, so that the next run uses no earlier one. */
  get emittedAt(): EpochMs {
    return this.#emittedAt;
  }

  /** Advances the emission time to now. */
  stamp(): void {
    this.#emittedAt = epochMs(Math.max(this.#emittedAt, this.#clock.now()));
  }

  async records(records: readonly EncodedRecord[]): Promise<void> {
    for (let start = 0; start < records.length; start += BATCH) {
      await this.#sink.records(this.#stream, records.slice(start, start + BATCH), this.#emittedAt);
    }
  }

  /** Emits a state that covers every record before it. */
  async state(state: JsonObject): Promise<void> {
    await this.#sink.state(this.#stream, state);
  }

  /**
   * Emits a write-ahead state. If the run is killed after one of the records that follow, the next run must not assume that the last
   * version it knows of is the emitted one, and must emit a tombstone if the item is gone.
   */
  async stateAhead(state: JsonObject): Promise<void> {
    await this.#sink.state(this.#stream, aheadOfRecords(state));
  }
}
