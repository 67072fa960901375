import { isSemiStructured } from '../column-types.js';
import { narrowTarget } from '../raw-form.js';
import type { Column, Target } from '../target.js';
import { castExpression, keepsText } from './columns.js';
import {
  allColumns,
  CARRIED,
  identifier,
  insertRows,
  literal,
  MATCHED,
  METADATA,
  STAGE,
  stageAs,
  UNCHANGED,
} from './sql.js';

/** The statements that make typed rows of spooled lines. */

const RAW = identifier('_hubflake_raw');
/** Reading 2,000 columns straight into a table needs more memory than DuckDB is given (measured). */
const MOST_COLUMNS = 500;

/** The files of a batch. */
export interface Lines {
  paths: readonly string[];
  /** The longest line, in bytes. */
  longest: number;
}

/** The files' lines as they are, or those of them for whose number `n` a condition holds; a temporary table. */
export function loadRaw(lines: Lines, condition = 'true'): string {
  return `CREATE OR REPLACE TEMP TABLE ${RAW} AS ${readLines(lines, 'JSON')} WHERE ${condition}`;
}

/** The lines that {@link loadRaw} has loaded. */
export const LOADED = `SELECT * FROM ${RAW}`;

/** The files' lines. @param data the type that a record's data is read as */
export function readLines({ paths, longest }: Lines, data: string): string {
  // DuckDB refuses objects larger than it was told; its default is 16 MiB.
  const limit = Math.max(16 * 1024 * 1024, longest + 1024);
  return (
    `SELECT * FROM read_json([${paths.map(literal).join(', ')}], format = 'newline_delimited', maximum_object_size = ${limit}, ` +
    `columns = {n: 'BIGINT', t: 'BIGINT', m: 'JSON', d: ${literal(data)}})`
  );
}

export const DROP_TEMPORARY = [RAW, STAGE, MATCHED, UNCHANGED, CARRIED]
  .map((table) => `DROP TABLE IF EXISTS ${table}`)
  .join('; ');

/**
 * Makes typed rows of the lines. Each column `c<i>` of the stage is the target's column i; beside them the metadata columns,
 * and what orders and sorts out versions: `hf_line`, `hf_tomb`, `hf_deleted`, and `hf_keys`, the fields a tombstone carries.
 */
export function stage(target: Target): string {
  const keys = 'CASE WHEN hf_tomb THEN json_keys(d) END AS hf_keys';
  return stageAs(parsedRows(target, LOADED, [], [keys]));
}

/**
 * The query that makes rows of lines whose data are JSON; as {@link stage} says.
 *
 * @param lines a query that gives n, t, m and d @param made further columns, by their expressions on d; after the target's
 * @param more what it gives besides
 */
export function parsedRows(target: Target, lines: string, made: readonly string[], more: readonly string[]): string {
  const { members, expressions } = rawValues(target.columns.slice(0, target.columns.length - made.length));
  const parsed = `SELECT n, t, m, d, from_json(d, ${literal(JSON.stringify(members))}) AS r FROM (${lines})`;
  return typedRows(target, parsed, [...expressions, ...made], more);
}

/** Whether the columns can be had of the files in one pass. A stream of some of them can be read so too. */
export function areDirect({ columns }: Target): boolean {
  const fields = Object.keys(rawValues(columns).members).length;
  return fields > 0 && fields === columns.length && fields <= MOST_COLUMNS;
}

/**
 * The same of the files themselves, in one pass and without `hf_keys`, with those columns only that tell rows and versions apart. Of columns
 * that {@link areDirect}. DuckDB refuses records that have a field twice.
 */
export function narrowRows(target: Target, lines: Lines): string {
  return directRows(narrowTarget(target), lines);
}

/** As {@link narrowRows}, with the hash of all columns. */
export function hashedRows(target: Target, lines: Lines): string {
  const kept = narrowTarget(target).columns.map((column, i) => `c${target.columns.indexOf(column)} AS c${i}`);
  const others = [...METADATA.map(([name]) => name), 'hf_line', 'hf_tomb', 'hf_deleted'];
  const hash = `hash(${target.columns.map((_, i) => `c${i}`).join(', ')}) AS hf_hash`;
  return `SELECT ${[...others, ...kept, hash].join(', ')} FROM (${directRows(target, lines)})`;
}

/** The hash of a row of the table, of the same columns. */
export function rowHash({ columns }: Target): string {
  return `hash(${columns.map(({ name }) => identifier(name)).join(', ')})`;
}

/** Inserts the rows of the files for which a condition holds, with what was carried over of these columns. As in {@link narrowRows}. */
export function appendDirect(target: Target, lines: Lines, condition = 'true', others: readonly string[] = []): string {
  return insertRows(target, allColumns(target), directRows(target, lines), condition, others);
}

