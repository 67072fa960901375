import { chunksOf } from '../../chunks.js';
import { ConfigError, StoppedError } from '../../errors.js';
import { log } from '../../log.js';
import type { ComparedTable, SchemaPair } from './schema-pair.js';
import * as sql from './sql.js';

/** A value that differs. Texts, cut where they are long; null: NULL. */
interface Example {
  key: (string | null)[];
  left: string | null;
  right: string | null;
}

/** What was found of two tables whose keys are known. */
interface ComparedRows {
  key: string[];
  /** Rows without one of their key on the other side, with some of their keys. */
  onlyLeft: { rows: number; markedDeleted: number; keys: (string | null)[][] };
  onlyRight: { rows: number; keys: (string | null)[][] };
  /** Rows beyond the first of their key. Which of them is which cannot be told, so that a table with some is not equal. */
  repeated: { left: number; right: number };
  /** The columns whose values differ, and in how many pairs of rows of the same key. */
  values: { column: string; rows: number; examples: Example[] }[];
}

export interface TableComparison {
  table: string;
  isEqual: boolean;
  rows: { left: number; right: number };
  columns: { onlyLeft: string[]; onlyRight: string[] };
  /** null: without a key, rows are only counted. */
  compared: ComparedRows | null;
}

export interface Comparison {
  isEqual: boolean;
  tables: TableComparison[];
  onlyLeft: string[];
  onlyRight: string[];
}

export interface CompareOptions {
  /** The tables to compare, in small letters; null: all. */
  tables: readonly string[] | null;
  /** Keys by table, as they were given, in small letters. */
  keys: ReadonlyMap<string, readonly string[]>;
  /** The key of any other table; null: it is not known. */
  keyOf(table: string, columns: ReadonlySet<string>): readonly string[] | null;
  signal: AbortSignal;
}

/**
 * Columns that differ though the rows say the same: of when and by whom a row was written, a hash that only Fivetran can compute, and when a
 * record was seen to be gone.
 */
const NOT_COMPARED = /^(_fivetran_synced|_fivetran_id|_ab_cdc_deleted_at|_airbyte_.*)$/;
/** How many columns one query counts, and how many it shows examples of, each by a subquery. */
const COUNTED_TOGETHER = 100;
const SHOWN_TOGETHER = 20;

/** Compares the tables of two schemas in the warehouse. Throws a ConfigError where a table or key is named that is not there. */
export async function compareSchemas(pair: SchemaPair, options: CompareOptions): Promise<Comparison> {
  const [left, right] = [await pair.left(), await pair.right()];
  for (const [side, tables] of [['left', left] as const, ['right', right] as const]) {
    if (tables.size === 0) throw new ConfigError(`The schema of --${side} has no tables, or they may not be read.`);
  }
  const wanted = options.tables ?? [...new Set([...left.keys(), ...right.keys()])].sort();
  const missing = [...(options.tables ?? []), ...options.keys.keys()].find(
    (name) => !left.has(name) && !right.has(name),
  );
  if (missing !== undefined) throw new ConfigError(`Neither schema has a table ${missing}.`);
  const tables: TableComparison[] = [];
  for (const table of wanted) {
    const both = { left: left.get(table), right: right.get(table) };
    if (!both.left || !both.right) continue;
    if (options.signal.aborted) throw new StoppedError('The comparison was stopped.');
    tables.push(await compareTables(pair, table, { left: both.left, right: both.right }, options));
    log.debug(`Compared the table ${table}.`);
  }
  const onlyLeft = wanted.filter((table) => !right.has(table));
  const onlyRight = wanted.filter((table) => !left.has(table));
  const isEqual = onlyLeft.length + onlyRight.length === 0 && tables.every((each) => each.isEqual);
  return { isEqual, tables, onlyLeft, onlyRight };
}

interface Tables {
  left: ComparedTable;
  right: ComparedTable;
}

