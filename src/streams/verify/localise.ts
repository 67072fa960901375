import type { IdRange } from '../../hubspot/api/hidden-hits.js';
import type { EpochMs } from '../../time.js';
import { EVERY_ID } from '../crm/run/object-state.js';
import { gridOf, halved } from './grid.js';
import { type PortalRecords, pagesOf } from './portal-records.js';
import { isWithin, type RangePart, type TableRow, type TableRows, type VersionRange } from './table-rows.js';

/** Up to so many pages, a table is listed outright: that takes little more than counting, and proves what counting cannot. */
export const LISTED_PAGES = 20;
/** The searches of a grid. */
const GRID_SEARCHES = 15;
/** What changed lately is listed besides. */
const SPARE = 2;
/** The search ends after this many grids in a row that find nothing, or this many in all. */
const IN_VAIN = 4;
const MOST_ROUNDS = 10;

/** A record of which the table and the listing do not say the same, or which only one of them has. */
export interface Suspect {
  id: string;
  /** The version in HubSpot's listing; undefined: it was not listed. */
  listed?: EpochMs | null;
  /** The version of the live row; undefined: there is none, as far as it was looked for. */
  row?: EpochMs | null;
}

/** Parts that one search has counted. */
interface Node {
  parts: RangePart[];
  /** How many records the search has counted. */
  counted: number;
}

/**
 * Finds the records of a range of which a table and HubSpot's search do not say the same, by dividing what differs until it is little enough to be
 * listed (docs/decisions/0023-verify-and-sweep.md).
 */
export class Localiser {
  readonly #portal: PortalRecords;
  readonly #table: TableRows;
  /** The table's rows of records that are known to have changed since. */
  readonly #excluded: ReadonlyMap<string, TableRow>;
  readonly suspects = new Map<string, Suspect>();
  /** Suspects whose rows were looked for. */
  readonly #lookedUp = new Set<string>();
  /** Whether a listing did not have as many records as the search for them had counted. */
  totalsAreOff = false;
  /** Whether every record was listed, so that what was found is all there is. */
  isListed = false;
  /** Whether counting is no use, as totals are off, or as a listing takes no more calls. */
  #mustList = false;

  /** @param changed the rows of records that changed since, by id: they do not count */
  constructor(portal: PortalRecords, table: TableRows, changed: ReadonlyMap<string, TableRow>) {
    this.#portal = portal;
    this.#table = table;
    this.#excluded = changed;
  }

