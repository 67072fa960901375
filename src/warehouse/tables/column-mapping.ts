import { WarehouseConfigError } from '../../errors.js';
import type { Column } from '../column.js';
import { type ColumnType, canTake, isSemiStructured } from '../column-types.js';
import { METADATA_COLUMNS, type NameRules, namesBeside, namesOf, TakenNames } from '../names.js';
import { isComputable, type Validity } from '../schema-keywords.js';
import type { RowRules, Target } from '../target.js';

/** A column that a table, or a view, has. */
export interface ExistingColumn {
  name: string;
  /** The field it was made for; null: not known, as where another program made it. */
  field: string | null;
  /** null: a type that no value of ours has. */
  type: ColumnType | null;
}

/** Where a stream's fields lie in a table. */
export interface ColumnMapping extends RowRules {
  columns: Column[];
  /**
   * Columns of the table that the stream has no values for any more: their fields are gone, or have moved to another column. A
   * row's new version has NULL there. The field is null where it is not known.
   */
  cleared: readonly { name: string; field: string | null }[];
}

/** The columns that a new table has for a stream. */
export function newMapping(target: Target): ColumnMapping {
  return withColumns(target, target.columns);
}

/** The columns that a stream has in a table that is there, and what the table lacks of them. */
export interface TableColumns {
  mapping: ColumnMapping;
  /** The columns that the table lacks. */
  added: Column[];
  /** The columns whose type is to be changed in place, which loses nothing. */
  widened: Column[];
  /** The columns whose comment is to name another field. */
  claimed: Column[];
}

/** Whether the warehouse can change a column's type in place, without loss. */
export type Widens = (from: ColumnType, to: ColumnType) => boolean;

/**
 * Finds each field's column in a table. Nothing is renamed or dropped (docs/decisions/0009-columns.md):
 *
 * - A field keeps the column that was made for it, whatever fields come before it now. A column whose field is gone goes to a
 *   field that would have that name: a field renamed in case only goes on in its column.
 * - A column that cannot take the field's type, and cannot be widened, stays as it is; the values go to a new one beside it.
 * - Columns of fields that are gone, or have moved on, are listed in `cleared`, so that a row's new version does not keep
 *   what an old one said.
 *
 * Throws a WarehouseConfigError where the key or the cursor of a deduplicated table would have to move.
 */
export function mapColumns(
  target: Target,
  existing: readonly ExistingColumn[],
  rules: NameRules,
  widens: Widens = () => false,
): TableColumns {
  const metadata = new Set(METADATA_COLUMNS.map((name) => rules.same(rules.identifier(name, 'column'))));
  const columns = existing.filter(({ name }) => !metadata.has(rules.same(name)));
  const owned = ownColumns(target, columns, rules);
  const taken = new TakenNames(
    rules,
    existing.map(({ name }) => name),
  );
  const [added, widened, claimed]: [Column[], Column[], Column[]] = [[], [], []];
  const kept = new Set<ExistingColumn>();
  const mapped = target.columns.map((column): Column => {
    const own = owned.get(column.field) ?? [];
    const found = bestOf(own, column.type, widens) ?? unmarkedBeside(column, own, columns, kept, rules);
    if (!found) {
      const { field, type } = column;
      const name = taken.take(own.length > 0 ? namesBeside(field, type, rules) : namesOf(field, rules));
      const [other] = own;
      if (other) refuseToMove(target, column, other);
      const lacking = { ...column, name };
      added.push(lacking);
      return lacking;
    }
    kept.add(found);
    const there = { ...column, name: found.name, type: typeIn(found, column.type) };
    if (isWider(found, column.type, widens)) {
      there.type = column.type;
      widened.push(there);
    }
    if (found.field !== null && found.field !== column.field) claimed.push(there);
    return there;
  });
  const cleared = columns
    .filter((each) => !kept.has(each) && (each.field !== null || [...owned.values()].some((own) => own.includes(each))))
    .map(({ name, field }) => ({ name, field: field ?? fieldNamed(target, name, rules) }));
  const mapping = { ...withColumns(target, mapped), cleared };
  refuseUncomputable(target, mapping);
  return { mapping, added, widened, claimed };
}

/**
 * The columns of a raw table's view, which keeps every column that it has: the payloads may still hold fields that are gone.
 *
 * @param existing the columns of the view; none where there is none
 * @returns null where the view has them all
 */
export function mapView(target: Target, existing: readonly ExistingColumn[], rules: NameRules): Column[] | null {
  // A view keeps no values, so that nothing in it can be in the wrong column.
  const { mapping, added, claimed } = mapColumns({ ...target, mode: 'append' }, existing, rules);
  if (existing.length > 0 && added.length === 0 && claimed.length === 0) return null;
  const kept = mapping.cleared.flatMap(({ name, field }): Column[] => {
    const type = existing.find((column) => column.name === name)?.type;
    return field === null || !type ? [] : [{ field, name, type, comment: null }];
  });
  return [...mapping.columns, ...kept];
}

