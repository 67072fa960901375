import { joinedRanges, type RangePart, type TableRows, type VersionRange } from './table-rows.js';

/** How many searches count the columns. */
const COLUMNS = 12;

/** A range in parts of about equally many rows, in groups that one search each counts. */
export interface Grid {
  /** Each joins parts that follow one another. */
  sections: RangePart[];
  /** Each has one part of every section. A part with too many or too few records shows in the count of its column. */
  columns: RangePart[][];
  /** Each has some sections; any two sections differ in some code. Rows that moved within a column show here. */
  codes: RangePart[][];
}

/**
 * @param most how many ranges a search can have
 * @param round each one has a column more than the one before, and so other bounds
 */
export async function gridOf(table: TableRows, range: VersionRange, most: number, round: number): Promise<Grid> {
  const [parts = []] = await table.divide([range], (COLUMNS + round) * most);
  const width = Math.max(1, Math.ceil(parts.length / most));
  const sections = Array.from({ length: Math.ceil(parts.length / width) }, (_, i) =>
    sectionOf(parts.slice(i * width, (i + 1) * width)),
  );
  const columns = Array.from({ length: width }, (_, i) => parts.filter((_part, index) => index % width === i));
  const bits = Array.from({ length: Math.ceil(Math.log2(Math.max(1, sections.length))) }, (_, bit) => 2 ** bit);
  const codes = bits.map((bit) => sections.filter((_section, i) => (i & bit) !== 0));
  return { sections, columns, codes };
}

function sectionOf(parts: readonly RangePart[]): RangePart {
  const [range] = joinedRanges(parts);
  if (!range) throw new RangeError('a section has parts');
  return { ...range, rows: parts.reduce((sum, { rows }) => sum + rows, 0) };
}

/** Parts in two halves of about equally many rows. */
export function halved(parts: readonly RangePart[]): [left: RangePart[], right: RangePart[]] {
  const left: RangePart[] = [];
  const right: RangePart[] = [];
  const rows = (some: readonly RangePart[]) => some.reduce((sum, part) => sum + part.rows, 0);
  for (const part of [...parts].sort((a, b) => b.rows - a.rows)) {
    (left.length > 0 && rows(right) <= rows(left) ? right : left).push(part);
  }
  return [left, right];
}
