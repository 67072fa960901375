import { joinedRanges, type RangePart, type TableRows, type VersionRange } from './table-rows.js';

/** How many searches count the columns. */
const COLUMNS = 12;

/** A range in parts of about equally many rows, as searches count them that can each have some. */
export interface Grid {
  /** Parts one behind the other, as one. */
  sections: RangePart[];
  /** A part of each section. What is too much or too little in a part is so in its column. */
  columns: RangePart[][];
  /** Some sections each, so that of any two some code has only one: a row that has moved within a column has moved to another section. */
  codes: RangePart[][];
}

/**
 * @param most how many ranges a search can have
 * @param round another one has other bounds
 */
export async function gridOf(table: TableRows, range: VersionRange, most: number, round: number): Promise<Grid> {
  const [parts = []] = await table.divide([range], Math.max(2, COLUMNS * most - 5 * round));
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
