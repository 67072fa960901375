import { tell } from '../../activity.js';
import { DailyLimitError, type HubflakeError } from '../../errors.js';
import {
  encodeError,
  encodeEstimate,
  encodeStreamState,
  encodeStreamStatus,
  recordEnvelope,
  recordEnvelopeEnd,
} from '../../protocol/encode.js';
import { byteText, fromLatin1 } from '../../protocol/json/byte-text.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { MessageOutput } from '../../protocol/output.js';
import type { EncodedRecord, RecordSink } from '../../streams/core/sink.js';
import { type EpochMs, epochNow } from '../../time.js';
import { Heartbeat } from './heartbeat.js';

/** Emits protocol messages: each stream's RECORDs, the STATEs after them, and stream statuses around them. */
export class ProtocolSink implements RecordSink {
  readonly #output: MessageOutput;
  readonly #withStacks: boolean;
  readonly #emitted = new Map<string, number>();
  readonly #sinceState = new Map<string, number>();
  readonly #running = new Set<string>();
  readonly #heartbeat = new Heartbeat((stream, state) => this.#writeState(stream, state));

  constructor(output: MessageOutput, withStacks: boolean) {
    this.#output = output;
    this.#withStacks = withStacks;
  }

  emitted(stream: string): number {
    return this.#emitted.get(stream) ?? 0;
  }

  started(stream: string, state: JsonObject | null): void {
    this.#heartbeat.began(stream, state);
    this.#output.write(encodeStreamStatus(stream, 'STARTED', epochNow()));
  }

  async records(stream: string, records: readonly EncodedRecord[], emittedAt: EpochMs): Promise<void> {
    this.#markRunning(stream);
    tell('records', { stream, count: records.length });
    const envelope = recordEnvelope(stream, emittedAt);
    const before = byteText(envelope.before);
    for (const record of records) {
      const after = record.changes ? recordEnvelopeEnd(record.changes) : envelope.after;
      if (record.bytes) this.#output.writeBytes(fromLatin1(`${before}${record.bytes}${byteText(after)}`));
      else this.#output.write(`${envelope.before}${record.data}${after}`);
    }
    this.#emitted.set(stream, this.emitted(stream) + records.length);
    this.#sinceState.set(stream, (this.#sinceState.get(stream) ?? 0) + records.length);
    this.#heartbeat.alive(stream);
    await this.#output.drained();
  }

  async state(stream: string, state: JsonObject): Promise<void> {
    this.#writeState(stream, state);
    this.#heartbeat.alive(stream, state);
    await this.#output.handedOver();
  }

  estimate(stream: string, rows: number): void {
    this.#output.write(encodeEstimate(stream, rows, epochNow()));
  }

  async complete(stream: string): Promise<void> {
    this.#heartbeat.ended(stream);
    this.#markRunning(stream);
    this.#output.write(encodeStreamStatus(stream, 'COMPLETE', epochNow()));
  }

  async incomplete(stream: string, error: HubflakeError | null): Promise<void> {
    this.#heartbeat.ended(stream);
    if (error) this.#output.write(encodeError(error, epochNow(), stream, this.#withStacks));
    const quotaReset = error instanceof DailyLimitError ? error.resetsAt : undefined;
    this.#output.write(encodeStreamStatus(stream, 'INCOMPLETE', epochNow(), quotaReset));
  }

  #writeState(stream: string, state: JsonObject): void {
    this.#markRunning(stream);
    this.#output.write(encodeStreamState(stream, state, this.#sinceState.get(stream) ?? 0));
    this.#sinceState.set(stream, 0);
  }

  #markRunning(stream: string): void {
    if (this.#running.has(stream)) return;
    this.#running.add(stream);
    this.#output.write(encodeStreamStatus(stream, 'RUNNING', epochNow()));
  }
}
