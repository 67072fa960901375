import type { RangePart, TableRow, TableRows, VersionRange } from '../../streams/verify/table-rows.js';
import { epochMs } from '../../time.js';
import type { Reader } from '../../warehouse/store.js';
import { countLive, divideLive, findRows, isDividedById, listLive } from '../../warehouse/verify/sql.js';

/** All rows of a table. */
export const EVERYTHING: VersionRange = { from: null, before: null, ids: null };
/** Rows asked for in one query. */
const MOST_KEYS = 1_000;

/** A stream's table, as its rows are compared with HubSpot's records. */
export class WarehouseRows implements TableRows {
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  async count(range: VersionRange) {
    const [row] = await this.#reader.rows(countLive(this.#reader.table, range));
    return { live: Number(row?.live ?? 0), inRange: Number(row?.ranged ?? 0) };
  }

  async divide(ranges: readonly VersionRange[], parts: number): Promise<RangePart[][]> {
    const found = await this.#reader.rows(divideLive(this.#reader.table, ranges, parts));
    return ranges.map((range, index) => {
      const own = found.filter((row) => Number(row.range) === index);
      const pieces = own.map(({ first, last, rows }) => ({ first: text(first), last: text(last), rows: Number(rows) }));
      return partsOf(range, pieces);
    });
  }

  async list(ranges: readonly VersionRange[]): Promise<TableRow[]> {
    const rows = await this.#reader.rows(listLive(this.#reader.table, ranges));
    return rows.map(({ id, version }) => ({ id: String(id), version: versionOf(version), isLive: true }));
  }

  async find(ids: readonly string[]): Promise<Map<string, TableRow>> {
    const found = new Map<string, TableRow>();
    for (let start = 0; start < ids.length; start += MOST_KEYS) {
      const keys = ids.slice(start, start + MOST_KEYS).map((id) => this.#reader.literal(id));
      for (const { id, version, live } of await this.#reader.rows(findRows(this.#reader.table, keys))) {
        found.set(String(id), { id: String(id), version: versionOf(version), isLive: isTrue(live) });
      }
    }
    return found;
  }
}

interface Piece {
  /** The lowest time, or id; null: the rows have no time. */
  first: string | null;
  last: string | null;
  rows: number;
}

/** The parts of a range, which together are the range. */
function partsOf(range: VersionRange, pieces: readonly Piece[]): RangePart[] {
  const [only, ...others] = pieces;
  if (!only) return [{ ...range, rows: 0 }];
  if (isDividedById(range)) return partsById(range, pieces);
  if (others.length === 0) return aroundInstant(range, only);
  return pieces.map(({ first, rows }, i) => ({
    from: i === 0 ? range.from : timeOf(first),
    before: i === pieces.length - 1 ? range.before : timeOf(pieces[i + 1]?.first ?? null),
    ids: range.ids,
    rows,
  }));
}

function partsById(range: VersionRange, pieces: readonly Piece[]): RangePart[] {
  return pieces.map(({ last, rows }, i) => ({
    ...range,
    ids: {
      after: i === 0 ? (range.ids?.after ?? '0') : (pieces[i - 1]?.last ?? '0'),
      upTo: i === pieces.length - 1 ? (range.ids?.upTo ?? null) : last,
    },
    rows,
  }));
}

/** All rows of a range that are of one instant stay together, and what is before and behind it has none. */
function aroundInstant(range: VersionRange, { first, last, rows }: Piece): RangePart[] {
  const instant = timeOf(first);
  if (instant === null || first !== last) return [{ ...range, rows }];
  const behind = epochMs(instant + 1);
  return [
    ...(range.from === instant ? [] : [{ ...range, before: instant, rows: 0 }]),
    { ...range, from: instant, before: behind, rows },
    ...(range.before === behind ? [] : [{ ...range, from: behind, rows: 0 }]),
  ];
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

function timeOf(value: string | null) {
  return value === null ? null : epochMs(Number(value));
}

function versionOf(value: unknown) {
  return value === null || value === undefined ? null : epochMs(Number(value));
}

/** Snowflake's driver may give a truth as a text. */
function isTrue(value: unknown): boolean {
  return value === true || String(value).toLowerCase() === 'true' || value === 1;
}

/** Where a stream has no table, since it had no records. */
export const NO_ROWS_AT_ALL: TableRows = {
  count: async () => ({ live: 0, inRange: 0 }),
  divide: async (ranges) => ranges.map((range) => [{ ...range, rows: 0 }]),
  list: async () => [],
  find: async () => new Map(),
};
