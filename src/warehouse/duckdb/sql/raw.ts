import type { Column } from '../../column.js';
import { isSemiStructured } from '../../column-types.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { TableName } from '../../tables/destination-table.js';
import { ID, narrowMapping, PAYLOAD } from '../../tables/raw-form.js';
import { canDelete, type RowRules, VIEW_SUFFIX } from '../../target.js';
import { castExpression } from './columns.js';
import * as rows from './rows.js';
import {
  identifier,
  insertRows,
  keysMatch,
  literal,
  MARKS,
  METADATA,
  notOlder,
  schemaName,
  tableName,
  USE_FILE,
} from './sql.js';

/** The statements of the raw form: a table of ID and PAYLOAD, and its view. */

/** Where a stage has the record. */
const DATA = 'hf_data';

/** The columns of a stage of lines: those that tell versions apart, and the key as the table has it. */
export function stagedMapping(mapping: ColumnMapping): ColumnMapping {
  return { ...mapping, columns: [...narrowMapping(mapping).columns, ID], key: [ID] };
}

/** The rows of the files' lines, without their records. */
export function narrowRows(mapping: ColumnMapping, stamp: rows.RowStamp, lines: rows.Lines): string {
  return rows.typedRows(stagedMapping(mapping), stamp, { ...lines, asJson: true }, { made: [keyText(mapping)] });
}

/** The same with their records. @param where a condition on the lines' number, `n` */
export function wholeRows(mapping: ColumnMapping, stamp: rows.RowStamp, lines: rows.Lines, where?: string): string {
  const extras = { made: [keyText(mapping)], more: [`d AS ${DATA}`], where };
  return rows.typedRows(stagedMapping(mapping), stamp, { ...lines, asJson: true }, extras);
}

/** Inserts the rows, or only the live ones, that {@link wholeRows} gives. */
export function insert(table: TableName, mapping: ColumnMapping, query: string, isLive: boolean): string {
  return insertRows(table, columnsOf(mapping), query, isLive);
}

/**
 * Has each of the tombstones mark its key's row, if there is one, and change those members of its payload that it carries.
 */
export function mergeTombstones(table: TableName, mapping: ColumnMapping): string {
  const staged = stagedMapping(mapping);
  const newer = notOlder(staged, rowCursor(mapping));
  const members =
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.hf_data) e UNION ALL ' +
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.base) e WHERE NOT list_contains(json_keys(m.hf_data), e.key)';
  const source = [
    `WITH marked AS (SELECT s.hf_line, s.${DATA}, t."PAYLOAD" AS base FROM ${MARKS} s JOIN ${tableName(table)} t ON ${keysMatch(staged)}),`,
    `overlaid AS (SELECT hf_line, json_group_object(key, value) AS payload FROM (${members}) GROUP BY hf_line)`,
    `SELECT s.* EXCLUDE (${DATA}), overlaid.payload AS ${DATA} FROM ${MARKS} s JOIN overlaid ON s.hf_line = overlaid.hf_line`,
  ].join(' ');
  const set = columnsOf(mapping)
    .map(([name, value]) => `${identifier(name)} = s.${value}`)
    .join(', ');
  return [
    `MERGE INTO ${tableName(table)} AS t USING (${source}) AS s ON ${keysMatch(staged)}`,
    ...(canDelete(mapping) ? [`WHEN MATCHED AND s.hf_deleted AND ${newer} THEN DELETE`] : []),
    `WHEN MATCHED AND ${newer} THEN UPDATE SET ${set}`,
  ].join('\n');
}

/** Whether the version `s` and the row `t` have the same payload. */
export function sameValues({ columns }: ColumnMapping): string {
  const stamps = columns.filter(({ isStamp }) => isStamp).map(({ field }) => [field, null]);
  const patch = literal(JSON.stringify(Object.fromEntries(stamps)));
  const compared = (payload: string) => (stamps.length === 0 ? payload : `json_merge_patch(${payload}, ${patch})`);
  return `${compared('t."PAYLOAD"')} = ${compared(`s.${DATA}`)}`;
}

/** The cursor of a row, which only its payload has. */
export function rowCursor({ cursor }: RowRules): string | undefined {
  return cursor === null ? undefined : rowValue(cursor);
}

/** What a row has for a column that only its payload has. */
export function rowValue({ field, type }: Column): string {
  return castExpression(type, `json_extract_string(t."PAYLOAD", ${pointer(field)})`);
}

/** The table's columns, each with what a row of the stage has for it. */
function columnsOf(mapping: ColumnMapping): [name: string, value: string][] {
  return [
    ...METADATA.map(([name]): [string, string] => [name, name]),
    [ID.name, `c${narrowMapping(mapping).columns.length}`],
    [PAYLOAD.name, DATA],
  ];
}

/** A record's key as one text: of several fields, the JSON array of their values. */
function keyText({ key }: RowRules): string {
  const [first, ...others] = key;
  if (first === undefined) return 'NULL';
  if (others.length === 0) return `json_extract_string(d, ${pointer(first.field)})`;
  const parts = key.map(({ field }) => `coalesce(json_extract(d, ${pointer(field)})::VARCHAR, 'null')`);
  return `'[' || ${parts.join(" || ',' || ")} || ']'`;
}

/**
 * Makes the view with the columns that the typed form would have. It names its table as one of its own schema, which it is for whoever
 * opens the file, by whatever name.
 */
export function createView({ schema, table }: TableName, columns: readonly Column[]): string[] {
  const values = [
    ...METADATA.map(([name]) => identifier(name)),
    ...columns.map(({ field, name, type }) => {
      const extract = isSemiStructured(type) ? 'json_extract' : 'json_extract_string';
      return `${castExpression(type, `${extract}("PAYLOAD", ${pointer(field)})`)} AS ${identifier(name)}`;
    }),
  ];
  const view = tableName({ schema, table: table + VIEW_SUFFIX });
  return [
    `USE ${schemaName(schema)}`,
    `CREATE OR REPLACE VIEW ${view} AS SELECT ${values.join(', ')} FROM ${identifier(table)}`,
    USE_FILE,
  ];
}

export function dropView({ schema, table }: TableName): string {
  return `DROP VIEW IF EXISTS ${tableName({ schema, table: table + VIEW_SUFFIX })}`;
}

/** A JSON pointer: DuckDB's own paths know no empty name. */
function pointer(field: string): string {
  return literal(`/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}
