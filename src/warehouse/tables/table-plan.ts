import { WarehouseConfigError } from '../../errors.js';
import type { Column } from '../column.js';
import { METADATA_COLUMNS, type NameRules } from '../names.js';
import type { ColumnMapping, ExistingColumn, TableColumns } from './column-mapping.js';

/** What a table takes to have a mapping's columns. */
export interface TablePlan {
  isNew: boolean;
  /** The columns that it lacks; all of them, where it is new. */
  added: Column[];
  /** Columns whose comment is to name another field. */
  claimed: Column[];
  /** Columns whose type is to be changed in place. */
  widened: Column[];
}

/** @param existing the columns of the table; none: there is no such table */
export function planTable(
  { mapping, widened, claimed }: Omit<TableColumns, 'added'>,
  existing: readonly ExistingColumn[],
  rules: NameRules,
): TablePlan {
  const there = new Map(existing.map((column) => [rules.same(column.name), column]));
  return {
    isNew: existing.length === 0,
    added: mapping.columns.filter(({ name }) => !there.has(rules.same(name))),
    claimed: claimed.filter(({ name }) => there.has(rules.same(name))),
    widened: widened.filter(({ name, type }) => {
      const found = there.get(rules.same(name));
      return found !== undefined && found.type !== type;
    }),
  };
}

/** A side table has the columns of the stream's own, in which nothing has to change. */
export function sideColumns(mapping: ColumnMapping): Omit<TableColumns, 'added'> {
  return { mapping, widened: [], claimed: [] };
}

/**
 * Throws a WarehouseConfigError where a column that is not the stream's must have a value.
 *
 * @param dropNotNull the statement that lets a column have none
 */
export function refuseRequired(
  table: string,
  existing: readonly { name: string; isRequired: boolean }[],
  { columns }: Pick<ColumnMapping, 'columns'>,
  rules: NameRules,
  dropNotNull: (column: string) => string,
): void {
  const metadata = METADATA_COLUMNS.map((name) => rules.identifier(name, 'column'));
  const ours = new Set([...metadata, ...columns.map(({ name }) => name)].map(rules.same));
  const foreign = existing.find(({ name, isRequired }) => isRequired && !ours.has(rules.same(name)));
  if (foreign === undefined) return;
  throw new WarehouseConfigError(
    `The column ${foreign.name} of the table ${table} is NOT NULL, but HubSpot has no such field. Run: ${dropNotNull(foreign.name)}`,
  );
}
