import fc from 'fast-check';
import { parseSourceConfig } from '../../../src/config/source.js';
import { StoppedError } from '../../../src/errors.js';
import { HubSpotClient } from '../../../src/hubspot/client/client.js';
import type { AirbyteStream, JsonObject, SyncMode } from '../../../src/protocol/messages.js';
import type { Sandbox } from '../../../src/sandbox/server.js';
import type { EncodedRecord, RecordSink } from '../../../src/streams/core/sink.js';
import { Portal } from '../../../src/streams/portal.js';
import { readStreams } from '../../../src/streams/read.js';
import { monotonicMs } from '../../../src/time.js';
import type { Event } from '../processes/in-process.js';

/** The budgets are timed by a clock that is so much faster, so that nobody waits for them. */
const FASTER = 1000;
const QUICK_RETRY = { firstPauseMs: 2, unshownPausesMs: [2, 2, 2] };

export interface SeveralOptions {
  /** The source's options besides the credentials. */
  config?: JsonObject;
  /** The run is killed behind so many messages, of all streams together. */
  killAfter?: number | null;
  mode?: SyncMode;
  /** The stream whose destination fails behind ten messages. */
  failing?: string;
}

export interface SeveralResult {
  /** By stream, what came out. */
  events: Map<string, Event[]>;
  entries: Map<string, AirbyteStream>;
  errors: string[];
  leastCalls: number;
  /** By stream, the properties of records of which HubSpot no longer had all past values. */
  incomplete: Map<string, number>;
}

/** Reads several streams in one run, in this process. */
export async function readSeveral(
  sandbox: Sandbox,
  streams: readonly string[],
  states: ReadonlyMap<string, JsonObject | null>,
  { config: given = {}, killAfter = null, mode = 'incremental', failing }: SeveralOptions = {},
): Promise<SeveralResult> {
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parseSourceConfig({ credentials: { access_token: sandbox.token }, ...given });
  const stop = new AbortController();
  const events = new Map<string, Event[]>(streams.map((name) => [name, []]));
  let left = killAfter ?? Number.POSITIVE_INFINITY;
  const incomplete = new Map<string, number>();
  const add = (stream: string, event: Event) => {
    if (left === 0) {
      stop.abort();
      throw new StoppedError('Killed.');
    }
    if (stream === failing && (events.get(stream)?.length ?? 0) >= 10) throw new Error(`${stream} is refused`);
    left -= 1;
    events.get(stream)?.push(event);
  };
  const sink: RecordSink = {
    started: () => undefined,
    records: async (stream: string, records: readonly EncodedRecord[]) => {
      for (const { data } of records) add(stream, { type: 'record', data: JSON.parse(data) });
    },
    state: async (stream, state) => add(stream, { type: 'state', state: structuredClone(state) }),
    emitted: (stream) => events.get(stream)?.length ?? 0,
    estimate: () => undefined,
    incompleteHistories: (stream, properties) => void incomplete.set(stream, properties),
    complete: async () => undefined,
    incomplete: async () => undefined,
  };
  const now = () => monotonicMs(performance.now() * FASTER);
  const client = new HubSpotClient({ ...config, retry: QUICK_RETRY, signal: stop.signal, now });
  try {
    const portal = await Portal.open(client, config, streams);
    const toRead = streams.map((name) => ({ name, mode, state: states.get(name) ?? null, optional: false }));
    const { failures, leastCalls } = await readStreams(portal, toRead, sink);
    const entries = new Map<string, AirbyteStream>();
    for (const name of streams) {
      const opened = await portal.stream(name).catch(() => undefined);
      if (opened) entries.set(name, opened.entry);
    }
    const errors = failures.map(({ stream, error }) => `${stream}: ${error.message}`);
    return { events, entries, errors, leastCalls, incomplete };
  } finally {
    await client.close();
  }
}

/**
 * The tables of a destination that commits streams one by one: after a kill, each has the rows and the state of a moment of its own. Rows with a
 * cursor that is older than the one in the table are passed over, and removals take rows away, as in our stores.
 */
export class SeveralTables {
  readonly tables = new Map<string, Map<string, JsonObject>>();
  readonly states = new Map<string, JsonObject | null>();
  /** What the last sync said of histories that are not complete. */
  incomplete = new Map<string, number>();
  #entries = new Map<string, AirbyteStream>();

  constructor(
    readonly sandbox: Sandbox,
    readonly streams: readonly string[],
    readonly config: JsonObject,
  ) {
    for (const stream of streams) this.tables.set(stream, new Map());
  }

  /**
   * Syncs once.
   *
   * @param kill null: to the end; otherwise after how many messages, and what share of each stream's messages is committed
   * @returns the records that came, by stream
   */
  async sync(kill: { after: number; shares: readonly number[] } | null = null): Promise<Map<string, JsonObject[]>> {
    const options = { config: this.config, killAfter: kill?.after ?? null };
    const { events, entries, errors, incomplete } = await readSeveral(this.sandbox, this.streams, this.states, options);
    this.incomplete = incomplete;
    if (errors.length > 0) throw new Error(errors.join('\n'));
    if (entries.size > 0) this.#entries = entries;
    const came = new Map<string, JsonObject[]>();
    for (const [index, stream] of this.streams.entries()) {
      const all = events.get(stream) ?? [];
      const share = kill ? (kill.shares[index % kill.shares.length] ?? 1) : 1;
      const committed = all.slice(0, Math.ceil(all.length * share));
      came.set(stream, []);
      for (const event of committed) {
        if (event.type === 'state') this.states.set(stream, event.state);
        else {
          came.get(stream)?.push(event.data);
          this.#take(stream, event.data);
        }
      }
    }
    return came;
  }

  rows(stream: string): JsonObject[] {
    return [...(this.tables.get(stream)?.values() ?? [])];
  }

  #take(stream: string, data: JsonObject): void {
    const entry = this.#entries.get(stream);
    const table = this.tables.get(stream);
    if (!entry || !table) throw new Error(`no stream ${stream}`);
    const removes = entry.json_schema.hubflake_removes as { by: string[] } | undefined;
    if (data._hubflake_removes === true) {
      const isGone = (row: JsonObject) => (removes?.by ?? []).every((field) => row[field] === data[field]);
      for (const [key, row] of table) if (isGone(row)) table.delete(key);
      return;
    }
    const keys = (entry.source_defined_primary_key ?? []).flat();
    const key = JSON.stringify(keys.map((field) => data[field] ?? null));
    const [cursor = ''] = entry.default_cursor_field ?? [];
    const before = table.get(key);
    const at = (row: JsonObject) => (typeof row[cursor] === 'number' ? row[cursor] : Date.parse(String(row[cursor])));
    if (before && at(data) < at(before)) return;
    const properties = entry.json_schema.properties as Record<string, { hubflake_tombstone?: boolean }>;
    const isTombstone = Object.entries(properties).some(
      ([field, { hubflake_tombstone: mark }]) => mark !== undefined && data[field] === mark,
    );
    if (isTombstone && !before) return;
    table.set(key, isTombstone ? { ...before, ...data } : data);
  }
}

/** Syncs to the end, and syncs that are killed behind some of `messages`, of which each of the streams has committed a share. */
export function syncs(messages: number, streams: number) {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const shares = fc.array(share, { minLength: streams, maxLength: streams });
  return fc.record({
    is: fc.constant('sync' as const),
    kill: fc.option(fc.record({ after: fc.nat(messages), shares })),
  });
}

export const waits = fc.record({ is: fc.constant('wait' as const), minutes: fc.constantFrom(1, 30, 100, 3000) });
