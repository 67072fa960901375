import { isSemiStructured } from '../../column-types.js';
import { ID, narrowTarget, PAYLOAD } from '../../raw-form.js';
import { type Target, VIEW_SUFFIX } from '../../target.js';
import { castExpression } from './columns.js';
import * as rows from './rows.js';
import { identifier, insertRows, keysMatch, literal, MARKS, METADATA, notOlder, tableName } from './sql.js';

/** The statements of the raw form: a table of ID and PAYLOAD, and its view. */

const NAMES = [...METADATA.map(([name]) => name), ID.name, PAYLOAD.name];
const COLUMNS = NAMES.map(identifier);
/** Where a stage has the record. */
const DATA = 'hf_data';

/** The stream as a stage of its lines sees it: the columns that tell versions apart, and the key as the table has it. */
export function stagedTarget(target: Target): Target {
  return { ...target, columns: [...narrowTarget(target).columns, ID], key: [ID] };
}

/** The rows of the files' lines, without their records. */
export function narrowRows(target: Target, lines: rows.Lines): string {
  return rows.typedRows(stagedTarget(target), { ...lines, asJson: true }, { made: [keyText(target)] });
}

/** The same with their records. @param where a condition on the lines' number, `n` */
export function wholeRows(target: Target, lines: rows.Lines, where?: string): string {
  const extras = { made: [keyText(target)], more: [`d AS ${DATA}`], where };
  return rows.typedRows(stagedTarget(target), { ...lines, asJson: true }, extras);
}

/** Inserts the rows, or only the live ones, that {@link wholeRows} gives. */
export function insert(target: Target, query: string, isLive: boolean): string {
  const made = values(target);
  const columns = NAMES.map((name, i): [string, string] => [name, made[i] as string]);
  return insertRows(target, columns, query, isLive);
}

/**
 * Has each of the tombstones mark its key's row, if there is one, and change those members of its payload that it carries.
 */
export function mergeTombstones(target: Target): string {
  const staged = stagedTarget(target);
  const newer = notOlder(staged, rowCursor(target));
  const members =
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.hf_data) e UNION ALL ' +
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.base) e WHERE NOT list_contains(json_keys(m.hf_data), e.key)';
  const source = [
    `WITH marked AS (SELECT s.hf_line, s.${DATA}, t."PAYLOAD" AS base FROM ${MARKS} s JOIN ${tableName(target)} t ON ${keysMatch(staged)}),`,
    `overlaid AS (SELECT hf_line, json_group_object(key, value) AS payload FROM (${members}) GROUP BY hf_line)`,
    `SELECT s.* EXCLUDE (${DATA}), overlaid.payload AS ${DATA} FROM ${MARKS} s JOIN overlaid ON s.hf_line = overlaid.hf_line`,
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
