import { identifier, literal } from './quote.js';
import type { Batch } from './rows.js';
import { newType, takesAnything } from './types.js';

/** How a batch's rows find theirs in a table. */

/**
 * The condition that two keys are the same. That of all records having a key it is a plain equality, by which Snowflake can join and leave
 * out parts of the table; keys that hold no value are equal, too, where there may be any.
 *
 * @param pairs the key's parts in the table, and in the batch
 */
export function keysMatch({ contents }: Batch, pairs: readonly (readonly [string, string])[]): string {
  const hasValues = contents.hasAllKeys;
  return pairs.map(([row, given]) => (hasValues ? `${row} = ${given}` : `EQUAL_NULL(${row}, ${given})`)).join(' AND ');
}

/** Limits what is looked at to the batch's keys, where these are known; begins with AND. @param row the key in the table, a text */
export function keyRange({ contents, target }: Batch, row: string): string {
  const { range } = contents;
  if (range === null || target.key.length !== 1) return '';
  const [least, greatest] = [range.least, range.greatest].map((bytes) => Buffer.from(bytes, 'latin1').toString('utf8'));
  return ` AND ${row} BETWEEN ${literal(least as string)} AND ${literal(greatest as string)}`;
}

/** The condition for a typed table, whose rows are "t", and those of the batch "s". */
export function typedKeysMatch(batch: Batch): string {
  const { target, types } = batch;
  const indices = target.key.map((column) => target.columns.indexOf(column));
  const pairs = target.key.map(({ name }, i) => [`t.${identifier(name)}`, `s.C${indices[i]}`] as const);
  // A value that the column does not take is none.
  const takesAll = indices.every((i) => {
    const type = types[i] ?? newType('json');
    return type.kind === 'string' && takesAnything(type);
  });
  if (takesAll) return keysMatch(batch, pairs) + keyRange(batch, pairs[0]?.[0] ?? '');
  return pairs.map(([row, given]) => `EQUAL_NULL(${row}, ${given})`).join(' AND ');
}
