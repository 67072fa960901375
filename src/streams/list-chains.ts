import { RequestError } from '../errors.js';
import { LIST_LIMIT, type ListPage, type ObjectRow, searchPage } from '../hubspot/objects.js';
import type { ObjectRun } from './object-run.js';
import type { ChainPosition, LoadPosition } from './object-state.js';

/** When and how a list is read from several places at once; tests make do with fewer records. */
export const CHAINS = {
  /** Records that are read by one chain before HubSpot is asked whether there are so many that more chains pay. */
  askAfter: 4_000,
  /** From so many records on they do. */
  worthDividing: 50_000,
  /** What is left of a chain is divided as long as it is so many records. */
  leastLeft: 4_000,
  /** At 0.3 s a call, six chains make the 19 calls a second that HubSpot allows. */
  most: 6,
};
/** How often the end of the list is guessed anew, when a guess was too high. */
const GUESSES = 3;

/** A page of a chain, perhaps with what belongs to the next one. */
export interface ChainPage {
  chain: ChainPosition;
  rows: ObjectRow[];
  /** HubSpot's cursor of the next page. */
  after: string | null;
}

/**
 * Reads a long list from several places at once: HubSpot's cursors of a list are the ids of the last records, and a page behind an id
 * in between is where another chain begins. That is not documented, so it is done only as long as it is seen to work: the cursor
 * is the last id; each page ascends, and starts above its cursor; and a chain goes on until it meets the first record that the
 * next one has begun with, so that whatever the other one has left out is read.
 */
export class ListChains {
  readonly #run: ObjectRun;
  readonly #load: LoadPosition;
  readonly #list: (after: string | null) => Promise<ListPage>;
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
    if (!ascends(rows, null) || rows.at(-1)?.id !== after) {
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
    const request = { objectType: stream.type.name, properties: [], filterGroups: [], limit: 1 };
    return (await searchPage(client, request)).total;
  }

  /** The page of a chain behind its position. Throws a NotInOrder where HubSpot does not go by ids. */
  async page(chain: ChainPosition): Promise<ChainPage> {
    const page = await this.#list(chain.after);
    if (!ascends(page.rows, chain.after)) throw new NotInOrder();
    if (page.after !== null && page.after !== page.rows.at(-1)?.id) throw new NotInOrder();
    this.#learn(page.rows);
    return { chain, ...page };
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
    const chains = this.#load.chains ?? [];
    if (chains.length === 0 || chains.length >= CHAINS.most || this.#density.rows === 0) return null;
    const left = (chain: ChainPosition) => this.#end(chain) - BigInt(chain.after ?? 0);
    const longest = chains.reduce((a, b) => (left(a) >= left(b) ? a : b));
    const rows = (left(longest) * BigInt(this.#density.rows)) / this.#density.ids;
    if (rows < CHAINS.leastLeft) return null;
    // The further part is divided again, as long as there are chains to spare.
    const parts = BigInt(CHAINS.most - chains.length + 1);
    const middle = String(BigInt(longest.after ?? 0) + left(longest) / parts);
    const chain: ChainPosition = { after: middle, before: longest.before };
    const page = await this.page(chain);
    const first = page.rows[0];
    if (!first || (longest.before !== null && BigInt(first.id) >= BigInt(longest.before))) {
      // Nothing is up there: the list ends sooner than its ids had let expect, or has a gap.
      if (longest.before === null) this.#top = BigInt(middle);
      return 'nothing there';
    }
    longest.before = first.id;
    chains.push(chain);
    return page;
  }

  #end({ before }: ChainPosition): bigint {
    return before === null ? this.#top : BigInt(before);
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

function ascends(rows: readonly ObjectRow[], after: string | null): boolean {
  let last = after === null ? -1n : BigInt(after);
  for (const { id } of rows) {
    if (!/^\d+$/.test(id) || BigInt(id) <= last) return false;
    last = BigInt(id);
  }
  return true;
}
