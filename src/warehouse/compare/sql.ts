import { quotedName as quoted } from '../names.js';
import type { ComparedColumn, ComparedTable, Kind } from './schema-pair.js';

/** The queries of a comparison, in SQL that both warehouses read alike. Their sessions are in UTC: times without a zone are. */

/** A column that both tables have. */
export interface SharedColumn {
  left: ComparedColumn;
  right: ComparedColumn;
}

/** Two tables, with the columns that tell their rows apart. */
export interface KeyedTables {
  left: ComparedTable;
  right: ComparedTable;
  key: readonly SharedColumn[];
}

/** Characters of a value that are shown; one more says that there are more. */
const SHOWN = 200;
export const EXAMPLES = 3;
/** Whether a side has a row. */
const THERE = quoted('hubflake there');

export function countRows({ fullName }: ComparedTable): string {
  return `SELECT count(*) AS "rows" FROM ${fullName}`;
}

/** How many rows a table has, and how many keys. */
export function countKeys({ fullName }: ComparedTable, key: readonly ComparedColumn[]): string {
  const columns = key.map(({ name }) => quoted(name)).join(', ');
  return `SELECT count(*) AS "keys", sum(g."n") AS "rows" FROM (SELECT count(*) AS "n" FROM ${fullName} GROUP BY ${columns}) g`;
}

/** How many rows each side has alone, and how many of those of the left are marked as deleted. */
export function countSides(tables: KeyedTables): string {
  const mark = tables.left.columns.get('_fivetran_deleted');
  const isMark = mark?.kind === 'boolean' || mark?.kind === 'text';
  const deleted = isMark
    ? `count_if(r.${THERE} IS NULL AND ${valueAs('boolean', `l.${quoted(mark.name)}`, mark.kind)})`
    : '0';
  return (
    `SELECT count_if(r.${THERE} IS NULL) AS "left", count_if(l.${THERE} IS NULL) AS "right", ${deleted} AS "deleted" ` +
    `FROM ${joined(tables, 'FULL OUTER JOIN')}`
  );
}

/** Some keys that only one side has. */
export function keysOfOne(tables: KeyedTables, side: 'left' | 'right'): string {
  const [has, lacks] = side === 'left' ? ['l', 'r'] : ['r', 'l'];
  const join = side === 'left' ? 'LEFT OUTER JOIN' : 'RIGHT OUTER JOIN';
  const key = tables.key.map((each) => `${has}.${quoted(each[side].name)}`);
  const shown = key.map((column, i) => `${text(column)} AS ${quoted(`k${i}`)}`).join(', ');
  return `SELECT ${shown} FROM ${joined(tables, join)} WHERE ${lacks}.${THERE} IS NULL ORDER BY ${key.join(', ')} LIMIT ${EXAMPLES}`;
}

/** In how many rows of both sides each column's values differ, as `d0`, `d1`, … */
export function countDifferences(tables: KeyedTables, columns: readonly SharedColumn[]): string {
  const counts = columns.map((column, i) => `count_if(${differs(column)}) AS ${quoted(`d${i}`)}`);
  return `SELECT ${counts.join(', ')} FROM ${joined(tables, 'JOIN')}`;
}

/** Some values of each column that differ: the column's number, the key, both values. */
export function differences(tables: KeyedTables, columns: readonly SharedColumn[]): string {
  const key = tables.key.map(({ left }) => `l.${quoted(left.name)}`);
  const keys = key.map((column, i) => `${text(column)} AS ${quoted(`k${i}`)}`).join(', ');
  const each = columns.map((column, i) => {
    const { l, r } = sides(column);
    return (
      `SELECT * FROM (SELECT ${i} AS "column", ${keys}, ${text(l)} AS "left", ${text(r)} AS "right" ` +
      `FROM ${joined(tables, 'JOIN')} WHERE ${differs(column)} ORDER BY ${key.join(', ')} LIMIT ${EXAMPLES}) e${i}`
    );
  });
  return each.join('\nUNION ALL\n');
}

/** A value as it is shown: a text that was cut ends in an ellipsis. */
export function shownText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const whole = String(value);
  return whole.length > SHOWN ? `${whole.slice(0, SHOWN)}…` : whole;
}

function joined({ left, right, key }: KeyedTables, join: string): string {
  const side = ({ fullName }: ComparedTable, name: string) =>
    `(SELECT TRUE AS ${THERE}, t.* FROM ${fullName} t) ${name}`;
  const on = key.map((column) => {
    const { vl, vr } = sides(column);
    return `${vl} = ${vr}`;
  });
  return `${side(left, 'l')} ${join} ${side(right, 'r')} ON ${on.join(' AND ')}`;
}

/** Whether two values differ. NULL is not the empty text, and a text that is no value of the other side's kind is another value. */
function differs(column: SharedColumn): string {
  const { l, r, vl, vr } = sides(column);
  if (column.left.kind === column.right.kind) return `${vl} IS DISTINCT FROM ${vr}`;
  return `((${l} IS NULL) <> (${r} IS NULL) OR (${l} IS NOT NULL AND COALESCE(${vl} <> ${vr}, TRUE)))`;
}

/** Both sides of a column, and their values as they are compared. */
function sides({ left, right }: SharedColumn) {
  const [l, r] = [`l.${quoted(left.name)}`, `r.${quoted(right.name)}`];
  const as = commonKind(left.kind, right.kind);
  return { l, r, vl: valueAs(as, l, left.kind), vr: valueAs(as, r, right.kind) };
}

/** A text is read as what the other side has; what has nothing else in common is compared as it is written. */
function commonKind(left: Kind, right: Kind): Kind {
  if (left === right) return left;
  if (left === 'text') return right;
  return right === 'text' ? left : 'text';
}

const TYPES = { number: 'DECIMAL(38, 10)', boolean: 'BOOLEAN', time: 'TIMESTAMP WITH TIME ZONE' };

function valueAs(as: Kind, x: string, kind: Kind): string {
  if (as === 'json' || as === 'other' || as === 'text') return kind === 'text' ? x : `CAST(${x} AS VARCHAR)`;
  if (kind === 'text') return `TRY_CAST(${x} AS ${TYPES[as]})`;
  // Numbers of any two types compare by value as they are, and would be rounded by a cast.
  return as === 'time' ? `CAST(${x} AS TIMESTAMP WITH TIME ZONE)` : x;
}

function text(x: string): string {
  return `LEFT(CAST(${x} AS VARCHAR), ${SHOWN + 1})`;
}
