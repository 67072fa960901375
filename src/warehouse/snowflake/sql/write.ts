import type { Column } from '../../column.js';
import { OTHER_SET } from '../../loader/batch-contents.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import { canDelete, hasTombstones } from '../../target.js';
import type { Batch } from './batch.js';
import { isCarried } from './fields.js';
import { typedKeysMatch } from './keys.js';
import { groupNames, removals } from './lines.js';
import { identifier } from './quote.js';
import { allRows, METADATA, newestRows } from './rows.js';
import { differs, notOlder } from './versions.js';

/** The statements that put a batch's rows into a table. */

/** Every row of the batch, as it came. */
export function insertAll(batch: Batch, table: string): string {
  return `INSERT INTO ${table} (${columnList(batch.mapping)}) SELECT ${rowList(batch.mapping)} FROM (${allRows(batch)})`;
}

/**
 * One MERGE for the whole batch: new rows, newer versions, tombstones, deletions. The order of versions is generation, cursor,
 * extraction time, line; a row never goes backwards, so applying a batch again changes nothing that is newer.
 */
export function mergeNewest(batch: Batch, table: string): string {
  const { mapping } = batch;
  const tombstones = hasTombstones(mapping);
  const values = mapping.columns.map((_, i) => `s.C${i}`);
  const nulls = mapping.cleared.map(({ name }) => `${identifier(name)} = NULL`);
  const clauses: string[] = [];
  const deletes = canDelete(mapping);
  const changed = batch.contents.comparesRows ? ` AND ${differs(mapping)}` : '';
  if (deletes) clauses.push(`WHEN MATCHED AND s.DELETED AND ${notOlder(mapping, 's.VERSION', 's.HF_AT')} THEN DELETE`);
  clauses.push(
    tombstones
      ? `WHEN MATCHED AND s.LIVE AND ${notOlder(mapping, 's.LIVE_VERSION', 's.LIVE_AT')}${changed} THEN UPDATE SET ${assignments(mapping, values, nulls)}`
      : `WHEN MATCHED AND ${notOlder(mapping, 's.VERSION', 's.HF_AT')}${changed} THEN UPDATE SET ${assignments(mapping, values, nulls)}`,
  );
  if (tombstones) clauses.push(...markings(batch));
  // Always true: emulators of Snowflake only see those columns of the source that are assigned or named here.
  const known = tombstones ? ' AND s.D IS NOT NULL AND (s.S IS NULL OR s.S >= 0)' : '';
  const inserts = tombstones ? ` AND s.LIVE${deletes ? ' AND NOT s.DELETED' : ''}` : '';
  clauses.push(
    `WHEN NOT MATCHED${inserts} THEN INSERT (${columnList(mapping)}) VALUES (${[...METADATA.map(({ alias }) => `s.${alias}`), ...values].join(', ')})`,
  );
  return [`MERGE INTO ${table} t USING (${newestRows(batch)}) s ON ${typedKeysMatch(batch)}${known}`, ...clauses].join(
    '\n',
  );
}

/**
 * What tombstones do to rows: they assign the columns that they carry, and read no other, since a masking policy may show other
 * values of it than it has (https://docs.snowflake.com/en/user-guide/security-column-intro). A clause for each set of columns that
 * some of the batch's carry; only where there are too many sets, the row decides.
 */
function markings({ mapping, contents }: Batch): string[] {
  const marks = (set: number, assigned: string) =>
    `WHEN MATCHED AND s.TOMB AND s.S = ${set} AND ${notOlder(mapping, 's.VERSION', 's.HF_AT')} THEN UPDATE SET ${assigned}`;
  const clauses = contents.sets.map((fields, index) => {
    const values = mapping.columns.map(({ field }, i) => (fields.has(field) ? `s.C${i}` : null));
    const moved = mapping.cleared.filter(({ field }) => field !== null && fields.has(field));
    return marks(
      index + 1,
      assignments(
        mapping,
        values,
        moved.map(({ name }) => `${identifier(name)} = NULL`),
      ),
    );
  });
  if (!contents.hasOtherSets) return clauses;
  const carried = mapping.columns.map(
    (column, i) => `IFF(${isCarried('s.D', column)}, s.C${i}, t.${identifier(column.name)})`,
  );
  const moved = mapping.cleared.flatMap(({ name, field }) =>
    field === null ? [] : [`${identifier(name)} = IFF(${isCarried('s.D', { field })}, NULL, t.${identifier(name)})`],
  );
  return [...clauses, marks(OTHER_SET, assignments(mapping, carried, moved))];
}

/** @param values of the columns; null: it keeps its own @param cleared what becomes of columns that the stream has no values for */
function assignments(mapping: ColumnMapping, values: readonly (string | null)[], cleared: readonly string[]): string {
  return [
    ...METADATA.map(({ name, alias }) => `${identifier(name)} = s.${alias}`),
    ...mapping.columns.flatMap(({ name }, i) => (values[i] === null ? [] : [`${identifier(name)} = ${values[i]}`])),
    ...cleared,
  ].join(', ');
}

export function columnList(mapping: ColumnMapping): string {
  return [...METADATA.map(({ name }) => name), ...mapping.columns.map(({ name }) => name)].map(identifier).join(', ');
}

function rowList(mapping: ColumnMapping): string {
  return [...METADATA.map(({ alias }) => alias), ...mapping.columns.map((_, i) => `C${i}`)].join(', ');
}

/** Takes the rows away that the batch's removals name. @param rowValue what a row `t` has for a column */
export function removeRows(batch: Batch, table: string, rowValue: (column: Column) => string): string {
  const names = groupNames(batch);
  const same = batch.mapping.removedBy.map((column, i) => `${rowValue(column)} = s.${names[i]}`).join(' AND ');
  const named = `SELECT DISTINCT ${names.join(', ')} FROM (${removals(batch)})`;
  return `MERGE INTO ${table} t USING (${named}) s ON ${same} WHEN MATCHED THEN DELETE`;
}
