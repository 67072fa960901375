import type { IdRange } from '../../hubspot/api/hidden-hits.js';
import type { EpochMs } from '../../time.js';
import { type ListedRecord, type PortalRecords, pagesOf } from './portal-records.js';
import { isWithin, type RangePart, type TableRow, type TableRows, type VersionRange } from './table-rows.js';

/** Up to so many pages, a table is listed outright: that takes little more than counting, and proves what counting cannot. */
export const LISTED_PAGES = 20;
/** How many searches count the parts of a table that is too long to be listed. */
const COUNTS = 16;

/** A record of which the table and the listing do not say the same, or which only one of them has. */
export interface Suspect {
  id: string;
  /** The version in HubSpot's listing; undefined: it was not listed. */
  listed?: EpochMs | null;
}

/** Parts that one search counts, of which HubSpot has another number of records than the table of live rows. */
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
  /** Whether a listing did not have as many records as the search for them had counted. */
  totalsAreOff = false;
  /** Whether every record was listed, so that what was found is all there is. */
  isListed = false;

  /** @param changed the rows of records that changed since, by id: they do not count */
  constructor(portal: PortalRecords, table: TableRows, changed: ReadonlyMap<string, TableRow>) {
    this.#portal = portal;
    this.#table = table;
    this.#excluded = changed;
  }

  /**
   * @param counted about how many records HubSpot has in the range, where that is known
   * @returns how many it has
   */
  async find(range: VersionRange, counted: number | null): Promise<number> {
    const { inRange } = await this.#table.count(range);
    const rows = this.#without(range, inRange);
    const total = counted ?? (pagesOf(rows) === 1 ? rows : await this.#portal.count([range]));
    const pages = pagesOf(Math.max(rows, total));
    if (pages <= LISTED_PAGES) return this.list(range);
    const nodes = await this.#countParts(range);
    let differing = this.#differing(nodes);
    while (differing.length > 0 && !this.totalsAreOff) {
      if (costOf(differing) >= pages) return this.list(range);
      const [short, long] = [differing.filter(isShort), differing.filter((node) => !isShort(node))];
      // Listings first: they show whether totals can be believed.
      await Promise.all(short.map((node) => this.#compareListed(node.parts, node.counted)));
      if (!this.totalsAreOff) differing = await this.#halve(long);
    }
    if (this.totalsAreOff) return this.list(range);
    return nodes.reduce((sum, node) => sum + node.counted, 0);
  }

  /** Lists all that a range has, and compares it. @returns how many records it has */
  async list(range: VersionRange): Promise<number> {
    this.isListed = true;
    return this.#compareListed([range], null);
  }

  #differing(nodes: readonly Node[]): Node[] {
    return nodes.filter(({ parts, counted }) => counted !== this.#rowsOf(parts));
  }

  /** Counts the parts of a range, each with some that lie far from it. */
  async #countParts(range: VersionRange): Promise<Node[]> {
    const [parts = []] = await this.#table.divide([range], COUNTS * this.#portal.rangesAtOnce);
    const dealt = Array.from({ length: Math.min(COUNTS, parts.length) }, (_, i) =>
      parts.filter((_part, index) => index % COUNTS === i),
    );
    return Promise.all(dealt.map(async (some) => ({ parts: some, counted: await this.#portal.count(some) })));
  }

  /** Halves each node, counts one half, and knows the other's number. @returns the halves that differ */
  async #halve(nodes: readonly Node[]): Promise<Node[]> {
    const single = nodes.flatMap(({ parts: [part, ...others] }) => (part && others.length === 0 ? [part] : []));
    const divided = single.length === 0 ? [] : await this.#table.divide(single, 2);
    const halves = nodes.map(async ({ parts, counted }) => {
      const [only] = parts;
      const pieces = parts.length === 1 && only ? (divided[single.indexOf(only)] ?? parts) : parts;
      const middle = Math.ceil(pieces.length / 2);
      const [left, right] = [pieces.slice(0, middle), pieces.slice(middle)];
      // No row lies between its ends: there is nothing to divide by.
      if (right.length === 0) return this.#compareListed(left, counted).then(() => []);
      const countedLeft = await this.#portal.count(left);
      return [
        { parts: left, counted: countedLeft },
        { parts: right, counted: counted - countedLeft },
      ];
    });
    return this.#differing((await Promise.all(halves)).flat());
  }

  /** @param counted how many records HubSpot has counted; null: that does not matter */
  async #compareListed(ranges: readonly VersionRange[], counted: number | null): Promise<number> {
    let listed = 0;
    for await (const { records, ids } of this.#portal.list(ranges)) {
      // The table's part of what was listed, so that a long listing is never held.
      const within = ranges.map((range) => ({ ...range, ids: common(range.ids, ids) }));
      const rows = (await this.#table.list(within)).filter(({ id }) => !this.#excluded.has(id));
      const versions = new Map(rows.map(({ id, version }) => [id, version]));
      for (const record of records) {
        if (!versions.has(record.id) || versions.get(record.id) !== record.version) this.#suspect(record);
        versions.delete(record.id);
      }
      for (const id of versions.keys()) this.#suspect({ id });
      listed += records.length;
    }
    // Records may have changed since they were counted.
    if (counted !== null && counted !== listed && (await this.#portal.count(ranges)) !== listed)
      this.totalsAreOff = true;
    return listed;
  }

  #suspect({ id, ...record }: Partial<Pick<ListedRecord, 'version'>> & { id: string }): void {
    const known = this.suspects.get(id) ?? { id };
    this.suspects.set(id, 'version' in record ? { ...known, listed: record.version ?? null } : known);
  }

  #rowsOf(parts: readonly RangePart[]): number {
    return parts.reduce((sum, part) => sum + this.#without(part, part.rows), 0);
  }

  /** How many of so many live rows are left without those of records that have changed since. */
  #without(range: VersionRange, rows: number): number {
    return rows - [...this.#excluded.values()].filter((row) => row.isLive && isWithin(range, row)).length;
  }
}

/** Whether listing a node takes no more calls than dividing it, as it is little, or as most of it differs. */
function isShort(node: Node): boolean {
  const pages = pagesOf(node.counted);
  return pages <= 2 || pages <= Math.abs(node.counted - rowsIn(node));
}

/** The searches that are left, if each node has one difference. */
function costOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => {
    const pages = pagesOf(node.counted);
    return sum + (isShort(node) ? pages : 1 + Math.ceil(Math.log2(pages)));
  }, 0);
}

function rowsIn({ parts }: Node): number {
  return parts.reduce((sum, { rows }) => sum + rows, 0);
}

/** The ids that are in both ranges. */
function common(one: IdRange | null, { after, upTo }: IdRange): IdRange {
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
