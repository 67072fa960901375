import { randomUUID } from 'node:crypto';
import { WarehouseConfigError } from '../../errors.js';
import type { FoundTable } from '../kept-table.js';
import { fieldOfComment, type NameRules } from '../names.js';
import { type ExistingColumn, type Placement, place, placeInView } from '../placement.js';
import { PAYLOAD, rawTarget } from '../raw-form.js';
import { type Target, VIEW_SUFFIX } from '../target.js';
import { existingType, widens } from './sql/columns.js';
import * as raw from './sql/raw.js';
import * as schema from './sql/schema.js';
import * as sql from './sql/sql.js';

/** DuckDB takes identifiers as they are given, and tells them apart without regard to case. */
export const DUCKDB_NAMES: NameRules = {
  identifier: (name) => name,
  same: (name) => name.toLowerCase(),
  longest: 255,
};

/**
 * Until a transaction ends, DuckDB keeps a copy of all columns from before each statement that changes one: 1.2 GB, where a table of
 * 2,000 gets its comments (measured).
 */
const MOST_TOGETHER = 100;

/** Thrown where a table takes more statements than should be in one transaction. */
export class TooManyStatements extends Error {
  readonly statements: readonly string[];

  constructor(statements: readonly string[]) {
    super(`${statements.length} statements make the table`);
    this.statements = statements;
  }

  /** Those that may be run together. */
  *steps(): Iterable<readonly string[]> {
    for (let i = 0; i < this.statements.length; i += MOST_TOGETHER) yield this.statements.slice(i, i + MOST_TOGETHER);
  }
}

/** A column as it is there. */
interface FoundColumn extends ExistingColumn {
  /** Whether a row needs a value of it. */
  isRequired: boolean;
}

/** How the keeper gets at the file. */
interface Connection {
  run(statement: string): Promise<void>;
  rows(query: string): Promise<Record<string, unknown>[]>;
}

/** Knows the tables and views of a run, makes them, and gives them the columns they lack. */
export class TableKeeper {
  readonly #connection: Connection;
  readonly #isRaw: boolean;
  readonly #placements = new Map<Target, Placement>();
  /** The placements' targets, as their streams were given. */
  readonly #given = new Map<Target, Target>();

  constructor(connection: Connection, isRaw: boolean) {
    this.#connection = connection;
    this.#isRaw = isRaw;
  }

