import type { IdRange } from '../../hubspot/api/hidden-hits.js';
import type { EpochMs } from '../../time.js';

/** Records by when they were last modified, and of one instant by their ids. */
export interface VersionRange {
  /** The first instant; null: the range has no beginning, and what has no time is in it. */
  from: EpochMs | null;
  /** The instant before which it ends; null: it has no end. */
  before: EpochMs | null;
  /** null: all ids. */
  ids: IdRange | null;
}

/** A part of a range, with how many live rows of the table it has. */
export interface RangePart extends VersionRange {
  rows: number;
}

/** A row as far as it tells which version of which record it is. */
export interface TableRow {
  id: string;
  /** When its record was last modified; null: the row does not say. */
  version: EpochMs | null;
  /** Whether it has no mark that its record is deleted, or no longer wanted. */
  isLive: boolean;
}

/** The table of a stream that has one row a record, as far as it is compared with HubSpot. */
export interface TableRows {
  /** How many rows are live; of those, how many are in the range. */
  count(range: VersionRange): Promise<{ live: number; inRange: number }>;
  /**
   * Divides ranges, which have no row in common, into parts of about equally many live rows: by time, where all rows of one instant stay together; a
   * range that has bounds of ids, or is one instant, by id. A range without rows is one part. The parts of a range cover it.
   *
   * @returns for each range its parts, in their order
   */
  divide(ranges: readonly VersionRange[], parts: number): Promise<RangePart[][]>;
  /** The live rows in some ranges. */
  list(ranges: readonly VersionRange[]): Promise<TableRow[]>;
  /** The rows, live or not, of some records, by id. */
  find(ids: readonly string[]): Promise<Map<string, TableRow>>;
}

/** Whether a row is within a range. */
export function isWithin(
  { from, before, ids }: VersionRange,
  { id, version }: Pick<TableRow, 'id' | 'version'>,
): boolean {
  const isInTime =
    version === null ? from === null : (from === null || version >= from) && (before === null || version < before);
  if (!isInTime || ids === null) return isInTime;
  return BigInt(id) > BigInt(ids.after) && (ids.upTo === null || BigInt(id) <= BigInt(ids.upTo));
}

/** The same with ranges as one of which each begins where the one before ends. */
export function joinedRanges(ranges: readonly VersionRange[]): VersionRange[] {
  const result: VersionRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    const joined = last && joinedTo(last, range);
    if (joined) result[result.length - 1] = joined;
    else result.push({ from: range.from, before: range.before, ids: range.ids });
  }
  return result;
}

function joinedTo(one: VersionRange, next: VersionRange): VersionRange | null {
  const { from, before, ids } = one;
  if (ids === null && next.ids === null) {
    return before !== null && before === next.from ? { from, before: next.before, ids } : null;
  }
  const isNext = ids && next.ids && ids.upTo === next.ids.after && from === next.from && before === next.before;
  return isNext ? { ...one, ids: { after: ids.after, upTo: next.ids?.upTo ?? null } } : null;
}
