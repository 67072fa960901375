import type { Column } from '../../column.js';
import { isSemiStructured } from '../../column-types.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import { castExpression, keepsText } from './columns.js';
import { createAs, identifier, LINES, literal } from './sql.js';

/** The queries that make typed rows of spooled lines. */

const LEAST_OBJECT = 1024 * 1024;

/** The files of a batch, and how their records are read. */
export interface Lines {
  paths: readonly string[];
  /** The longest line, in bytes. */
  longest: number;
  /**
   * Whether each record is read as one JSON value, not as a struct. That takes twice the time, but a field may come
   * twice, and names may differ by case only.
   */
  asJson: boolean;
  /** The temporary table that {@link loadLines} has put them into, as JSON. */
  table?: string;
  /** The temporary table of the lines that are left out. */
  without?: string;
}

/** What all rows of a commit have in common. */
export interface RowStamp {
  generation: number;
  syncId: number | null;
}

/** What a query of rows gives besides the stream's columns, and of which lines. */
export interface Extras {
  /** The last of the stream's columns, by their expressions on `d`, the record. */
  made?: readonly string[];
  /** Further columns, by expressions on `d` or on what every row has. */
  more?: readonly string[];
  /** A condition on the lines' number, `n`. */
  where?: string;
}

/** Keeps the lines as they are for whose number, `n`, a condition holds, in a temporary table. */
export function loadLines(lines: Lines, where: string): string {
  return createAs(LINES, `SELECT * FROM ${readLines(lines, 'JSON')} WHERE ${where}`);
}

/** The lines that {@link loadLines} has kept. */
export const LOADED: Lines = { paths: [], longest: 0, asJson: true, table: LINES };

/** The fields that their records carry. */
export const LOADED_FIELDS = `SELECT DISTINCT unnest(json_keys(d)) AS field FROM ${LINES}`;

/** Whether records can be read as a struct, which has no names that differ by case only, and no empty one. */
export function fitStruct({ columns }: ColumnMapping): boolean {
  const fields = Object.keys(rawValues(columns).members).length;
  return fields > 0 && fields === columns.length;
}

/**
 * The query that makes typed rows of the files' lines. Each column `c<i>` is the mapping's column i; beside them the metadata columns, and
 * what orders and sorts out versions: `hf_line`, `hf_tomb`, `hf_deleted`. Each SELECT within another costs memory for 2,048 values
 * of each column, however few the rows are, so there are no more than it takes to evaluate nothing twice.
 *
 * @param extras of lines that are read as JSON
 */
export function typedRows(
  mapping: ColumnMapping,
  stamp: RowStamp,
  lines: Lines,
  { made = [], more = [], where = 'true' }: Extras = {},
): string {
  const { columns } = mapping;
  const { members, expressions } = rawValues(columns.slice(0, columns.length - made.length));
  const data = lines.asJson ? ', d' : '';
  const record = lines.asJson ? `from_json(d, ${literal(JSON.stringify(members))})` : 'd';
  const from = `${readLines(lines, lines.asJson ? 'JSON' : structOf(members))} WHERE ${where}`;
  const texts = [...expressions, ...made].map((expression, i) => `${expression} AS r${i}`);
  const typed = columns.map((column, i) => `${castExpression(column.type, `r${i}`)} AS c${i}`);
  const deleted = flag(mapping, mapping.deletedAt, (value) => `${value} IS NOT NULL`);
  const marks = mapping.marks.map(({ column, value }) =>
    flag(mapping, column, (text) => `${castExpression('boolean', `${text}::VARCHAR`)} = ${value}`),
  );
  const tomb = `(${[deleted, ...marks].join(' OR ')})`;
  return [
    `WITH parsed AS (SELECT n, s, t, m${data}, ${record} AS r FROM ${from}),`,
    `raw AS (SELECT n, s, t, m${data}${list(texts)} FROM parsed),`,
    `typed AS (SELECT *${list(typed)} FROM raw)`,
    'SELECT uuid()::VARCHAR AS _airbyte_raw_id, make_timestamp(t * 1000)::TIMESTAMP WITH TIME ZONE AS _airbyte_extracted_at,',
    `${meta(mapping, stamp)} AS _airbyte_meta, ${stamp.generation}::BIGINT AS _airbyte_generation_id,`,
    `n AS hf_line, ${tomb} AS hf_tomb, ${deleted} AS hf_deleted${list(columns.map((_, i) => `c${i}`))}${list(more)}`,
    'FROM typed',
  ].join('\n');
}

/** @param data the type that a record's data is read as */
function readLines({ paths, longest, table, without }: Lines, data: string): string {
  if (table !== undefined) return table;
  // DuckDB refuses longer objects, and reads by blocks of twice as much: small ones stay in the processor's cache.
  const limit = Math.max(LEAST_OBJECT, longest + 1024);
  const all =
    `read_json([${paths.map(literal).join(', ')}], format = 'newline_delimited', maximum_object_size = ${limit}, ` +
    `columns = {n: 'BIGINT', s: 'INTEGER', t: 'BIGINT', m: 'JSON', d: ${literal(data)}})`;
  return without === undefined ? all : `(SELECT * FROM ${all} WHERE n NOT IN (SELECT hf_line FROM ${without}))`;
}

function structOf(members: Record<string, string>): string {
  return `STRUCT(${Object.entries(members)
    .map(([field, type]) => `${identifier(field)} ${type}`)
    .join(', ')})`;
}

/** Whether a column says something of a row; false where the stream has no such column. */
function flag({ columns }: ColumnMapping, column: Column | null, test: (value: string) => string): string {
  const index = column === null ? -1 : columns.indexOf(column);
  return index < 0 ? 'false' : `coalesce(${test(`c${index}`)}, false)`;
}

/** A row's `_airbyte_meta`. The notes are made only for the few rows that have any. */
function meta({ columns }: ColumnMapping, { syncId }: RowStamp): string {
  const notes = columns.flatMap((column, i) => note(column, i));
  const changes = [
    `coalesce(from_json(m, '["JSON"]'), [])`,
    ...(notes.length > 0 ? [`list_filter([${notes.map(({ entry }) => entry).join(', ')}], x -> x IS NOT NULL)`] : []),
  ];
  const noted = ['m IS NOT NULL', ...notes.map(({ condition }) => condition)].join(' OR ');
  const sync = syncId === null ? '' : `'sync_id': ${syncId}, `;
  const without = `{${syncId === null ? '' : `"sync_id":${syncId},`}"changes":[]}`;
  return `CASE WHEN ${noted} THEN to_json({${sync}'changes': list_concat(${changes.join(', ')})}) ELSE ${literal(without)}::JSON END`;
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
