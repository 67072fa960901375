import type { Validity } from '../../schema-keywords.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { TableName } from '../../tables/destination-table.js';
import { castExpression } from './columns.js';
import { inGroups } from './groups.js';
import { GROUPS, identifier, literal, tableName } from './sql.js';

/**
 * Computes anew, for the groups that the batch's lines are about, between which instants each row holds. Rows for which it is true
 * already stay untouched, as do those without an instant.
 */
export function recomputeValidity(table: TableName, mapping: ColumnMapping, validity: Validity): string {
  const { of, by, from, to, current } = validity;
  const names = inGroups(mapping, of);
  const group = of.map(({ name }) => `r.${identifier(name)}`);
  const same = group.map((column, i) => `${column} = g.${names[i]}`).join(' AND ');
  const begins = `r.${identifier(by.name)}`;
  const next = `lead(${begins}) OVER (PARTITION BY ${group.join(', ')} ORDER BY ${begins}, r._airbyte_extracted_at, r._airbyte_raw_id)`;
  const rows =
    `SELECT r.rowid AS hf_row, ${begins} AS hf_begins, ${next} AS hf_next FROM ${tableName(table)} AS r ` +
    `JOIN (SELECT DISTINCT ${names.join(', ')} FROM ${GROUPS}) AS g ON ${same} WHERE ${begins} IS NOT NULL`;
  const dated = `SELECT hf_row, hf_begins, ${end(validity)} AS hf_ends, hf_next IS NULL AS hf_last FROM (${rows})`;
  const set = [
    ...(from === by ? [] : [[from, 's.hf_begins'] as const]),
    [to, 's.hf_ends'] as const,
    [current, 's.hf_last'] as const,
  ];
  const differs = set.map(([{ name }, value]) => `t.${identifier(name)} IS DISTINCT FROM ${value}`).join(' OR ');
  const assigned = set.map(([{ name }, value]) => `${identifier(name)} = ${value}`).join(', ');
  return `UPDATE ${tableName(table)} AS t SET ${assigned} FROM (${dated}) AS s WHERE t.rowid = s.hf_row AND (${differs})`;
}

function end({ to, gapMs, open }: Validity): string {
  const next = gapMs === 0 ? 'hf_next' : `hf_next - to_milliseconds(${gapMs})`;
  return open === null ? next : `coalesce(${next}, ${castExpression(to.type, literal(open))})`;
}
