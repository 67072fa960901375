import { parseSourceConfig } from '../../src/config/source.js';
import { StoppedError } from '../../src/errors.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import type { AirbyteStream, JsonObject } from '../../src/protocol/messages.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Portal } from '../../src/streams/portal.js';
import { readStreams } from '../../src/streams/read.js';
import {
  type Event,
  EventSink,
  readInProcess,
  type SyncOptions,
  type SyncResult,
} from '../support/processes/in-process.js';

/** Reads a table of Fivetran's layout. Of no objects: their tables are not looked at here. */
export function readTable(
  sandbox: Sandbox,
  name: string,
  state: JsonObject | null,
  { config = {}, ...options }: SyncOptions = {},
): Promise<SyncResult> {
  return readInProcess(sandbox, name, state, { ...options, config: { ...configOf([name]), ...config } });
}

/** The options of a source that reads some tables and, of what is named in `objects`, only what takes no call more. */
export function configOf(names: readonly string[]): JsonObject {
  return { layout: 'fivetran', objects: [{ object_type: 'owner' }], include: names.filter((name) => name !== 'owner') };
}

/** What several tables have when they are read in one run, by their names. */
export interface Run {
  records: Map<string, JsonObject[]>;
  states: Map<string, JsonObject>;
  /** The messages of each. */
  events: Map<string, readonly Event[]>;
}

/**
 * Reads several tables in one run. Throws the first failure.
 *
 * @param failing those whose destination fails behind ten messages; they have what came before, and no state but the given one
 * @param killAfter so many messages of all of them, as by a kill; null: to the end
 */
export async function readTogether(
  sandbox: Sandbox,
  names: readonly string[],
  states: ReadonlyMap<string, JsonObject> = new Map(),
  failing: readonly string[] = [],
  killAfter: number | null = null,
): Promise<Run> {
  const run: Run = { records: new Map(), states: new Map(), events: new Map() };
  await inPortal(sandbox, names, async (portal) => {
    const sinks = new NamedSink(failing, killAfter ?? Number.POSITIVE_INFINITY);
    const toRead = names.map((name) => ({
      name,
      mode: 'incremental' as const,
      state: states.get(name) ?? null,
      optional: false,
    }));
    const { failures } = await readStreams(portal, toRead, sinks);
    const other = failures.find(({ stream }) => !failing.includes(stream));
    if (other) throw other.error;
    for (const name of names) {
      const { events } = sinks.of(name);
      run.events.set(name, events);
      run.records.set(
        name,
        events.flatMap((event) => (event.type === 'record' ? [event.data] : [])),
      );
      const last = events.flatMap((event) => (event.type === 'state' ? [event.state] : [])).at(-1);
      if (last) run.states.set(name, last);
    }
  });
  return run;
}

/** The entry of a table in the catalog. */
export async function entryOf(sandbox: Sandbox, name: string, more: JsonObject = {}): Promise<AirbyteStream> {
  return inPortal(
    sandbox,
    [name],
    async (portal) => {
      const stream = await portal.stream(name);
      if (!stream) throw new Error(`there is no stream ${name}`);
      return stream.entry;
    },
    more,
  );
}

async function inPortal<T>(
  sandbox: Sandbox,
  names: readonly string[],
  body: (portal: Portal) => Promise<T>,
  more: JsonObject = {},
): Promise<T> {
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parseSourceConfig({
    credentials: { access_token: sandbox.token },
    ...configOf(names),
    ...more,
  });
  const client = new HubSpotClient(config);
  try {
    return await body(await Portal.open(client, config, names));
  } finally {
    await client.close();
  }
}

const FAILING_AFTER = 10;

/** A sink for each stream. */
class NamedSink extends EventSink {
  readonly #sinks = new Map<string, EventSink>();

  #left: number;

  constructor(
    readonly failing: readonly string[],
    killAfter: number,
  ) {
    super(Number.POSITIVE_INFINITY, new AbortController());
    this.#left = killAfter;
  }

  of(name: string): EventSink {
    const most = this.failing.includes(name) ? FAILING_AFTER : Number.POSITIVE_INFINITY;
    const sink = this.#sinks.get(name) ?? new EventSink(most, new AbortController());
    this.#sinks.set(name, sink);
    return sink;
  }

  override async records(name: string, records: Parameters<EventSink['records']>[1]): Promise<void> {
    for (const record of records) {
      this.#take();
      await this.of(name).records(name, [record]);
    }
  }

  override async state(name: string, state: JsonObject): Promise<void> {
    this.#take();
    await this.of(name).state(name, state);
  }

  #take(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new StoppedError('Killed.');
  }
}
