import { RequestError } from '../errors.js';
import type { ObjectRow } from '../hubspot/object-row.js';
import { LIST_LIMIT, type ListPage, searchPage } from '../hubspot/objects.js';
import { type Associated, readAssociated } from './associated.js';
import type { ObjectRun } from './object-run.js';
import type { ChainPosition, LoadPosition } from './object-state.js';
import { hasRoom, noteSearched, searchChain } from './searched-chains.js';

/** When and how a list is read from several places at once; tests make do with fewer records. */
export const CHAINS = {
  /** Records that are read by one chain before HubSpot is asked whether there are so many that more chains pay. */
  askAfter: 4_000,
  /** From so many records on they do. */
  worthDividing: 50_000,
  /** What is left of a chain is divided as long as it is so many records. */
  leastLeft: 2_000,
  /** At 0.3 s a call, six chains make the 19 calls a second that HubSpot allows; more catch up with what was not used. */
  most: 10,
  /** Chains by search besides, where they are wanted: two make the five searches a second. */
  mostSearched: 2,
};
/** How often the end of the list is guessed anew, when a guess was too high. */
const GUESSES = 3;

/** A page of a chain, perhaps with what belongs to the next one. */
export interface ChainPage {
  chain: ChainPosition;
  rows: ObjectRow[];
  /** HubSpot's cursor of the next page. */
  after: string | null;
  /** Of records that came without their associations. */
  associated?: Associated;
}

/**
 * Reads a long list from several places at once: HubSpot's cursors of a list are the ids of the last records, and a page behind an id
 * in between is where another chain begins. That is not documented, so it is done only as long as it is seen to work: the cursor
 * is the last id; each page ascends, and starts above its cursor; and a chain goes on until it meets the first record that the
 * next one has begun with, so that whatever the other one has left out is read. A search for ids needs none of that, but that the
 * list ascends.
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
  /** How many records came by search. */
  searched = 0;

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
    // More chains by list would wait for the same limit. Streams that end leave room for them.
    if (this.#run.client.scheduler.isBurstFull && !this.#isFast) return false;
    const goesByIds = rows.at(-1)?.id === after;
    if (!ascends(rows, null) || !(goesByIds || this.#isFast)) {
      load.total = 0;
      return false;
    }
    load.total = await this.count();
    this.#learn(rows);
    if (!goesByIds) load.isOneList = true;
    return load.total >= CHAINS.worthDividing;
  }

  /** How many records HubSpot's index counts. */
  async count(): Promise<number> {
    const { client, stream } = this.#run;
    const request = { objectType: stream.type.name, properties: [], filterGroups: [], limit: 1 };
    return (await searchPage(client, request)).total;
  }

  /** Whether enough was read to guess where another chain might begin. */
  get knowsItsWay(): boolean {
    return this.#density.rows > 0 && (this.#load.chains ?? []).some((chain) => this.#position(chain) !== null);
  }

  /** The page of a chain behind its position. Throws a NotInOrder where HubSpot does not go by ids. */
  async page(chain: ChainPosition): Promise<ChainPage> {
    const from = this.#position(chain);
    const { rows, after } = await (chain.bySearch
      ? searchChain(this.#run, chain, String(from))
      : this.#list(chain.after));
    if (!chain.bySearch) {
      if (!ascends(rows, from)) throw new NotInOrder();
      const last = rows.at(-1)?.id;
      if (after !== null && (this.#load.isOneList ? last === undefined : after !== last)) throw new NotInOrder();
    }
    this.#learn(rows);
    this.#reach(chain, rows);
    return { chain, rows, after };
  }

  /** Of a chain by search, goes on from a page to as many records as one batch read of associations takes, and reads these. */
  async complete(page: ChainPage): Promise<ChainPage> {
    const { chain } = page;
    if (!chain.bySearch) return page;
    const rows = [...page.rows];
    let { after } = page;
    while (after !== null && hasRoom(this.#run, rows)) {
      const further = await searchChain(this.#run, chain, after);
      rows.push(...further.rows);
      after = further.after;
      this.#reach(chain, further.rows);
    }
    this.searched += rows.length;
    const associated = await readAssociated(this.#run.client, this.#run.stream, rows);
    return { chain, rows, after, associated };
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

  get #isFast(): boolean {
    return this.#run.options.firstLoad === 'fast';
  }

  /** How the next chain is read, and how many more there may be with it; null: there are enough. */
  #next(): { bySearch: boolean; spare: number } | null {
    const chains = this.#load.chains ?? [];
    const searched = chains.filter(({ bySearch }) => bySearch).length;
    const lists = this.#load.isOneList ? 0 : CHAINS.most - (chains.length - searched);
    const searches = this.#isFast ? CHAINS.mostSearched - searched : 0;
    if (lists <= 0 && searches <= 0) return null;
    return { bySearch: lists <= 0, spare: Math.max(0, lists) + Math.max(0, searches) };
  }

  async #begin(): Promise<ChainPage | null | 'nothing there'> {
    const next = this.#next();
    if (next === null || !this.knowsItsWay) return null;
    const load = this.#load;
    const chains = load.chains ?? [];
    const known = chains.filter((chain) => this.#position(chain) !== null);
    const left = (chain: ChainPosition) => this.#end(chain) - (this.#position(chain) as bigint);
    const longest = known.reduce((a, b) => (left(a) >= left(b) ? a : b));
    const rows = (left(longest) * BigInt(this.#density.rows)) / this.#density.ids;
    if (rows < CHAINS.leastLeft) return null;
    // The further part is divided again, as long as there are chains to spare.
    const middle = String((this.#position(longest) as bigint) + left(longest) / BigInt(next.spare + 1));
    const chain: ChainPosition = { after: middle, before: longest.before, ...(next.bySearch && { bySearch: true }) };
    let page: ChainPage;
    try {
      page = await this.page(chain);
    } catch (error) {
      const isFirstTry = chains.every(({ isFirst, bySearch }) => isFirst || bySearch);
      if (!this.#isFast || next.bySearch || !isFirstTry || !refusesChains(error)) throw error;
      // What is not read from the front is left to search.
      load.isOneList = true;
      return 'nothing there';
    }
    const first = page.rows[0];
    if (!first || (longest.before !== null && BigInt(first.id) >= BigInt(longest.before))) {
      // Nothing is up there: the list ends sooner than its ids had let expect, or has a gap.
      if (longest.before === null) this.#top = BigInt(middle);
      return 'nothing there';
    }
    // Meanwhile it may have come so far itself, and others to their ends.
    if (!load.chains?.includes(longest) || (this.#position(longest) as bigint) >= BigInt(first.id))
      return 'nothing there';
    if (next.bySearch) noteSearched(this.#run, load);
    longest.before = first.id;
    load.chains.push(chain);
    return page;
  }

  #end({ before }: ChainPosition): bigint {
    return before === null ? this.#top : BigInt(before);
  }

  /** The id behind which a chain goes on; null where its cursor does not tell. */
  #position(chain: ChainPosition): bigint | null {
    const reached = this.#reached.get(chain);
    if (reached !== undefined) return reached;
    return this.#load.isOneList && !chain.bySearch ? null : BigInt(chain.after ?? 0);
  }

  #reach(chain: ChainPosition, rows: readonly ObjectRow[]): void {
    const last = rows.at(-1);
    if (last) this.#reached.set(chain, BigInt(last.id));
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

function ascends(rows: readonly ObjectRow[], after: bigint | null): boolean {
  let last = after ?? -1n;
  for (const { id } of rows) {
    if (!/^\d+$/.test(id) || BigInt(id) <= last) return false;
    last = BigInt(id);
  }
  return true;
}
