import { RequestError } from '../../../errors.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { LIST_LIMIT, type ListPage } from '../../../hubspot/api/objects.js';
import { searchPage } from '../../../hubspot/api/search.js';
import type { ObjectRun } from '../run/object-run.js';
import type { ChainPosition, LoadPosition } from '../run/object-state.js';

/** When and how a list is read from several places at once; tests make do with fewer records. */
export const CHAINS = {
  /** Records that are read by one chain before HubSpot is asked whether there are so many that more chains pay. */
  askAfter: 4_000,
  /** From so many records on they do. */
  worthDividing: 50_000,
  /** What is left of a chain is divided as long as it is so many records. */
  leastLeft: 2_000,
  /** At 0.6 s a call, twelve chains make the 19 calls a second that HubSpot allows. */
  most: 12,
};
/** How often the end of the list is guessed anew, when a guess was too high. */
const GUESSES = 3;

/** A page of a chain. */
export interface ChainPage {
  chain: ChainPosition;
  rows: ObjectRow[];
  /** HubSpot's cursor of the next page. */
  after: string | null;
}

/**
 * Reads a long list from several places at once. HubSpot's list ascends by id, and the cursor of its next page is the id of the
 * page's last record plus one (seen in recordings of live answers) or that id itself (as some servers answer it): in the first
 * case a page may begin with the id that is its cursor. Neither is documented, so it is used only as long as it is seen to work:
 * each page ascends, begins at or above its cursor, and names a cursor right behind its last record; and a chain goes on until it
 * meets the first record that the next one was given, so that whatever that one has left out is read.
 */
export class ListChains {
  readonly #run: ObjectRun;
  readonly #load: LoadPosition;
  readonly #list: (after: string | null) => Promise<ListPage>;
  /** The last id of each chain that HubSpot has answered, whether handed on yet or not. */
  readonly #reached = new WeakMap<ChainPosition, bigint>();
  /** How far apart ids are, from what was read so far. */
  #density = { ids: 0n, rows: 0 };
  /** Where the list most likely ends. */
  #top = 0n;

  constructor(run: ObjectRun, load: LoadPosition, list: (after: string | null) => Promise<ListPage>) {
    this.#run = run;
    this.#load = load;
    this.#list = list;
  }

