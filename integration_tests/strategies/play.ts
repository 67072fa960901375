import type { JsonObject, SyncMode } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import type { StreamDeclaration } from '../../src/streams/core/stream.js';
import { readInProcess } from '../support/processes/in-process.js';

/**
 * A portal whose time stands still but for what a test lets pass: HubSpot's limits are counted by it, so that between two waits there is
 * room for the 190 calls of ten seconds.
 */
export interface Played {
  sandbox: Sandbox;
  /** Lets so many minutes pass. */
  wait(minutes: number): void;
}

const BEGINNING = Date.parse('2026-03-01T00:00:00Z');

export async function startPlayed(options: Parameters<typeof startSandbox>[0]): Promise<Played> {
  let now = BEGINNING;
  const sandbox = await startSandbox({
    limits: 'off',
    counts: { '*': 0 },
    hubContacts: 0,
    clock: () => now,
    ...options,
  });
  return {
    sandbox,
    wait: (minutes) => {
      now += minutes * 60_000;
    },
  };
}

/**
 * What a destination has that keeps records as they come, and the last state: a run that is killed leaves the records before the kill,
 * and the state before it.
 */
export class Destination {
  readonly rows = new Map<string, JsonObject>();
  state: JsonObject | null = null;

  constructor(
    readonly sandbox: Sandbox,
    readonly stream: string,
    readonly declared: readonly StreamDeclaration[] | undefined,
    readonly config: JsonObject = {},
    readonly keyOf: (data: JsonObject) => string = (data) => String(data.id),
  ) {}

  /** Syncs once. @param killAfter messages, null: to the end @returns the records that came */
  sync(killAfter: number | null): Promise<JsonObject[]> {
    return this.#read('incremental', killAfter);
  }

  /** The same as a full refresh; the state before it counts only where it is one of a refresh under way. */
  refresh(killAfter: number | null): Promise<JsonObject[]> {
    return this.#read('full_refresh', killAfter);
  }

  async #read(mode: SyncMode, killAfter: number | null): Promise<JsonObject[]> {
    const { sandbox, stream, declared, config } = this;
    const options = { mode, config, ...(declared ? { declared } : {}), ...(killAfter === null ? {} : { killAfter }) };
    const result = await readInProcess(sandbox, stream, this.state, options);
    if (result.error) throw result.error;
    for (const data of result.records) this.#take(data);
    this.state = result.state;
    return result.records;
  }

  /** A record that is older than its row is passed over, as the stores do; a tombstone without its row leaves nothing. */
  #take(data: JsonObject): void {
    const key = this.keyOf(data);
    const before = this.rows.get(key);
    const at = (row: JsonObject) =>
      Date.parse(String(row.updatedAt ?? row.occurredAt ?? row.timestamp ?? row.noticedAt));
    if (before && !(at(data) >= at(before))) return;
    this.rows.set(key, data);
  }

  /** The rows that are no tombstones. */
  live(): Map<string, JsonObject> {
    return new Map([...this.rows].filter(([, data]) => data.archived !== true));
  }
}
