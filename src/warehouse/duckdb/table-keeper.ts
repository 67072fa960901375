import { randomUUID } from 'node:crypto';
import { tell } from '../../activity.js';
import { WarehouseConfigError } from '../../errors.js';
import type { FoundTable } from '../kept-table.js';
import type { NameRules } from '../names.js';
import {
  type ColumnMapping,
  type ExistingColumn,
  mapColumns,
  mapView,
  newMapping,
  type TableColumns,
} from '../tables/column-mapping.js';
import type { TableName, TableWrite } from '../tables/destination-table.js';
import { PAYLOAD, rawMapping } from '../tables/raw-form.js';
import { planTable, refuseRequired, sideColumns } from '../tables/table-plan.js';
import { type Target, VIEW_SUFFIX } from '../target.js';
import { type Found, type FoundColumn, FoundTables, type TableFinder } from './found-tables.js';
import { widens } from './sql/columns.js';
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
 * Statements in one transaction. Until it ends, DuckDB keeps a copy of all columns for each statement that changes one: 1.2 GB for the
 * comments of a table of 2,000 columns (measured).
 */
const MOST_TOGETHER = 100;

/** Thrown where making a table takes more statements than one transaction should have. */
export class TooManyStatements extends Error {
  readonly statements: readonly string[];

  constructor(statements: readonly string[]) {
    super(`${statements.length} statements make the table`);
    this.statements = statements;
  }

  /** The statements, by transactions. */
  *steps(): Iterable<readonly string[]> {
    for (let i = 0; i < this.statements.length; i += MOST_TOGETHER) yield this.statements.slice(i, i + MOST_TOGETHER);
  }
}

/** How the keeper gets at the file. */
interface Connection extends TableFinder {
  run(statement: string): Promise<void>;
}

/** Makes the tables and views of a run, and adds the columns they lack. */
export class TableKeeper {
  readonly #connection: Connection;
  readonly #found: FoundTables;
  readonly #isRaw: boolean;
  readonly #mapped = new Map<Target, TableColumns>();

  constructor(connection: Connection, isRaw: boolean) {
    this.#connection = connection;
    this.#found = new FoundTables(connection, DUCKDB_NAMES.same);
    this.#isRaw = isRaw;
  }

  /** Where the stream's fields lie in its table; found once a run. A raw table has no columns for them: they lie in its view. */
  async mapColumns(target: Target): Promise<ColumnMapping> {
    return this.#isRaw ? newMapping(target) : (await this.#map(target)).mapping;
  }

  /**
   * Sees to it that there is a table with the columns of a write: creates it, or adds the columns it lacks. Throws a
   * WarehouseConfigError where a table of that name is not ours, and TooManyStatements.
   */
  async make(write: TableWrite): Promise<void> {
    const { statements, columns } = await this.#change(write);
    if (statements.length > MOST_TOGETHER) throw new TooManyStatements(statements);
    for (const statement of statements) await this.#connection.run(statement);
    const { stream, table } = write.target;
    if (columns.length > 0) tell('columns', { stream, table, columns });
  }

