import { isSemiStructured } from '../column-types.js';
import { ID, narrowTarget, PAYLOAD } from '../raw-form.js';
import { type Target, VIEW_SUFFIX } from '../target.js';
import { castExpression } from './columns.js';
import * as rows from './rows.js';
import {
  identifier,
  insertRows,
  keysMatch,
  literal,
  MATCHED,
  METADATA,
  match,
  newest,
  notOlder,
  STAGE,
  stageAs,
  tableName,
} from './sql.js';

/** The statements of the raw form: a table of ID and PAYLOAD, and its view. */

const NAMES = [...METADATA.map(([name]) => name), ID.name, PAYLOAD.name];
const COLUMNS = NAMES.map(identifier);
/** Where a stage has the record. */
const DATA = 'hf_data';

/** The stream as a stage of its lines sees it: the columns that tell versions apart, and the key as the table has it. */
export function stagedTarget(target: Target): Target {
  return { ...target, columns: [...narrowTarget(target).columns, ID], key: [ID] };
}

/** Makes rows of the loaded lines, with the record beside them. */
export function stage(target: Target): string {
  return stageAs(rawRows(target, rows.LOADED));
}

/** The rows of the files' lines, without their records. */
export function narrowRows(target: Target, lines: rows.Lines): string {
  return `SELECT * EXCLUDE (${DATA}) FROM (${rawRows(target, rows.readLines(lines, 'JSON'))})`;
}

/** The same, with the hashes of the records. */
export function hashedRows(target: Target, lines: rows.Lines): string {
  return `SELECT * EXCLUDE (${DATA}), hash(${DATA}) AS hf_hash FROM (${rawRows(target, rows.readLines(lines, 'JSON'))})`;
}

/** The hash of a row's record. */
export function rowHash(): string {
  return `hash(${identifier(PAYLOAD.name)})`;
}

/** Inserts the rows of the files for which a condition holds, with what was carried over of these columns. */
export function appendDirect(
  target: Target,
  lines: rows.Lines,
  condition: string,
  others: readonly string[] = [],
): string {
  const made = values(target);
  const columns = NAMES.map((name, i): [string, string] => [name, made[i] as string]);
  return insertRows(target, columns, rawRows(target, rows.readLines(lines, 'JSON')), condition, others);
}

/** Every row of the stage, as it came. */
export function append(target: Target): string {
  const into = `INSERT INTO ${tableName(target)} (${COLUMNS.join(', ')})`;
  return `${into} SELECT ${values(target).join(', ')} FROM ${STAGE} ORDER BY hf_line`;
}

/**
 * The newest live version of each key: a new row, or an update of one that is not newer. The rows are found first, by themselves: a MERGE that
 * looks into their payloads holds those of the whole table (measured).
 */
export function mergeLive(target: Target): string[] {
  const staged = stagedTarget(target);
  const made = values(target).map((value) => `s.${value}`);
  const source = `SELECT n.*, m.hf_row, m.hf_newer FROM (${newest(staged, 'NOT hf_tomb')}) AS n LEFT JOIN ${MATCHED} AS m ON n.hf_line = m.hf_line`;
  const merge = [
    `MERGE INTO ${tableName(target)} AS t USING (${source}) AS s ON t.rowid = s.hf_row`,
    `WHEN MATCHED AND s.hf_newer THEN UPDATE SET ${COLUMNS.map((name, i) => `${name} = ${made[i]}`).join(', ')}`,
    `WHEN NOT MATCHED THEN INSERT (${COLUMNS.join(', ')}) VALUES (${made.join(', ')})`,
  ].join('\n');
  return [match(staged, rowCursor(target)), merge];
}

/**
 * Of each key whose newest row is a tombstone, that one: it marks the key's row, if there is one, and changes those members of its payload
 * that it carries.
 */
export function mergeTombstones(target: Target): string {
  const staged = stagedTarget(target);
  const newer = notOlder(staged, rowCursor(target));
  const members =
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.hf_data) e UNION ALL ' +
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.base) e WHERE NOT list_contains(json_keys(m.hf_data), e.key)';
  const source = [
    `WITH tombs AS (SELECT * FROM (${newest(staged, 'true')}) WHERE hf_tomb),`,
    `marked AS (SELECT s.hf_line, s.${DATA}, t."PAYLOAD" AS base FROM tombs s JOIN ${tableName(target)} t ON ${keysMatch(staged)}),`,
    `overlaid AS (SELECT hf_line, json_group_object(key, value) AS payload FROM (${members}) GROUP BY hf_line)`,
    `SELECT tombs.* EXCLUDE (${DATA}), overlaid.payload AS ${DATA} FROM tombs JOIN overlaid ON tombs.hf_line = overlaid.hf_line`,
  ].join(' ');
  const set = COLUMNS.map((name, i) => `${name} = s.${values(target)[i]}`).join(', ');
  return [
    `MERGE INTO ${tableName(target)} AS t USING (${source}) AS s ON ${keysMatch(staged)}`,
    ...(target.hardDeletes && target.deletedAt ? [`WHEN MATCHED AND s.hf_deleted AND ${newer} THEN DELETE`] : []),
    `WHEN MATCHED AND ${newer} THEN UPDATE SET ${set}`,
  ].join('\n');
}

/** The cursor of a row, which only its payload has. */
export function rowCursor({ cursor }: Target): string | undefined {
  return cursor === null
    ? undefined
    : castExpression(cursor.type, `json_extract_string(t."PAYLOAD", ${pointer(cursor.field)})`);
}

/** The query that makes rows of lines. @param lines a query that gives n, t, m and d */
function rawRows(target: Target, lines: string): string {
  return rows.parsedRows(stagedTarget(target), lines, [keyText(target)], [`d AS ${DATA}`]);
}

/** What a row has of a stage, in the order of the table's columns. */
function values(target: Target): string[] {
  return [...METADATA.map(([name]) => name), `c${narrowTarget(target).columns.length}`, DATA];
}

/** A record's key as one text: of several fields, the JSON array of their values. */
function keyText({ key }: Target): string {
  if (key.length === 0) return 'NULL';
  if (key.length === 1) return `json_extract_string(d, ${pointer(key[0]?.field as string)})`;
  const parts = key.map(({ field }) => `coalesce(json_extract(d, ${pointer(field)})::VARCHAR, 'null')`);
  return `'[' || ${parts.join(" || ',' || ")} || ']'`;
}

/** The view with the columns that the typed form would have. */
export function createView(target: Target): string {
  const columns = [
    ...METADATA.map(([name]) => identifier(name)),
    ...target.columns.map(({ field, name, type }) => {
      const extract = isSemiStructured(type) ? 'json_extract' : 'json_extract_string';
      return `${castExpression(type, `${extract}("PAYLOAD", ${pointer(field)})`)} AS ${identifier(name)}`;
    }),
  ];
  const view = tableName({ schema: target.schema, table: target.table + VIEW_SUFFIX });
  return `CREATE OR REPLACE VIEW ${view} AS SELECT ${columns.join(', ')} FROM ${tableName(target)}`;
}

export function dropView({ schema, table }: Target): string {
  return `DROP VIEW IF EXISTS ${tableName({ schema, table: table + VIEW_SUFFIX })}`;
}

/** A JSON pointer: DuckDB's own paths know no empty name. */
function pointer(field: string): string {
  return literal(`/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}