async function compareTables(
  pair: SchemaPair,
  table: string,
  { left, right }: Tables,
  options: CompareOptions,
): Promise<TableComparison> {
  const query = (text: string) => pair.rows(text, `Comparing the table ${table}`);
  const without = (one: ComparedTable, other: ComparedTable) =>
    [...one.columns.keys()].filter((column) => !other.columns.has(column) && !NOT_COMPARED.test(column));
  const columns = { onlyLeft: without(left, right), onlyRight: without(right, left) };
  const key = keyOf(table, { left, right }, options);
  if (key === null) {
    const count = async (of: ComparedTable) => Number((await query(sql.countRows(of)))[0]?.rows);
    const rows = { left: await count(left), right: await count(right) };
    const isEqual = rows.left === rows.right && columns.onlyLeft.length + columns.onlyRight.length === 0;
    return { table, isEqual, rows, columns, compared: null };
  }
  const { rows, ...compared } = await compareRows(query, { left, right }, key);
  const isEqual =
    rows.left === rows.right &&
    columns.onlyLeft.length + columns.onlyRight.length === 0 &&
    compared.onlyLeft.rows + compared.onlyRight.rows === 0 &&
    compared.repeated.left + compared.repeated.right === 0 &&
    compared.values.length === 0;
  return { table, isEqual, rows, columns, compared };
}

/** The columns of a table's key; null: it is not known, or a side lacks one of them. */
function keyOf(
  table: string,
  { left, right }: Tables,
  { keys, keyOf: known }: CompareOptions,
): readonly string[] | null {
  const shared = new Set([...left.columns.keys()].filter((column) => right.columns.has(column)));
  const given = keys.get(table);
  const lacking = given?.find((column) => !shared.has(column));
  if (lacking !== undefined) throw new ConfigError(`The table ${table} has no column ${lacking} on both sides.`);
  const key = given ?? known(table, shared);
  return key?.every((column) => shared.has(column)) ? key : null;
}

type Query = (text: string) => Promise<Record<string, unknown>[]>;

async function compareRows(
  query: Query,
  { left, right }: Tables,
  keyColumns: readonly string[],
): Promise<ComparedRows & Pick<TableComparison, 'rows'>> {
  const shared = sharedColumns({ left, right });
  const key = keyColumns.flatMap((name) => shared.filter((each) => each.left.name.toLowerCase() === name));
  const tables = { left, right, key };
  const count = async (side: 'left' | 'right') => {
    const [found] = await query(
      sql.countKeys(
        tables[side],
        key.map((each) => each[side]),
      ),
    );
    return { rows: Number(found?.rows ?? 0), keys: Number(found?.keys ?? 0) };
  };
  const [ofLeft, ofRight] = [await count('left'), await count('right')];
  const [sides] = await query(sql.countSides(tables));
  const keysOf = (row: Record<string, unknown>) => key.map((_, i) => sql.shownText(row[`k${i}`]));
  const only = async (side: 'left' | 'right') => {
    const rows = Number(sides?.[side]);
    return { rows, keys: rows === 0 ? [] : (await query(sql.keysOfOne(tables, side))).map(keysOf) };
  };
  const values: ComparedRows['values'] = [];
  const compared = shared.filter((each) => !key.includes(each) && !NOT_COMPARED.test(each.left.name.toLowerCase()));
  const differing: { column: sql.SharedColumn; rows: number }[] = [];
  for (const some of chunksOf(compared, COUNTED_TOGETHER)) {
    const [counts] = await query(sql.countDifferences(tables, some));
    differing.push(
      ...some.map((column, i) => ({ column, rows: Number(counts?.[`d${i}`]) })).filter(({ rows }) => rows > 0),
    );
  }
  for (const some of chunksOf(differing, SHOWN_TOGETHER)) {
    const found = await query(
      sql.differences(
        tables,
        some.map(({ column }) => column),
      ),
    );
    for (const [i, { column, rows }] of some.entries()) {
      const examples = found
        .filter((row) => Number(row.column) === i)
        .map((row) => ({ key: keysOf(row), left: sql.shownText(row.left), right: sql.shownText(row.right) }));
      values.push({ column: column.left.name.toLowerCase(), rows, examples });
    }
  }
  return {
    rows: { left: ofLeft.rows, right: ofRight.rows },
    key: [...keyColumns],
    onlyLeft: { ...(await only('left')), markedDeleted: Number(sides?.deleted) },
    onlyRight: await only('right'),
    repeated: { left: ofLeft.rows - ofLeft.keys, right: ofRight.rows - ofRight.keys },
    values,
  };
}

function sharedColumns({ left, right }: Tables): sql.SharedColumn[] {
  return [...left.columns].flatMap(([name, column]) => {
    const other = right.columns.get(name);
    return other ? [{ left: column, right: other }] : [];
  });
}
