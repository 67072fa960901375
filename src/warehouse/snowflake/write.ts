import { hasTombstones, type Target } from '../target.js';
import { notOlder } from './order.js';
import { identifier } from './quote.js';
import { allRows, type Batch, isCarried, METADATA, metadata, newestLines, newestRows } from './rows.js';

/** The statements that put a batch's rows into a table. */

/** Every row of the batch, as it came. */
export function insertAll(batch: Batch, table: string): string {
  return `INSERT INTO ${table} (${columnList(batch.target)}) SELECT ${rowList(batch.target)} FROM (${allRows(batch)})`;
}

/**
 * One MERGE for the whole batch: new rows, newer versions, tombstones, deletions. The order of versions is generation, cursor,
 * extraction time, line; a row never goes backwards, so applying a batch again changes nothing that is newer.
 */
export function mergeNewest(batch: Batch, table: string): string {
  const { target } = batch;
  const tombstones = hasTombstones(target);
  const values = target.columns.map((_, i) => `s.C${i}`);
  const nulls = target.cleared.map(({ name }) => `${identifier(name)} = NULL`);
  const clauses: string[] = [];
  const deletes = target.hardDeletes && target.deletedAt !== null;
  if (deletes) clauses.push(`WHEN MATCHED AND s.DELETED AND ${notOlder(target, 's.VERSION', 's.HF_AT')} THEN DELETE`);
  clauses.push(
    tombstones
      ? `WHEN MATCHED AND s.LIVE AND ${notOlder(target, 's.LIVE_VERSION', 's.LIVE_AT')} THEN UPDATE SET ${assignments(target, values, nulls)}`
      : `WHEN MATCHED AND ${notOlder(target, 's.VERSION', 's.HF_AT')} THEN UPDATE SET ${assignments(target, values, nulls)}`,
  );
  if (tombstones) {
    const carried = target.columns.map(
      (column, i) => `IFF(${isCarried('s.D', column)}, s.C${i}, t.${identifier(column.name)})`,
    );
    const moved = target.cleared.flatMap(({ name, field }) =>
      field === null ? [] : [`${identifier(name)} = IFF(${isCarried('s.D', { field })}, NULL, t.${identifier(name)})`],
    );
    clauses.push(
      `WHEN MATCHED AND s.TOMB AND ${notOlder(target, 's.VERSION', 's.HF_AT')} THEN UPDATE SET ${assignments(target, carried, moved)}`,
    );
  }
  const inserts = tombstones ? ` AND s.LIVE${deletes ? ' AND NOT s.DELETED' : ''}` : '';
  clauses.push(
    `WHEN NOT MATCHED${inserts} THEN INSERT (${columnList(target)}) VALUES (${[...METADATA.map(({ alias }) => `s.${alias}`), ...values].join(', ')})`,
  );
  return [`MERGE INTO ${table} t USING (${newestRows(batch)}) s ON ${keysMatch(target)}`, ...clauses].join('\n');
}

/** How many rows of the table are tombstones that this batch brought. */
export function countMarked(batch: Batch, table: string): string {
  return (
    `SELECT COUNT(*) AS MARKED FROM ${table} t JOIN (SELECT ${metadata(batch)} FROM (${newestLines(batch)}) WHERE TOMB) s ` +
    `ON t."_AIRBYTE_RAW_ID" = s.HF_ID`
  );
}

/** @param cleared what becomes of columns that the stream has no values for */
function assignments(target: Target, values: readonly string[], cleared: readonly string[]): string {
  return [
    ...METADATA.map(({ name, alias }) => `${identifier(name)} = s.${alias}`),
    ...target.columns.map(({ name }, i) => `${identifier(name)} = ${values[i]}`),
    ...cleared,
  ].join(', ');
}

/**
 * Keys that hold no value are equal, too. Every line has data; the term is for emulators, which know only those of the source's
 * columns that are assigned as they are or stand here.
 */
function keysMatch(target: Target): string {
  const keys = target.key.map(
    (column) => `EQUAL_NULL(t.${identifier(column.name)}, s.C${target.columns.indexOf(column)})`,
  );
  if (hasTombstones(target)) keys.push('s.D IS NOT NULL');
  return keys.join(' AND ');
}

export function columnList(target: Target): string {
  return [...METADATA.map(({ name }) => name), ...target.columns.map(({ name }) => name)].map(identifier).join(', ');
}

function rowList(target: Target): string {
  return [...METADATA.map(({ alias }) => alias), ...target.columns.map((_, i) => `C${i}`)].join(', ');
}