/** The stream with other columns in place of its own, one for one. */
function withColumns(target: Target, columns: Column[]): ColumnMapping {
  const replaced = (column: Column): Column => columns[target.columns.indexOf(column)] ?? column;
  return {
    columns,
    cleared: [],
    key: target.key.map(replaced),
    cursor: target.cursor && replaced(target.cursor),
    isMending: target.isMending === true,
    marks: target.marks.map((mark) => ({ ...mark, column: replaced(mark.column) })),
    deletedAt: target.deletedAt && replaced(target.deletedAt),
    hardDeletes: target.hardDeletes,
    removedBy: target.removedBy.map(replaced),
    validity: target.validity && replaceDated(target.validity, replaced),
  };
}

function replaceDated(validity: Validity, replaced: (column: Column) => Column): Validity {
  const { of, by, from, to, current } = validity;
  return {
    ...validity,
    of: of.map(replaced),
    by: replaced(by),
    from: replaced(from),
    to: replaced(to),
    current: replaced(current),
  };
}

/** Each field's own columns: those made for it, or else one that has its name and is no present field's. */
function ownColumns(
  target: Target,
  columns: readonly ExistingColumn[],
  rules: NameRules,
): Map<string, ExistingColumn[]> {
  const fields = new Set(target.columns.map(({ field }) => field));
  const owned = new Map<string, ExistingColumn[]>();
  for (const column of columns) {
    if (column.field === null || !fields.has(column.field)) continue;
    owned.set(column.field, [...(owned.get(column.field) ?? []), column]);
  }
  const free = new Map(
    columns
      .filter(({ field }) => field === null || !fields.has(field))
      .map((column) => [rules.same(column.name), column]),
  );
  const closest = [...target.columns].sort(
    (a, b) => Number(isExact(b.field, columns)) - Number(isExact(a.field, columns)),
  );
  for (const { field } of closest) {
    if (owned.has(field)) continue;
    const column = namesOf(field, rules).flatMap((name) => free.get(rules.same(name)) ?? [])[0];
    if (column === undefined) continue;
    owned.set(field, [column]);
    free.delete(rules.same(column.name));
  }
  return owned;
}

/** Whether a column has a field's name to the letter. */
function isExact(field: string, columns: readonly ExistingColumn[]): boolean {
  return columns.some(({ name }) => name === field);
}

function bestOf(own: readonly ExistingColumn[], type: ColumnType, widens: Widens): ExistingColumn | undefined {
  return (
    own.find((column) => column.type === type) ??
    own.find((column) => column.type !== null && canTake(column.type, type, column.field !== null)) ??
    own.find((column) => isWider(column, type, widens))
  );
}

/**
 * Finds by name the column beside a field's own of another type, where its comment was overwritten. Otherwise each run would add
 * another one.
 */
function unmarkedBeside(
  { field, type }: Column,
  own: readonly ExistingColumn[],
  columns: readonly ExistingColumn[],
  kept: ReadonlySet<ExistingColumn>,
  rules: NameRules,
): ExistingColumn | undefined {
  if (own.length === 0) return undefined;
  const names = namesBeside(field, type, rules).map((name) => rules.same(name));
  return columns.find(
    (column) =>
      column.field === null && column.type === type && !kept.has(column) && names.includes(rules.same(column.name)),
  );
}

/** The type that values are cast to for a column: lists and objects stay what they are in a column of any JSON. */
function typeIn({ type: there }: ExistingColumn, type: ColumnType): ColumnType {
  return there === null || (there === 'json' && isSemiStructured(type)) ? type : there;
}

/** Whether a column takes a type only once it is widened. */
function isWider(column: ExistingColumn, type: ColumnType, widens: Widens): boolean {
  if (column.type === null || canTake(column.type, type, column.field !== null)) return false;
  return widens(column.type, type);
}

function fieldNamed(target: Target, name: string, rules: NameRules): string | null {
  const found = target.columns.find(({ field }) =>
    namesOf(field, rules).some((each) => rules.same(each) === rules.same(name)),
  );
  return found?.field ?? null;
}

function roleOf({ key, cursor, removedBy, validity }: Target, column: Column): string | null {
  if (key.includes(column)) return 'key';
  if (column === cursor) return 'cursor';
  const goesBy = [...removedBy, ...(validity?.of ?? []), validity?.by];
  return goesBy.includes(column) ? 'field' : null;
}

/** Instants of two types cannot be compared, nor written into each other's columns, without a zone that nobody has named. */
function refuseUncomputable(target: Target, { validity }: ColumnMapping): void {
  if (validity === null || isComputable(validity)) return;
  const { by, from, to, current } = validity;
  const names = [by, from, to, current].map(({ name, type }) => `${name} (${type})`);
  throw new WarehouseConfigError(
    `The columns ${names.join(', ')} of the table ${target.table} do not have the types of their fields, so that it cannot be told when rows of the stream "${target.stream}" are valid. Rename the table, so that it is made anew.`,
  );
}

/**
 * In a new column older rows would have no key, and be duplicated; without a cursor, older versions could replace newer ones; without
 * what removals and validity go by, they would be left out of both.
 */
function refuseToMove(target: Target, column: Column, there: ExistingColumn): void {
  if (target.mode !== 'append_dedup') return;
  const role = roleOf(target, column);
  if (role === null) return;
  throw new WarehouseConfigError(
    `The ${role} "${column.field}" of the stream "${target.stream}" is now of the type ${column.type}, and the column ${there.name} of the table ${target.table} is of the type ${there.type ?? 'another program gave it'}. Rename the table, so that it is made anew, or write the stream with overwrite.`,
  );
}
