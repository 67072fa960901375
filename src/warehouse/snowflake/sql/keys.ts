import type { Batch } from './batch.js';
import { identifier, literal } from './quote.js';
import { newType, takesAnything } from './types.js';

/** How a batch's rows find theirs in a table. */

/**
 * The condition that two keys are the same. Where all records have a key, it is a plain equality, by which
 * Snowflake can join and prune; where some may have none, NULL equals NULL.
 *
 * @param pairs the key's parts in the table, and in the batch
 */
export function keysMatch({ contents }: Batch, pairs: readonly (readonly [string, string])[]): string {
  const hasValues = contents.hasAllKeys;
  return pairs.map(([row, given]) => (hasValues ? `${row} = ${given}` : `EQUAL_NULL(${row}, ${given})`)).join(' AND ');
}

/** Limits what is looked at to the batch's keys, where these are known; begins with AND. @param row the key in the table, a text */
export function keyRange({ contents, mapping }: Batch, row: string): string {
  const { range } = contents;
  if (range === null || mapping.key.length !== 1) return '';
  const text = (bytes: string) => literal(Buffer.from(bytes, 'latin1').toString('utf8'));
  return ` AND ${row} BETWEEN ${text(range.least)} AND ${text(range.greatest)}`;
}

/** The condition for a typed table, whose rows are "t", and those of the batch "s". */
export function typedKeysMatch(batch: Batch): string {
  const { mapping, types } = batch;
  const indices = mapping.key.map((column) => mapping.columns.indexOf(column));
  const pairs = mapping.key.map(({ name }, i) => [`t.${identifier(name)}`, `s.C${indices[i]}`] as const);
  // A value that the column does not take is none.
  const takesAll = indices.every((i) => {
    const type = types[i] ?? newType('json');
    return type.kind === 'string' && takesAnything(type);
  });
  if (takesAll) return keysMatch(batch, pairs) + keyRange(batch, pairs[0]?.[0] ?? '');
  return pairs.map(([row, given]) => `EQUAL_NULL(${row}, ${given})`).join(' AND ');
}
