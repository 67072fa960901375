import type { HubSpotClient } from '../../hubspot/client/client.js';
import { aheadOfRecords } from '../../protocol/ahead.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { EncodedRecord, RecordSink } from './sink.js';

/** Records handed on at once. */
const BATCH = 500;

/** What reading one stream puts out: records, each stamped with the time of emission, and states. */
export class StreamOutput {
  readonly #sink: RecordSink;
  readonly #stream: string;
  readonly #clock: HubSpotClient['clock'];
  #emittedAt: number;

  /** @param emittedAt the latest time of emission so far, epoch ms: it never falls, whatever a clock does */
  constructor(sink: RecordSink, stream: string, clock: HubSpotClient['clock'], emittedAt: number) {
    this.#sink = sink;
    this.#stream = stream;
    this.#clock = clock;
    this.#emittedAt = emittedAt;
  }

  /** The time of emission of the records that come next, epoch ms. Each state has it, so that the next run begins no earlier. */
  get emittedAt(): number {
    return this.#emittedAt;
  }

  /** Records are emitted as of now from here on. */
  stamp(): void {
    this.#emittedAt = Math.max(this.#emittedAt, this.#clock.now());
  }

  async records(records: readonly EncodedRecord[]): Promise<void> {
    for (let start = 0; start < records.length; start += BATCH) {
      await this.#sink.records(this.#stream, records.slice(start, start + BATCH), this.#emittedAt);
    }
  }

  /** A state that covers every record before it. */
  async state(state: JsonObject): Promise<void> {
    await this.#sink.state(this.#stream, state);
  }

  /**
   * A state in front of records: killed behind one of them, the next run must neither take it for what is out already, nor, where it
   * goes away, for what never was.
   */
  async stateAhead(state: JsonObject): Promise<void> {
    await this.#sink.state(this.#stream, aheadOfRecords(state));
  }
}