  /** @returns how many records HubSpot has in the range */
  async find(range: VersionRange): Promise<number> {
    const { inRange } = await this.#table.count(range);
    const pages = pagesOf(this.#without(range, inRange));
    if (pages <= LISTED_PAGES) return this.list(range);
    const before = this.#portal.searches;
    const mayCount = (round: number) => {
      // Each difference may be searched for twice: where its row is, and where its record is.
      const most = 2 * this.suspects.size * Math.log2(pages) + LISTED_PAGES;
      return this.#portal.searches - before + GRID_SEARCHES + round + SPARE < most;
    };
    let [total, inVain] = [0, 0];
    for (let round = 0; round < MOST_ROUNDS && !this.#mustList && (round === 0 || mayCount(round)); round += 1) {
      const known = this.suspects.size;
      // By time at first, which shows all; then by id, too: what cancels out in one grid hardly does in another.
      const isById = round % 2 === 1;
      const counted = await this.#search(isById ? { ...range, ids: EVERY_ID } : range, round, pages);
      total = round === 0 ? counted : total;
      inVain = this.suspects.size > known ? 0 : inVain + 1;
      if (inVain === IN_VAIN || (known === 0 && inVain > 0)) break;
    }
    return this.#mustList ? this.list(range) : total;
  }

  /** Lists all that a range has, and compares it. @returns how many records it has */
  async list(range: VersionRange): Promise<number> {
    this.isListed = true;
    return this.#compareListed([range], null);
  }

  /** Counts a grid, and divides what differs. @param pages those of a listing of everything @returns how many records there are */
  async #search(range: VersionRange, round: number, pages: number): Promise<number> {
    const { sections, columns, codes } = await gridOf(this.#table, range, this.#portal.rangesAtOnce, round);
    const [inColumns, inCodes] = await Promise.all([this.#count(columns), this.#count(codes)]);
    const differing = inColumns.filter((node) => this.#surplusOf(node) !== 0).length;
    if (round === 0 && searchesFor(differing, columns.length, pages) > pages) {
      this.#mustList = true;
      return 0;
    }
    await this.#divide(inColumns, pages);
    // What was found counts as mended. If a code still differs, rows have moved within a column, whose count is the
    // same.
    if (!this.#mustList && inCodes.some((node) => this.#surplusOf(node) !== 0)) {
      await this.#divide(await this.#count(sections.map((section) => [section])), pages);
    }
    return inColumns.reduce((sum, { counted }) => sum + counted, 0);
  }

  /** Halves what differs until it is little enough to be listed. @param all the pages of a listing of everything */
  async #divide(nodes: readonly Node[], all: number): Promise<void> {
    let open = nodes.filter((node) => this.#surplusOf(node) !== 0);
    while (open.length > 0 && !this.#mustList) {
      if (costOf(open) >= all) {
        this.#mustList = true;
        return;
      }
      // Nodes where HubSpot has more come first: once a record is listed, its row is found by id, without counting.
      const surplus = open.filter((node) => this.#surplusOf(node) > 0);
      const chosen = new Set(surplus.length > 0 ? surplus : open);
      const [short, long] = [[...chosen].filter(isShort), [...chosen].filter((node) => !isShort(node))];
      // Listings first: they show whether totals can be believed.
      await Promise.all(short.map((node) => this.#compareListed(node.parts, node.counted)));
      await this.#lookUp();
      if (this.#mustList) return;
      const halves = await this.#halve(long);
      open = [...open.filter((node) => !chosen.has(node)), ...halves].filter((node) => this.#surplusOf(node) !== 0);
    }
  }

  #count(groups: readonly RangePart[][]): Promise<Node[]> {
    return Promise.all(groups.map(async (parts) => ({ parts, counted: await this.#portal.count(parts) })));
  }

  /** Halves each node: counts one half, and infers the count of the other. */
  async #halve(nodes: readonly Node[]): Promise<Node[]> {
    const single = nodes.flatMap(({ parts: [part, ...others] }) => (part && others.length === 0 ? [part] : []));
    const divided = single.length === 0 ? [] : await this.#table.divide(single, 2);
    const halves = nodes.map(async ({ parts, counted }) => {
      const [only] = parts;
      const pieces = parts.length === 1 && only ? (divided[single.indexOf(only)] ?? parts) : parts;
      const [left, right] = halved(pieces);
      // No row lies between its ends: there is nothing to divide by.
      if (right.length === 0) return this.#compareListed(left, counted).then(() => []);
      const countedLeft = await this.#portal.count(left);
      return [
        { parts: left, counted: countedLeft },
        { parts: right, counted: counted - countedLeft },
      ];
    });
    return (await Promise.all(halves)).flat();
  }

  /** @param counted how many records HubSpot has counted; null: that does not matter */
  async #compareListed(ranges: readonly VersionRange[], counted: number | null): Promise<number> {
    let listed = 0;
    for await (const { records, ids } of this.#portal.list(ranges)) {
      // The table's part of what was listed, so that a long listing is never held.
      const within = ranges.map((range) => ({ ...range, ids: common(range.ids, ids) }));
      const rows = (await this.#table.list(within)).filter(({ id }) => !this.#excluded.has(id));
      const versions = new Map(rows.map(({ id, version }) => [id, version]));
      for (const { id, version } of records) {
        const isThere = versions.has(id);
        if (!isThere) this.#suspect({ id, listed: version });
        else if (versions.get(id) !== version) this.#suspect({ id, listed: version, row: versions.get(id) ?? null });
        versions.delete(id);
      }
      for (const [id, version] of versions) this.#suspect({ id, row: version });
      listed += records.length;
    }
    // Records may have changed since they were counted.
    if (counted !== null && counted !== listed && (await this.#portal.count(ranges)) !== listed) {
      this.totalsAreOff = true;
      this.#mustList = true;
    }
    return listed;
  }

  #suspect(found: Suspect): void {
    this.suspects.set(found.id, { ...this.suspects.get(found.id), ...found });
  }

  /** Finds the rows of records that were listed where their rows are not. */
  async #lookUp(): Promise<void> {
    const ids = [...this.suspects.values()].flatMap(({ id, listed, row }) =>
      listed === undefined || row !== undefined || this.#lookedUp.has(id) ? [] : [id],
    );
    if (ids.length === 0) return;
    const rows = await this.#table.find(ids);
    for (const id of ids) {
      this.#lookedUp.add(id);
      const row = this.#excluded.has(id) ? undefined : rows.get(id);
      if (row?.isLive) this.#suspect({ id, row: row.version });
    }
  }

  /**
   * How many more records than rows a node has: without the rows of records that have changed since, and as if what was found were mended.
   */
  #surplusOf({ parts, counted }: Node): number {
    let surplus = counted;
    for (const part of parts) surplus -= this.#without(part, part.rows) + this.#mended(part);
    return surplus;
  }

  #without(range: VersionRange, rows: number): number {
    return rows - [...this.#excluded.values()].filter((row) => row.isLive && isWithin(range, row)).length;
  }

  #mended(range: VersionRange): number {
    let more = 0;
    for (const { id, listed, row } of this.suspects.values()) {
      if (listed !== undefined && isWithin(range, { id, version: listed })) more += 1;
      if (row !== undefined && isWithin(range, { id, version: row })) more -= 1;
    }
    return more;
  }
}

/**
 * About how many searches it takes after the first grid to find all that differs. The number of differences is
 * estimated from the number of columns without any, as if they had fallen on the columns by chance.
 */
function searchesFor(differing: number, columns: number, pages: number): number {
  if (differing === 0) return 0;
  const differences = -columns * Math.log(Math.max(0.5, columns - differing) / columns);
  const grids = differing > 2 ? 2 * GRID_SEARCHES : 0;
  return grids + differences * (1 + Math.max(0, Math.log2(pages / columns)));
}

/** Whether listing a node takes no more calls than dividing it, as it is little, or as most of it differs. */
function isShort({ parts, counted }: Node): boolean {
  const pages = pagesOf(counted);
  return pages <= 2 || pages <= Math.abs(counted - parts.reduce((sum, { rows }) => sum + rows, 0));
}

/** The searches that are left, if each node has one difference. */
function costOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => {
    const pages = pagesOf(node.counted);
    return sum + (isShort(node) ? pages : 1 + Math.ceil(Math.log2(pages)));
  }, 0);
}

/** The ids that are in both ranges; null: all. */
function common(one: IdRange | null, { after, upTo }: IdRange): IdRange | null {
  if (after === EVERY_ID.after && upTo === null) return one;
  if (one === null) return { after, upTo };
  const upper = [one.upTo, upTo].flatMap((id) => (id === null ? [] : [BigInt(id)]));
  return {
    after: String(max(BigInt(one.after), BigInt(after))),
    upTo: upper.length === 0 ? null : String(upper.reduce((a, b) => (a < b ? a : b))),
  };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
