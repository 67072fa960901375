import { once } from 'node:events';
import { get } from 'node:http';
import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { TABLES } from './contract.js';
import { readTable } from './reading.js';

/** A table as a warehouse has it that keeps the newest version of each row, and what is not in a tombstone as it was. */
export class Rows {
  readonly #rows = new Map<string, JsonObject>();
  readonly #key: readonly string[];
  state: JsonObject | null = null;

  /** @param options of the source */
  constructor(
    readonly sandbox: Sandbox,
    readonly name: string,
    readonly options: JsonObject = {},
  ) {
    this.#key = TABLES[name]?.key ?? [];
  }

  /** Syncs once. @param killAfter messages; null: to the end @returns the records that came */
  async sync(killAfter: number | null = null): Promise<JsonObject[]> {
    const options = { config: this.options, ...(killAfter === null ? {} : { killAfter }) };
    const { records, state, error } = await readTable(this.sandbox, this.name, this.state, options);
    if (error) throw error;
    this.state = state;
    for (const record of records) this.take(record);
    return records;
  }

  take(record: JsonObject): void {
    const id = this.#key.map((field) => record[field]).join(' ');
    const before = this.#rows.get(id);
    const isOlder = before !== undefined && String(record._fivetran_synced) < String(before._fivetran_synced);
    // As in the stores.
    if (isOlder && record._hubflake_removes !== true) return;
    if (record._hubflake_removes === true) this.#rows.delete(id);
    else if (record._fivetran_deleted !== true) this.#rows.set(id, record);
    // What is not known cannot be marked.
    else if (before) this.#rows.set(id, { ...before, ...record });
  }

  /** The rows by their keys, without the time of emission. */
  get all(): Record<string, JsonObject> {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(rows.map(([id, { _fivetran_synced: _, ...row }]) => [id, row]));
  }

  at(...key: (string | number)[]): JsonObject | undefined {
    return this.all[key.join(' ')];
  }
}

/** A time as HubSpot writes it, as the tables have it: in UTC, without a zone. */
export function plain(time: unknown): string | null {
  if (time === undefined || time === null || time === '') return null;
  return new Date(time as string | number).toISOString().slice(0, -1);
}

/** What HubSpot answers at a path: asked by other means than those of the source, which closes them when a read ends. */
export async function answerOf({ url, token }: Sandbox, path: string): Promise<JsonObject[]> {
  const request = get(`${url}${path}`, { headers: { authorization: `Bearer ${token}` }, agent: false });
  const [answer] = (await once(request, 'response')) as [Readable];
  return ((await json(answer)) as { results: JsonObject[] }).results;
}
