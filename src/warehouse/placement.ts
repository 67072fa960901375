import { WarehouseConfigError } from '../errors.js';
import { type ColumnType, canTake, isSemiStructured } from './column-types.js';
import { METADATA_COLUMNS, type NameRules, namesBeside, namesOf, TakenNames } from './names.js';
import type { Column, Target } from './target.js';

/** A column that a table, or a view, has. */
export interface ExistingColumn {
  name: string;
  /** The field it was made for; null: not known, as where another program made it. */
  field: string | null;
  /** null: a type that no value of ours has. */
  type: ColumnType | null;
}

/** Where the fields of a stream lie in a table that is there. */
export interface Placement {
  /** The stream with the names of the columns that its values go to, and what these take. */
  target: Target;
  /** The columns that the table lacks. */
  added: Column[];
  /** The columns whose type is to be changed in place, which loses nothing. */
  widened: Column[];
  /** The columns whose comment is to name another field. */
  claimed: Column[];
}

/** In place, without loss: what the warehouse can make of a column that has values. */
export type Widens = (from: ColumnType, to: ColumnType) => boolean;

/**
 * Finds each field's column in a table. Nothing is renamed or dropped (docs/decisions/0009-columns.md):
 *
 * - A field keeps the column that was made for it, whatever fields come before it now. A column whose field is gone goes to a
 *   field that would have that name: a field renamed in case only goes on in its column.
 * - A column that cannot take the field's type, and cannot be widened, stays as it is; the values go to a new one beside it.
 * - Columns of fields that are gone, or have moved on, are listed in `target.cleared`, so that a row's new version does not keep
 *   what an old one said.
 *
 * Throws a WarehouseConfigError where the key or the cursor of a deduplicated table would have to move.
 */
export function place(
  target: Target,
  existing: readonly ExistingColumn[],
  rules: NameRules,
  widens: Widens = () => false,
): Placement {
  const metadata = new Set(METADATA_COLUMNS.map((name) => rules.same(rules.identifier(name, 'column'))));
  const columns = existing.filter(({ name }) => !metadata.has(rules.same(name)));
  const owned = ownColumns(target, columns, rules);
  const taken = new TakenNames(
    rules,
    existing.map(({ name }) => name),
  );
  const placement: Placement = { target, added: [], widened: [], claimed: [] };
  const kept = new Set<ExistingColumn>();
  const placed = target.columns.map((column): Column => {
    const own = owned.get(column.field) ?? [];
    const found = bestOf(own, column.type, widens) ?? unmarkedBeside(column, own, columns, kept, rules);
    if (!found) {
      const { field, type } = column;
      const name = taken.take(own.length > 0 ? namesBeside(field, type, rules) : namesOf(field, rules));
      const added = { ...column, name };
      if (own.length > 0) refuseToMove(target, column, own[0] as ExistingColumn);
      placement.added.push(added);
      return added;
    }
    kept.add(found);
    const there = { ...column, name: found.name, type: typeIn(found, column.type) };
    if (isWider(found, column.type, widens)) {
      there.type = column.type;
      placement.widened.push(there);
    }
    if (found.field !== null && found.field !== column.field) placement.claimed.push(there);
    return there;
  });
  const cleared = columns
    .filter((each) => !kept.has(each) && (each.field !== null || [...owned.values()].some((own) => own.includes(each))))
    .map(({ name, field }) => ({ name, field: field ?? fieldNamed(target, name, rules) }));
  placement.target = withColumns(target, placed, cleared);
  return placement;
}

/**
 * The columns of a raw table's view, which keeps every column that it has: the payloads may still hold fields that are gone.
 *
 * @param existing the columns of the view; none where there is none
 * @returns null where the view has them all
 */
export function placeInView(target: Target, existing: readonly ExistingColumn[], rules: NameRules): Column[] | null {
  // A view keeps no values, so that nothing in it can be in the wrong column.
  const { target: placed, added, claimed } = place({ ...target, mode: 'append' }, existing, rules);
  if (existing.length > 0 && added.length === 0 && claimed.length === 0) return null;
  const kept = placed.cleared.flatMap(({ name, field }): Column[] => {
    const type = existing.find((column) => column.name === name)?.type;
    return field === null || !type ? [] : [{ field, name, type, comment: null }];
  });
  return [...placed.columns, ...kept];
}

/** The stream with other columns in place of its own, one for one. */
export function withColumns(target: Target, columns: Column[], cleared: Target['cleared'] = []): Target {
  const of = <T extends Column | null>(column: T): T =>
    (column === null ? null : columns[target.columns.indexOf(column)]) as T;
  return {
    ...target,
    columns,
    cleared,
    key: target.key.map(of),
    cursor: of(target.cursor),
    marks: target.marks.map((mark) => ({ ...mark, column: of(mark.column) })),
    deletedAt: of(target.deletedAt),
  };
}

/** The columns that are each field's: those made for it, or else one of its names that no field of today has. */
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
    const name = namesOf(field, rules).find((each) => free.has(rules.same(each)));
    if (name === undefined) continue;
    owned.set(field, [free.get(rules.same(name)) as ExistingColumn]);
    free.delete(rules.same(name));
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
 * The column beside a field's own of another type, where its comment was overwritten, by its name. Otherwise each run would make one
 * more.
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

/** What a column's values are made to be: lists and objects stay so in a column of any JSON. */
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

/** In a new column older rows would have no key, and come a second time; without a cursor they could go backwards. */
function refuseToMove(target: Target, column: Column, there: ExistingColumn): void {
  if (target.mode !== 'append_dedup') return;
  const role = target.key.includes(column) ? 'key' : column === target.cursor ? 'cursor' : null;
  if (role === null) return;
  throw new WarehouseConfigError(
    `The ${role} "${column.field}" of the stream "${target.stream}" is now of the type ${column.type}, and the column ${there.name} of the table ${target.table} is of the type ${there.type ?? 'another program gave it'}. Rename the table, so that it is made anew, or write the stream with overwrite.`,
  );
}