  /** What {@link make} runs: nothing where the table has all. Changes nothing. */
  async statements(write: TableWrite): Promise<string[]> {
    return (await this.#change(write)).statements;
  }

  /** What a write takes, and the columns that this adds to a stream's own table. */
  async #change(write: TableWrite): Promise<{ statements: string[]; columns: string[] }> {
    const { target, destination: table } = write;
    const existing = await this.columns(table);
    if (existing.length > 0) await this.#refuseForeign(write, existing);
    if (this.#isRaw) return { statements: await this.#makeRaw(write, existing), columns: [] };
    const columns = table.isSide ? sideColumns(write.mapping) : await this.#map(target);
    const { isNew, added, claimed, widened } = planTable(columns, existing, DUCKDB_NAMES);
    const statements = [
      ...(isNew ? [sql.createSchema(table), sql.createTable(table, write.mapping), marked(table)] : []),
      ...added.flatMap((column) => [
        ...(isNew ? [] : [schema.addColumn(table, column)]),
        schema.commentOn(table, column),
      ]),
      ...claimed.map((column) => schema.commentOn(table, column)),
      ...widened.map((column) => schema.widenColumn(table, column)),
    ];
    return { statements, columns: isNew || table.isSide ? [] : added.map(({ name }) => name) };
  }

  /** The table's columns that other programs added: neither the stream's, nor cleared by it, nor metadata. */
  async others({ mapping, destination }: TableWrite): Promise<string[]> {
    const { columns, cleared } = this.#isRaw ? rawMapping(mapping) : mapping;
    const names = [...sql.METADATA.map(([name]) => name), ...[...columns, ...cleared].map(({ name }) => name)];
    const known = new Set(names.map(DUCKDB_NAMES.same));
    const all = await this.columns(destination);
    return all.map(({ name }) => name).filter((name) => !known.has(DUCKDB_NAMES.same(name)));
  }

  /** The tables of a schema, by name. */
  async findTables(place: string): Promise<ReadonlyMap<string, FoundTable>> {
    const all = [...(await this.#found.ofSchema(place))];
    return new Map(all.flatMap(([name, found]) => (found.isView ? [] : [[name, foundTable(found)]])));
  }

  /** A table as it is there; undefined where there is none. */
  async table(name: TableName): Promise<FoundTable | undefined> {
    const found = await this.#found.find(name);
    return found && !found.isView ? foundTable(found) : undefined;
  }

  /** The tables of a schema whose names begin as one does. */
  async namesLike({ schema, table }: TableName): Promise<string[]> {
    const start = DUCKDB_NAMES.same(table);
    const all = [...(await this.#found.ofSchema(schema))];
    return all.flatMap(([name, found]) => (!found.isView && name.startsWith(start) ? [found.name] : []));
  }

  /** The fields that a stream's table has no column for. */
  async lacking(target: Target): Promise<string[]> {
    return this.#isRaw ? [] : (await this.#map(target)).added.map(({ field }) => field);
  }

  /** The columns of a table or view; none where there is no such. */
  async columns(table: TableName): Promise<readonly FoundColumn[]> {
    return (await this.#found.find(table))?.columns ?? [];
  }

  async #map(target: Target): Promise<TableColumns> {
    const known = this.#mapped.get(target) ?? mapColumns(target, await this.columns(target), DUCKDB_NAMES, widens);
    this.#mapped.set(target, known);
    return known;
  }

  async #refuseForeign({ mapping, destination }: TableWrite, existing: readonly FoundColumn[]): Promise<void> {
    const { table } = destination;
    const otherwise = 'Rename it, or set "name" of the object or table_name.';
    if ((await this.#found.find(destination))?.isView) {
      throw new WarehouseConfigError(`There is a view in the place of the table ${table}. ${otherwise}`);
    }
    if (!existing.some(({ name }) => isSame(name, '_airbyte_extracted_at'))) {
      throw new WarehouseConfigError(`There is already a table ${table} that hubflake did not make. ${otherwise}`);
    }
    const columns = this.#isRaw ? rawMapping(mapping) : mapping;
    refuseRequired(table, existing, columns, DUCKDB_NAMES, (name) => sql.shown(schema.dropNotNull(destination, name)));
  }

  async #makeRaw({ target, mapping, destination }: TableWrite, existing: readonly ExistingColumn[]): Promise<string[]> {
    if (existing.length > 0 && !existing.some(({ name }) => isSame(name, PAYLOAD.name))) {
      throw new WarehouseConfigError(
        `The table ${destination.table} is not of the form "raw": it has no column ${PAYLOAD.name}. Rename it, or set table_form or table_name.`,
      );
    }
    const raw = rawMapping(mapping);
    const created = [
      sql.createSchema(destination),
      sql.createTable(destination, raw),
      marked(destination),
      ...raw.columns.map((column) => schema.commentOn(destination, column)),
    ];
    return [...(existing.length === 0 ? created : []), ...(destination.isSide ? [] : await this.#makeView(target))];
  }

  /** The view keeps every column that it has, also those whose fields are gone: the payloads may still hold them. */
  async #makeView(target: Target): Promise<string[]> {
    const view = { schema: target.schema, table: target.table + VIEW_SUFFIX };
    const there = await this.#found.find(view);
    if (there && !there.isView) {
      throw new WarehouseConfigError(
        `The view ${view.table} of the table ${target.table} cannot be made: there is a table of that name. Rename it, or set "name" of the object or table_name.`,
      );
    }
    const columns = mapView(target, there?.columns ?? [], DUCKDB_NAMES);
    if (columns === null) return [];
    return [...raw.createView(target, columns), ...columns.map((column) => schema.commentOn(view, column))];
  }
}

function foundTable({ identity, columns }: Found): FoundTable {
  return { identity, columns: columns.map(({ name }) => DUCKDB_NAMES.same(name)) };
}

/** @returns a statement that gives a table an identity of its own: dropped and made anew, it is another one */
function marked(table: TableName): string {
  return schema.markTable(table, `hubflake ${randomUUID()}`);
}

function isSame(a: string, b: string): boolean {
  return DUCKDB_NAMES.same(a) === DUCKDB_NAMES.same(b);
}
