import { isSemiStructured } from '../column-types.js';
import type { Column, Target } from '../target.js';
import { castExpression, keepsText } from './columns.js';
import { columnList, identifier, literal, MATCHED, STAGE, stageList, tableName, UNCHANGED } from './sql.js';

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
  return `CREATE OR REPLACE TEMP TABLE ${RAW} AS SELECT * FROM ${readLines(lines, 'JSON')} WHERE ${condition}`;
}

/** @param data the type that a record's data is read as */
function readLines({ paths, longest }: Lines, data: string): string {
  // DuckDB refuses objects larger than it was told; its default is 16 MiB.
  const limit = Math.max(16 * 1024 * 1024, longest + 1024);
  return (
    `read_json([${paths.map(literal).join(', ')}], format = 'newline_delimited', maximum_object_size = ${limit}, ` +
    `columns = {n: 'BIGINT', t: 'BIGINT', m: 'JSON', d: ${literal(data)}})`
  );
}

export const COUNT_STAGE = `SELECT count(*)::INTEGER AS rows FROM ${STAGE}`;
export const DROP_TEMPORARY = [RAW, STAGE, MATCHED, UNCHANGED]
  .map((table) => `DROP TABLE IF EXISTS ${table}`)
  .join('; ');

/** What the stage of a raw table has besides. */
export interface RawColumns {
  /** The expression of a record's key as text. */
  id: string;
}

/**
 * Makes typed rows of the lines. Each column `c<i>` of the stage is the target's column i; beside them the metadata columns,
 * and what orders and sorts out versions: `hf_line`, `hf_tomb`, `hf_deleted`, and `hf_keys`, the fields a tombstone carries.
 */
export function stage(target: Target, raw: RawColumns | null = null): string {
  const { members, expressions } = rawValues(target.columns);
  const more = [
    'CASE WHEN hf_tomb THEN json_keys(d) END AS hf_keys',
    ...(raw === null ? [] : [`${raw.id} AS hf_id`, 'd AS hf_data']),
  ];
  const parsed = `SELECT n, t, m, d, from_json(d, ${literal(JSON.stringify(members))}) AS r FROM ${RAW}`;
  return `CREATE OR REPLACE TEMP TABLE ${STAGE} AS\n${typedRows(target, parsed, expressions, more)}`;
}

/** Whether the columns can be had of the files in one pass. A stream of some of them can be read so too. */
export function areDirect({ columns }: Target): boolean {
  const fields = Object.keys(rawValues(columns).members).length;
  return fields > 0 && fields === columns.length && fields <= MOST_COLUMNS;
}

/**
 * The same of the files themselves, in one pass and without `hf_keys`, of columns that {@link areDirect}. DuckDB refuses records that have a field twice.
 */
export function stageDirect(target: Target, lines: Lines): string {
  return `CREATE OR REPLACE TEMP TABLE ${STAGE} AS\n${directRows(target, lines)}`;
}

/** Inserts the rows of the files for which a condition holds. As in {@link stageDirect}. */
export function appendDirect(target: Target, lines: Lines, condition = 'true'): string {
  const into = `INSERT INTO ${tableName(target)} (${columnList(target)})`;
  return `${into} SELECT ${stageList(target)} FROM (${directRows(target, lines)}) WHERE ${condition}`;
}

/** The query behind them: the metadata, `hf_line`, `hf_tomb`, `hf_deleted`, and each column as `c<i>`. */
export function directRows(target: Target, lines: Lines): string {
  const { members, expressions } = rawValues(target.columns);
  const fields = Object.entries(members);
  const data = `STRUCT(${fields.map(([field, type]) => `${identifier(field)} ${type}`).join(', ')})`;
  return typedRows(target, `SELECT n, t, m, d AS r FROM ${readLines(lines, data)}`, expressions, []);
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
  const tomb = `(${deleted} OR ${flag(target.tombstone, (value) => castExpression('boolean', `${value}::VARCHAR`))})`;
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