  /** The stream with the columns that its table has for it; found once a run. Of a raw table, which has none, the stream. */
  async placed(target: Target): Promise<Target> {
    if (this.#isRaw) return target;
    let placement = this.#placements.get(target);
    if (!placement) {
      placement = place(target, await this.columns(target), DUCKDB_NAMES, widens);
      this.#placements.set(target, placement);
      this.#given.set(placement.target, target);
    }
    return placement.target;
  }

  /**
   * Sees to it that there is a table with the target's columns: creates it, or adds the columns it lacks. Throws a
   * WarehouseConfigError where a table of that name is not ours, and TooManyStatements.
   *
   * @param target from {@link placed}, or a table beside it, which has no view
   */
  async make(target: Target, withView = true): Promise<void> {
    const statements = await this.statements(target, withView);
    if (statements.length > MOST_TOGETHER) throw new TooManyStatements(statements);
    for (const statement of statements) await this.#connection.run(statement);
  }

  /** What {@link make} runs: nothing where the table has all. Changes nothing. */
  async statements(target: Target, withView = true): Promise<string[]> {
    const existing = await this.columns(target);
    if (existing.length > 0) await this.#refuseForeign(target, existing);
    if (this.#isRaw) return this.#makeRaw(target, existing.length === 0, withView);
    const isNew = existing.length === 0;
    const created = isNew ? [sql.createSchema(target), sql.createTable(target), marked(target)] : [];
    return [...created, ...this.#complete(target, existing)];
  }

  /** The table's columns that are neither the target's, nor those that it leaves empty, nor metadata: another program's. */
  async others(target: Target): Promise<string[]> {
    const { columns, cleared } = this.#isRaw ? rawTarget(target) : target;
    const names = [...sql.METADATA.map(([name]) => name), ...[...columns, ...cleared].map(({ name }) => name)];
    const known = new Set(names.map(DUCKDB_NAMES.same));
    return (await this.columns(target)).map(({ name }) => name).filter((name) => !known.has(DUCKDB_NAMES.same(name)));
  }

  /** The tables of a schema, by name. */
  async look(place: string): Promise<ReadonlyMap<string, FoundTable>> {
    const rows = await this.#connection.rows(schema.listTables(place));
    return new Map(
      rows.map(({ name, comment, columns }) => [
        DUCKDB_NAMES.same(String(name)),
        { identity: String(comment ?? ''), columns: (columns as string[]).map(DUCKDB_NAMES.same) },
      ]),
    );
  }

  /** The fields that a stream's table has no column for. */
  async lacking(target: Target): Promise<string[]> {
    await this.placed(target);
    return (this.#placements.get(target)?.added ?? []).map(({ field }) => field);
  }

  /** The columns of a table or view; none where there is no such. */
  async columns(table: Pick<Target, 'schema' | 'table'>): Promise<FoundColumn[]> {
    const rows = await this.#connection.rows(schema.describe(table));
    return rows.map(({ name, type, comment, required }) => ({
      name: String(name),
      isRequired: required === true,
      type: existingType(String(type)),
      field: fieldOfComment(comment as string | null),
    }));
  }

  async #refuseForeign(target: Target, existing: readonly FoundColumn[]): Promise<void> {
    const otherwise = 'Rename it, or set "name" of the object or table_name.';
    const [tables] = await this.#connection.rows(schema.countTables(target));
    if (Number(tables?.rows) === 0) {
      throw new WarehouseConfigError(`There is a view in the place of the table ${target.table}. ${otherwise}`);
    }
    if (!existing.some(({ name }) => isSame(name, '_airbyte_extracted_at'))) {
      throw new WarehouseConfigError(
        `There is already a table ${target.table} that hubflake did not make. ${otherwise}`,
      );
    }
    const { columns } = this.#isRaw ? rawTarget(target) : target;
    const ours = new Set(
      [...sql.METADATA.map(([name]) => name), ...columns.map(({ name }) => name)].map(DUCKDB_NAMES.same),
    );
    const foreign = existing.find(({ name, isRequired }) => isRequired && !ours.has(DUCKDB_NAMES.same(name)));
    if (foreign === undefined) return;
    throw new WarehouseConfigError(
      `The column ${foreign.name} of the table ${target.table} is NOT NULL, but HubSpot has no such field. Run: ` +
        `ALTER TABLE ${sql.tableName(target)} ALTER COLUMN ${sql.identifier(foreign.name)} DROP NOT NULL`,
    );
  }

  #complete(target: Target, existing: readonly ExistingColumn[]): string[] {
    const { widened = [], claimed = [] } = this.#placements.get(this.#given.get(target) ?? target) ?? {};
    const there = new Map(existing.map((column) => [DUCKDB_NAMES.same(column.name), column]));
    return target.columns.flatMap((column) => {
      const known = there.get(DUCKDB_NAMES.same(column.name));
      return [
        ...(!known && existing.length > 0 ? [schema.addColumn(target, column)] : []),
        ...(!known || claimed.includes(column) ? [schema.commentOn(target, column)] : []),
        ...(known && known.type !== column.type && widened.includes(column)
          ? [schema.widenColumn(target, column)]
          : []),
      ];
    });
  }

  async #makeRaw(target: Target, isNew: boolean, withView: boolean): Promise<string[]> {
    const table = rawTarget(target);
    if (!isNew && !(await this.columns(target)).some(({ name }) => isSame(name, PAYLOAD.name))) {
      throw new WarehouseConfigError(
        `The table ${target.table} is not of the form "raw": it has no column ${PAYLOAD.name}. Rename it, or set table_form or table_name.`,
      );
    }
    const created = [
      sql.createSchema(table),
      sql.createTable(table),
      marked(table),
      ...table.columns.map((column) => schema.commentOn(table, column)),
    ];
    return [...(isNew ? created : []), ...(withView ? await this.#makeView(target) : [])];
  }

  /** The view keeps every column that it has, also those whose fields are gone: the payloads may still hold them. */
  async #makeView(target: Target): Promise<string[]> {
    const view = { schema: target.schema, table: target.table + VIEW_SUFFIX };
    const [tables] = await this.#connection.rows(schema.countTables(view));
    if (Number(tables?.rows) > 0) {
      throw new WarehouseConfigError(
        `The view ${view.table} of the table ${target.table} cannot be made: there is a table of that name. Rename it, or set "name" of the object or table_name.`,
      );
    }
    const columns = placeInView(target, await this.columns(view), DUCKDB_NAMES);
    if (columns === null) return [];
    return [raw.createView({ ...target, columns }), ...columns.map((column) => schema.commentOn(view, column))];
  }
}

/** @returns a statement that makes a table one of its own: dropped and made anew, it is another one */
function marked(target: Target): string {
  return schema.markTable(target, `hubflake ${randomUUID()}`);
}

function isSame(a: string, b: string): boolean {
  return DUCKDB_NAMES.same(a) === DUCKDB_NAMES.same(b);
}
