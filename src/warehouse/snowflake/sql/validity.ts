import type { Validity } from '../../schema-keywords.js';
import type { Batch } from './batch.js';
import { typeOf } from './fields.js';
import { groupsOf } from './lines.js';
import { identifier, literal } from './quote.js';
import { METADATA } from './rows.js';
import { castExpression } from './types.js';

const [{ name: RAW_ID }, { name: EXTRACTED_AT }] = METADATA;

/**
 * Computes anew, for the groups that the batch's lines are about, between which instants each row holds. Rows for which it is true
 * already stay untouched, as do those without an instant.
 */
export function recomputeValidity(batch: Batch, table: string, validity: Validity): string {
  const { of, by, from, to, current } = validity;
  const groups = of.map(({ name }, i) => [identifier(name), `G${i}`] as const);
  const begins = `r.${identifier(by.name)}`;
  const names = groups.map(([, name]) => `g.${name}`).join(', ');
  const next = `LEAD(${begins}) OVER (PARTITION BY ${names} ORDER BY ${begins}, r.${identifier(EXTRACTED_AT)}, r.${identifier(RAW_ID)})`;
  const same = groups.map(([column, name]) => `r.${column} = g.${name}`).join(' AND ');
  const set = [
    ...(from === by ? [] : [[identifier(from.name), 'BEGINS'] as const]),
    [identifier(to.name), 'ENDS'] as const,
    [identifier(current.name), 'IS_LAST'] as const,
  ];
  const before = set.map(([column, name]) => `r.${column} AS WAS_${name}`).join(', ');
  const rows =
    `SELECT r.${identifier(RAW_ID)} AS ID, ${names}, ${begins} AS BEGINS, ${before}, ${next} AS NEXT_BEGINS ` +
    `FROM ${table} r JOIN (${groupsOf(batch, of)}) g ON ${same} WHERE ${begins} IS NOT NULL`;
  const dated = `SELECT *, ${end(batch, validity)} AS ENDS, NEXT_BEGINS IS NULL AS IS_LAST FROM (${rows})`;
  const isTrue = set.map(([, name]) => `EQUAL_NULL(WAS_${name}, ${name})`).join(' AND ');
  const row = [`t.${identifier(RAW_ID)} = s.ID`, `t.${identifier(by.name)} = s.BEGINS`];
  row.push(...groups.map(([column, name]) => `t.${column} = s.${name}`));
  return [
    `MERGE INTO ${table} t USING (SELECT * FROM (${dated}) WHERE NOT (${isTrue})) s ON ${row.join(' AND ')}`,
    `WHEN MATCHED THEN UPDATE SET ${set.map(([column, name]) => `${column} = s.${name}`).join(', ')}`,
  ].join('\n');
}

function end(batch: Batch, { to, gapMs, open }: Validity): string {
  const next = gapMs === 0 ? 'NEXT_BEGINS' : `DATEADD(millisecond, -${gapMs}, NEXT_BEGINS)`;
  return open === null ? next : `COALESCE(${next}, ${castExpression(typeOf(batch, to), literal(open))})`;
}