  /**
   * Whether a single chain that has come so far should be divided; then asks HubSpot how many records there are.
   *
   * @param rows the rows of its last page, behind which it goes on at `after`
   */
  async worthDividing(rows: readonly ObjectRow[], after: string): Promise<boolean> {
    const load = this.#load;
    if (load.total !== undefined || (load.listed ?? 0) < CHAINS.askAfter || this.#run.state.refresh) return false;
    // More chains would wait for the same limit. Streams that end leave room for them.
    if (this.#run.client.scheduler.isBurstFull) return false;
    if (!ascends(rows, 0n) || !isBehind(after, rows)) {
      load.total = 0;
      return false;
    }
    load.total = await this.count();
    this.#learn(rows);
    return load.total >= CHAINS.worthDividing;
  }

  /** How many records HubSpot's index counts. */
  async count(): Promise<number> {
    const { client, stream } = this.#run;
    const request = { type: stream.type, properties: [], filterGroups: [], limit: 1 };
    return (await searchPage(client, request)).total;
  }

  /** Whether enough was read to guess where another chain might begin. */
  get knowsItsWay(): boolean {
    return this.#density.rows > 0;
  }

  /** The page of a chain behind its position. Throws a NotInOrder where HubSpot does not go by ids. */
  async page(chain: ChainPosition): Promise<ChainPage> {
    const from = this.#position(chain);
    const { rows, after } = await this.#list(chain.after);
    if (!ascends(rows, from)) throw new NotInOrder();
    if (after !== null && !isBehind(after, rows)) throw new NotInOrder();
    this.#learn(rows);
    const last = rows.at(-1);
    if (last) this.#reached.set(chain, BigInt(last.id));
    return { chain, rows, after };
  }

  /**
   * Begins another chain in what is left of the longest one, when that is long enough. null: none is, or there are enough.
   * Throws as {@link page} does.
   */
  async divide(): Promise<ChainPage | null> {
    for (let guess = 0; guess < GUESSES; guess += 1) {
      const begun = await this.#begin();
      if (begun !== 'nothing there') return begun;
    }
    return null;
  }

  async #begin(): Promise<ChainPage | null | 'nothing there'> {
    const load = this.#load;
    const chains = load.chains ?? [];
    const spare = CHAINS.most - chains.length;
    if (spare <= 0 || chains.length === 0 || !this.knowsItsWay) return null;
    const left = (chain: ChainPosition) => this.#end(chain) - this.#position(chain);
    const longest = chains.reduce((a, b) => (left(a) >= left(b) ? a : b));
    const rows = (left(longest) * BigInt(this.#density.rows)) / this.#density.ids;
    if (rows < CHAINS.leastLeft) return null;
    // The further part is divided again, as long as there are chains to spare.
    const middle = String(this.#position(longest) + left(longest) / BigInt(spare + 1));
    const chain: ChainPosition = { after: middle, before: longest.before };
    const page = await this.page(chain);
    const first = page.rows[0];
    if (!first || (longest.before !== null && BigInt(first.id) >= BigInt(longest.before))) {
      // Nothing is up there: the list ends sooner than its ids had let expect, or has a gap.
      if (longest.before === null) this.#top = BigInt(middle);
      return 'nothing there';
    }
    // Meanwhile it may have come so far itself, and others to their ends.
    if (!load.chains?.includes(longest) || this.#position(longest) >= BigInt(first.id)) return 'nothing there';
    longest.before = first.id;
    load.chains.push(chain);
    return page;
  }

  #end({ before }: ChainPosition): bigint {
    return before === null ? this.#top : BigInt(before);
  }

  /** The lowest id that the chain's next page may begin with, or one below it. */
  #position(chain: ChainPosition): bigint {
    const after = chain.after ?? '0';
    // Earlier versions kept chains of lists whose cursors are no ids.
    if (!/^\d+$/.test(after)) throw new NotInOrder();
    return this.#reached.get(chain) ?? BigInt(after);
  }

  #learn(rows: readonly ObjectRow[]): void {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last || rows.length < LIST_LIMIT) return;
    this.#density = {
      ids: this.#density.ids + BigInt(last.id) - BigInt(first.id) + 1n,
      rows: this.#density.rows + rows.length,
    };
    const left = (this.#load.total ?? 0) - (this.#load.listed ?? 0);
    const top = BigInt(last.id) + (this.#density.ids * BigInt(Math.max(0, left))) / BigInt(this.#density.rows);
    if (this.#top < BigInt(last.id) || this.#top === 0n) this.#top = top;
  }
}

/** HubSpot's list does not go by ids as chains need it. */
export class NotInOrder extends Error {}

/** Whether a failure means that chains are not to be had, while a single one may be. */
export function refusesChains(error: unknown): boolean {
  return error instanceof NotInOrder || (error instanceof RequestError && error.status === 400);
}

/** Whether a cursor is the id of the last row, or that plus one. A page without rows tells nothing. */
function isBehind(after: string, rows: readonly ObjectRow[]): boolean {
  const last = rows.at(-1)?.id;
  if (last === undefined || !/^\d+$/.test(after)) return false;
  return BigInt(after) === BigInt(last) || BigInt(after) === BigInt(last) + 1n;
}

/** Whether ids ascend, from an id on that may itself be the first. */
function ascends(rows: readonly ObjectRow[], from: bigint): boolean {
  let least = from;
  for (const { id } of rows) {
    if (!/^\d+$/.test(id) || BigInt(id) < least) return false;
    least = BigInt(id) + 1n;
  }
  return true;
}