/** The query behind them: the metadata, `hf_line`, `hf_tomb`, `hf_deleted`, and each column as `c<i>`. */
export function directRows(target: Target, lines: Lines): string {
  const { members, expressions } = rawValues(target.columns);
  const fields = Object.entries(members);
  const data = `STRUCT(${fields.map(([field, type]) => `${identifier(field)} ${type}`).join(', ')})`;
  return typedRows(target, `SELECT n, t, m, d AS r FROM (${readLines(lines, data)})`, expressions, []);
}

/**
 * @param parsed a query that gives n, t, m and r, the text of each field @param expressions the text of each column, from those
 * @param more further columns
 */
function typedRows(target: Target, parsed: string, expressions: readonly string[], more: readonly string[]): string {
  const { columns } = target;
  const typed = columns.map((column, i) => `${castExpression(column.type, `raw.c${i}`)} AS c${i}`);
  const texts = columns.map((_, i) => `raw.c${i} AS r${i}`);
  const notes = columns.flatMap((column, i) => note(column, i));
  const sync = target.syncId === null ? '' : `'sync_id': ${target.syncId}, `;
  const unchanged = `{${target.syncId === null ? '' : `"sync_id":${target.syncId},`}"changes":[]}`;
  const changes = [
    `coalesce(from_json(m, '["JSON"]'), [])`,
    ...(notes.length > 0 ? [`list_filter([${notes.map(({ entry }) => entry).join(', ')}], x -> x IS NOT NULL)`] : []),
  ];
  // Made only for the few rows that have any.
  const noted = ['m IS NOT NULL', ...notes.map(({ condition }) => condition)].join(' OR ');
  const flag = (column: Column | null, test: (raw: string) => string) => {
    const index = column === null ? -1 : columns.indexOf(column);
    return index < 0 ? 'false' : `coalesce(${test(`c${index}`)}, false)`;
  };
  const deleted = flag(target.deletedAt, (value) => `${value} IS NOT NULL`);
  const marks = target.marks.map(({ column, value }) =>
    flag(column, (text) => `${castExpression('boolean', `${text}::VARCHAR`)} = ${value}`),
  );
  const tomb = `(${[deleted, ...marks].join(' OR ')})`;
  const data = more.length > 0 ? ', d' : '';
  return [
    `WITH parsed AS (${parsed}),`,
    `raw AS (SELECT n, t, m${data}${list(expressions.map((expression, i) => `${expression} AS c${i}`))} FROM parsed),`,
    `typed AS (SELECT n, t, m${data}${list(texts)}${list(typed)} FROM raw),`,
    `flagged AS (SELECT *, ${tomb} AS hf_tomb, ${deleted} AS hf_deleted FROM typed)`,
    'SELECT uuid()::VARCHAR AS _airbyte_raw_id, make_timestamp(t * 1000)::TIMESTAMP WITH TIME ZONE AS _airbyte_extracted_at,',
    `CASE WHEN ${noted} THEN to_json({${sync}'changes': list_concat(${changes.join(', ')})}) ELSE ${literal(unchanged)}::JSON END AS _airbyte_meta,`,
    `${target.generation}::BIGINT AS _airbyte_generation_id, n AS hf_line, hf_tomb, hf_deleted${list(columns.map((_, i) => `c${i}`))}${list(more)}`,
    'FROM flagged',
  ].join('\n');
}

/**
 * How the text of each column is had from a line. One pass over the JSON gives all fields as a struct; of fields that differ
 * only by case, which a struct cannot have beside each other, all but the first are looked up one by one.
 */
function rawValues(columns: readonly Column[]): { members: Record<string, string>; expressions: string[] } {
  const taken = new Set<string>();
  const members: Record<string, string> = Object.create(null);
  const expressions = columns.map(({ field, type }) => {
    const plain = field.toLowerCase();
    // A JSON pointer: DuckDB's own paths know no empty name. A struct member cannot have one either.
    const path = literal(`/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (field === '' || taken.has(plain)) {
      return isSemiStructured(type) ? `json_extract(d, ${path})` : `json_extract_string(d, ${path})`;
    }
    taken.add(plain);
    members[field] = isSemiStructured(type) ? 'JSON' : 'VARCHAR';
    return `r.${identifier(field)}`;
  });
  return { members, expressions };
}

/** What is noted of a value that its column cannot hold, and when. */
function note(column: Column, index: number): { entry: string; condition: string }[] {
  if (column.type === 'string' || column.type === 'json') return [];
  const entry: Record<string, string> = {
    field: literal(column.field),
    change: literal('NULLED'),
    reason: literal('DESTINATION_TYPECAST_ERROR'),
  };
  if (keepsText(column.type)) entry.value = `left(r${index}, 1000)`;
  const members = Object.entries(entry).map(([key, value]) => `'${key}', ${value}`);
  const condition = `(c${index} IS NULL AND r${index} IS NOT NULL)`;
  return [{ entry: `CASE WHEN ${condition} THEN json_object(${members.join(', ')}) END`, condition }];
}

function list(items: readonly string[]): string {
  return items.map((item) => `, ${item}`).join('');
}
