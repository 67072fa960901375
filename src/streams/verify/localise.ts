import type { IdRange } from '../../hubspot/api/hidden-hits.js';
import type { EpochMs } from '../../time.js';
import { type PortalRecords, pagesOf } from './portal-records.js';
import { isWithin, type RangePart, type TableRow, type TableRows, type VersionRange } from './table-rows.js';

/** Up to so many pages, a table is listed outright: that takes little more than counting, and proves what counting cannot. */
export const LISTED_PAGES = 20;
/** How many searches count the columns of a table that is too long to be listed. */
const COLUMNS = 12;

/** A record of which the table and the listing do not say the same, or which only one of them has. */
export interface Suspect {
  id: string;
  /** The version in HubSpot's listing; undefined: it was not listed. */
  listed?: EpochMs | null;
  /** The version of the live row; undefined: there was none in what was compared. */
  row?: EpochMs | null;
}

/** Parts that one search counts. */
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
    const { sections, columns, codes } = await this.#gridOf(range);
    const [inColumns, inCodes] = await Promise.all([this.#count(columns), this.#count(codes)]);
    await this.#divide(this.#differing(inColumns), pages);
    // What is too many or too few was found in its column. Only rows that have moved within one are left.
    if (!this.#mustList && this.#differing(inCodes).length > 0) {
      const inSections = await this.#count(sections.map((section) => [section]));
      await this.#divide(this.#differing(inSections), pages);
    }
    if (this.#mustList) return this.list(range);
    return inColumns.reduce((sum, node) => sum + node.counted, 0);
  }

  /**
   * Divides a range into parts of about equally many rows, in sections one behind the other. A column has a part of each section. A code has some
   * sections, so that of any two some code has only one: a row that has moved within a column has moved to another section.
   */
  async #gridOf(range: VersionRange) {
    const most = this.#portal.rangesAtOnce;
    const [parts = []] = await this.#table.divide([range], COLUMNS * most);
    const width = Math.max(1, Math.ceil(parts.length / most));
    const sections = Array.from({ length: Math.ceil(parts.length / width) }, (_, i) =>
      joined(parts.slice(i * width, (i + 1) * width)),
    );
    const columns = Array.from({ length: width }, (_, i) => parts.filter((_part, index) => index % width === i));
    const bits = Array.from({ length: Math.ceil(Math.log2(Math.max(1, sections.length))) }, (_, bit) => 2 ** bit);
    const codes = bits.map((bit) => sections.filter((_section, i) => (i & bit) !== 0));
    return { sections, columns, codes };
  }

  /** Halves what differs until it is little enough to be listed. @param all the pages of a listing of everything */
  async #divide(nodes: readonly Node[], all: number): Promise<void> {
    for (let differing = nodes; differing.length > 0 && !this.#mustList; ) {
      if (costOf(differing) >= all) {
        this.#mustList = true;
        return;
      }
      const [short, long] = [differing.filter(isShort), differing.filter((node) => !isShort(node))];
      // Listings first: they show whether totals can be believed.
      await Promise.all(short.map((node) => this.#compareListed(node.parts, node.counted)));
      differing = this.#mustList ? [] : await this.#halve(long);
    }
  }

  /** Lists all that a range has, and compares it. @returns how many records it has */
  async list(range: VersionRange): Promise<number> {
    this.isListed = true;
    return this.#compareListed([range], null);
  }

  #differing(nodes: readonly Node[]): Node[] {
    return nodes.filter(({ parts, counted }) => counted !== this.#rowsOf(parts));
  }

  #count(groups: readonly RangePart[][]): Promise<Node[]> {
    return Promise.all(groups.map(async (parts) => ({ parts, counted: await this.#portal.count(parts) })));
  }

  /** Halves each node, counts one half, and knows the other's number. @returns the halves that differ */
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
        const { id, version } = record;
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

  /** How many live rows parts have: without those of records that have changed since, and as if what was found were mended. */
  #rowsOf(parts: readonly RangePart[]): number {
    return parts.reduce((sum, part) => sum + this.#without(part, part.rows) + this.#mended(part), 0);
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

/** The parts in two halves of about equally many rows. */
function halved(parts: readonly RangePart[]): [left: RangePart[], right: RangePart[]] {
  const [first, ...others] = [...parts].sort((a, b) => b.rows - a.rows);
  const left: RangePart[] = first ? [first] : [];
  const right: RangePart[] = [];
  const rows = (some: readonly RangePart[]) => some.reduce((sum, part) => sum + part.rows, 0);
  for (const part of others) (rows(right) <= rows(left) ? right : left).push(part);
  return [left, right];
}

/** Parts one behind the other as one. */
function joined(parts: readonly RangePart[]): RangePart {
  const [first, last] = [parts[0], parts.at(-1)];
  if (!first || !last) throw new RangeError('there are parts to join');
  return { ...first, before: last.before, rows: parts.reduce((sum, { rows }) => sum + rows, 0) };
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
