import { tell } from '../../../activity.js';
import { RequestError } from '../../../errors.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { HISTORY_LIMIT, LIST_LIMIT, type ListPage } from '../../../hubspot/api/objects.js';
import { searchPage } from '../../../hubspot/api/search.js';
import type { ObjectRun } from '../run/object-run.js';
import type { ChainPosition, LoadPosition } from '../run/object-state.js';

/** How often the end of the list is estimated again after an estimate was too high. */
const GUESSES = 3;

/** A page of a chain. */
export interface ChainPage {
  chain: ChainPosition;
  rows: ObjectRow[];
  /** HubSpot's cursor of the next page. */
  after: string | null;
}

/**
 * Reads a long list by several chains of pages, each from its own id on. HubSpot's list ascends by id, and the cursor of the next
 * page is the id of the page's last record plus one (seen in recordings of live responses) or that id itself (from some servers);
 * in the first case a page may begin with its cursor's id. Neither is documented, so chains are used only as long as each page
 * ascends, begins at or above its cursor, and returns a cursor right after its last record. A chain continues up to the first
 * record of the next chain, so that it reads whatever that one has skipped.
 */
export class ListChains {
  readonly #run: ObjectRun;
  readonly #load: LoadPosition;
  readonly #list: (after: string | null) => Promise<ListPage>;
  /** The last id received by each chain, whether emitted yet or not. */
  readonly #reached = new WeakMap<ChainPosition, bigint>();
  /** The distance between ids, from what was read so far: `rows` records within `ids` ids. */
  #density = { ids: 0n, rows: 0 };
  /** The estimated last id of the list. */
  #top = 0n;

  constructor(run: ObjectRun, load: LoadPosition, list: (after: string | null) => Promise<ListPage>) {
    this.#run = run;
    this.#load = load;
    this.#list = list;
  }

  /**
   * Whether a single chain should be divided at its current position; requests HubSpot's total for that if need be.
   *
   * @param rows the rows of its last page
   * @param after the cursor of its next page
   */
  async worthDividing(rows: readonly ObjectRow[], after: string): Promise<boolean> {
    const load = this.#load;
    if (load.total !== undefined || (load.listed ?? 0) < this.#run.options.chains.askAfter || this.#run.state.refresh)
      return false;
    // More chains would wait for the same rate limit, until other streams finish.
    if (this.#run.client.scheduler.isBurstFull) return false;
    if (!ascends(rows, 0n) || !isNextCursor(after, rows)) {
      load.total = 0;
      return false;
    }
    load.total = await this.count();
    tell('expected', { stream: this.#run.stream.name, rows: Math.max(0, load.total - (load.listed ?? 0)) });
    this.#learn(rows);
    return load.total >= this.#run.options.chains.worthDividing;
  }

  /** The number of records according to HubSpot's search index. */
  async count(): Promise<number> {
    const { client, stream } = this.#run;
    const request = { type: stream.type, properties: [], filterGroups: [], limit: 1 };
    return (await searchPage(client, request)).total;
  }

  /** Whether enough was read to estimate where another chain might begin. */
  get canDivide(): boolean {
    return this.#density.rows > 0;
  }

  /** The next page of a chain. Throws a NotOrderedById. */
  async page(chain: ChainPosition): Promise<ChainPage> {
    const from = this.#position(chain);
    const { rows, after } = await this.#list(chain.after);
    if (!ascends(rows, from)) throw new NotOrderedById();
    if (after !== null && !isNextCursor(after, rows)) throw new NotOrderedById();
    this.#learn(rows);
    const last = rows.at(-1);
    if (last) this.#reached.set(chain, BigInt(last.id));
    return { chain, rows, after };
  }

  /**
   * Begins another chain within the rest of the longest one; null: no chain is long enough, or there are enough chains. Throws a
   * NotOrderedById.
   */
  async divide(): Promise<ChainPage | null> {
    for (let guess = 0; guess < GUESSES; guess += 1) {
      const page = await this.#begin();
      if (page !== 'no records') return page;
    }
    return null;
  }

  async #begin(): Promise<ChainPage | null | 'no records'> {
    const load = this.#load;
    const chains = load.chains ?? [];
    const spare = this.#run.options.chains.most - chains.length;
    if (spare <= 0 || chains.length === 0 || !this.canDivide) return null;
    const left = (chain: ChainPosition) => this.#end(chain) - this.#position(chain);
    const longest = chains.reduce((a, b) => (left(a) >= left(b) ? a : b));
    const rows = (left(longest) * BigInt(this.#density.rows)) / this.#density.ids;
    if (rows < this.#run.options.chains.leastLeft) return null;
    // The upper part is divided again as long as chains are available.
    const middle = String(this.#position(longest) + left(longest) / BigInt(spare + 1));
    const chain: ChainPosition = { after: middle, before: longest.before };
    const page = await this.page(chain);
    const first = page.rows[0];
    if (!first || (longest.before !== null && BigInt(first.id) >= BigInt(longest.before))) {
      // The list ends earlier than estimated, or has a gap.
      if (longest.before === null) this.#top = BigInt(middle);
      return 'no records';
    }
    // In the meantime it may have ended or passed this record itself.
    if (!load.chains?.includes(longest) || this.#position(longest) >= BigInt(first.id)) return 'no records';
    longest.before = first.id;
    load.chains.push(chain);
    return page;
  }

  #end({ before }: ChainPosition): bigint {
    return before === null ? this.#top : BigInt(before);
  }

  /** The lowest id that the chain's next page may begin with, or that id minus one. */
  #position(chain: ChainPosition): bigint {
    const after = chain.after ?? '0';
    // States of earlier versions may have chains whose cursors are not ids.
    if (!/^\d+$/.test(after)) throw new NotOrderedById();
    return this.#reached.get(chain) ?? BigInt(after);
  }

  get #pageSize(): number {
    return this.#run.stream.histories.length > 0 ? HISTORY_LIMIT : LIST_LIMIT;
  }

  #learn(rows: readonly ObjectRow[]): void {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last || rows.length < this.#pageSize) return;
    this.#density = {
      ids: this.#density.ids + BigInt(last.id) - BigInt(first.id) + 1n,
      rows: this.#density.rows + rows.length,
    };
    const left = (this.#load.total ?? 0) - (this.#load.listed ?? 0);
    const top = BigInt(last.id) + (this.#density.ids * BigInt(Math.max(0, left))) / BigInt(this.#density.rows);
    if (this.#top < BigInt(last.id) || this.#top === 0n) this.#top = top;
  }
}

/** HubSpot's list is not ordered by id in the way chains require. */
export class NotOrderedById extends Error {}

/** Whether an error means that HubSpot does not support several chains; a single one may still work. */
export function isChainRefusal(error: unknown): boolean {
  return error instanceof NotOrderedById || (error instanceof RequestError && error.status === 400);
}

/** Whether a cursor is the id of the last row, or that id plus one. */
function isNextCursor(after: string, rows: readonly ObjectRow[]): boolean {
  const last = rows.at(-1)?.id;
  if (last === undefined || !/^\d+$/.test(after)) return false;
  return BigInt(after) === BigInt(last) || BigInt(after) === BigInt(last) + 1n;
}

/** Whether ids ascend, the first one being at least `from`. */
function ascends(rows: readonly ObjectRow[], from: bigint): boolean {
  let least = from;
  for (const { id } of rows) {
    if (!/^\d+$/.test(id) || BigInt(id) < least) return false;
    least = BigInt(id) + 1n;
  }
  return true;
}
