import { parseSourceConfig } from '../../../src/config/source.js';
import { type HubflakeError, StoppedError } from '../../../src/errors.js';
import { HubSpotClient } from '../../../src/hubspot/client/client.js';
import type { RetryPolicy } from '../../../src/hubspot/client/faults.js';
import { configureLog } from '../../../src/log.js';
import type { JsonObject, RecordChange, SyncMode } from '../../../src/protocol/messages.js';
import type { Sandbox } from '../../../src/sandbox/server.js';
import type { ChainLimits } from '../../../src/streams/core/chain-limits.js';
import type { EncodedRecord, RecordSink } from '../../../src/streams/core/sink.js';
import type { StreamDeclaration } from '../../../src/streams/core/stream.js';
import { Portal } from '../../../src/streams/portal.js';
import { readStreams } from '../../../src/streams/read.js';
import { monotonicMs } from '../../../src/time.js';

/** One message of a stream, in the order in which they came. */
export type Event = { type: 'record'; data: JsonObject } | { type: 'state'; state: JsonObject };

export interface SyncOptions {
  /** What came out is cut off behind so many messages, as by a kill. */
  killAfter?: number;
  mode?: SyncMode;
  /** The source's options besides the credentials. */
  config?: JsonObject;
  /** The streams that are no CRM objects, where they are not the usual ones. */
  declared?: readonly StreamDeclaration[];
  chains?: ChainLimits;
  /** What is different from the usual retry policy. */
  retry?: Partial<RetryPolicy>;
  /** Silence after which a call is given up, ms. */
  silenceMs?: number;
}

export interface SyncResult {
  events: Event[];
  records: JsonObject[];
  /** What was changed of each record. */
  changes: (readonly RecordChange[])[];
  /** The last state that came out; the given one when none did. */
  state: JsonObject | null;
  killed: boolean;
  /** What made the stream fail, other than the kill. */
  error: HubflakeError | null;
}

/** The budgets are timed by a clock that is so much faster, so that nobody waits for them. */
const FASTER = 1000;
const QUICK_RETRY = { firstPauseMs: 2, unshownPausesMs: [2, 2, 2] };
configureLog({ level: 'error', sink: () => undefined });

/** Reads one stream in this process: quick enough to be done hundreds of times. */
export async function readInProcess(
  sandbox: Sandbox,
  stream: string,
  state: JsonObject | null,
  options: SyncOptions = {},
): Promise<SyncResult> {
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parseSourceConfig({ credentials: { access_token: sandbox.token }, ...options.config });
  const stop = new AbortController();
  const sink = new EventSink(options.killAfter ?? Number.POSITIVE_INFINITY, stop);
  const now = () => monotonicMs(performance.now() * FASTER);
  const silence = options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs };
  const client = new HubSpotClient({
    ...config,
    ...silence,
    retry: { ...QUICK_RETRY, ...options.retry },
    signal: stop.signal,
    now,
  });
  try {
    const portal = await Portal.open(client, config, [stream], options);
    const mode = options.mode ?? 'incremental';
    await readStreams(portal, [{ name: stream, mode, state, optional: false }], sink);
  } finally {
    await client.close();
  }
  const records = sink.events.flatMap((event) => (event.type === 'record' ? [event.data] : []));
  const states = sink.events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
  const { events, changes, killed, error } = sink;
  return { events, records, changes, state: states.at(-1) ?? state, killed, error };
}

/** Keeps what it is given, as text would be kept: nothing that changes later changes it. */
export class EventSink implements RecordSink {
  readonly events: Event[] = [];
  readonly changes: (readonly RecordChange[])[] = [];
  killed = false;
  error: HubflakeError | null = null;
  readonly #killAfter: number;
  readonly #stop: AbortController;

  constructor(killAfter: number, stop: AbortController) {
    this.#killAfter = killAfter;
    this.#stop = stop;
  }

  async records(_: string, records: readonly EncodedRecord[]): Promise<void> {
    for (const { data, changes } of records) {
      this.#add({ type: 'record', data: JSON.parse(data) });
      this.changes.push(changes ?? []);
    }
  }

  async state(_: string, state: JsonObject): Promise<void> {
    this.#add({ type: 'state', state: structuredClone(state) });
  }

  #add(event: Event): void {
    if (this.events.length >= this.#killAfter) {
      this.killed = true;
      this.#stop.abort();
      throw new StoppedError('Killed.');
    }
    this.events.push(event);
  }

  emitted(): number {
    return this.events.length;
  }

  started(): void {}

  estimate(): void {}

  async complete(): Promise<void> {}

  async incomplete(_: string, error: HubflakeError | null): Promise<void> {
    this.error = error;
  }
}
