import { tell } from '../../activity.js';
import type { SnowflakeConfig } from '../../config/snowflake/snowflake.js';
import { WarehouseConfigError } from '../../errors.js';
import { log } from '../../log.js';
import { type ColumnMapping, mapColumns, newMapping, type TableColumns } from '../tables/column-mapping.js';
import type { TableName, TableWrite } from '../tables/destination-table.js';
import { rawMapping, rawTarget } from '../tables/raw-form.js';
import { planTable, sideColumns } from '../tables/table-plan.js';
import type { Target } from '../target.js';
import { type DescribedColumn, describeColumns, refuseUnusable } from './described-columns.js';
import { schemaMissing } from './session/faults.js';
import type { StatementRunner } from './session/statement-runner.js';
import { pattern, qualified, SNOWFLAKE_NAMES } from './sql/quote.js';
import { addColumns, columnPortions, commentOn, createTable, newColumns } from './sql/tables.js';
import { newType, type SqlType } from './sql/types.js';

/** A copy that is soon dropped is worth neither Fail-safe nor Time Travel: of both, its storage would be paid for a week. */
const SIDE = { transient: true, retentionDays: 0 };

/** A table's columns, and what they take. */
interface TypedColumns extends Omit<TableColumns, 'added'> {
  types: SqlType[];
  /** What the table was found to have; none: there was no table. */
  found: readonly DescribedColumn[];
}

/**
 * Knows a run's tables, makes them, and adds the columns they lack. Each table is looked at once a run. No column is renamed,
 * dropped, or given another type: Snowflake's ALTER TABLE can make none of the changes by which {@link mapColumns}
 * widens a column, such as to a greater scale (https://docs.snowflake.com/en/sql-reference/sql/alter-table-column).
 */
export class TableKeeper {
  readonly #config: SnowflakeConfig;
  readonly #isRaw: boolean;
  /** Told of each table that was created. */
  readonly #onCreated: (table: TableName) => void;
  readonly #schemas = new Set<string>();
  /** By full name; none: there is no such table. */
  readonly #described = new Map<string, DescribedColumn[]>();
  readonly #own = new Map<Target, TypedColumns>();
  /** The full names of the tables that have all columns. */
  readonly #made = new Set<string>();

  constructor(config: SnowflakeConfig, isRaw: boolean, onCreated: (table: TableName) => void) {
    this.#config = config;
    this.#isRaw = isRaw;
    this.#onCreated = onCreated;
  }

  fullName({ schema, table }: TableName): string {
    return qualified(this.#config.database, schema, table);
  }

  /** A schema that is known to be there. */
  hasSchema(schema: string): void {
    this.#schemas.add(schema);
  }

  async makeSchema(steps: StatementRunner, schema: string): Promise<void> {
    if (this.#schemas.has(schema)) return;
    const { database, createSchema } = this.#config;
    const needs = `CREATE SCHEMA ON DATABASE ${qualified(database)}`;
    for (const statement of this.schemaStatements(schema)) await steps.run(statement, { needs });
    if (!createSchema) {
      const found = await steps.run(`SHOW TERSE SCHEMAS LIKE ${pattern(schema)} IN DATABASE ${qualified(database)}`);
      if (!found.some(({ name }) => name === schema))
        throw new WarehouseConfigError(schemaMissing(this.#config, schema, []));
    }
    this.#schemas.add(schema);
  }

  /** What {@link makeSchema} runs. */
  schemaStatements(schema: string): string[] {
    if (this.#schemas.has(schema) || !this.#config.createSchema) return [];
    return [`CREATE SCHEMA IF NOT EXISTS ${qualified(this.#config.database, schema)}`];
  }

  async isThere(steps: StatementRunner, table: TableName): Promise<boolean> {
    return (await this.#describe(steps, table)).length > 0;
  }

  /** The fields that the stream's table has no column for. */
  async lacking(steps: StatementRunner, target: Target): Promise<string[]> {
    const { mapping, found } = await this.#columns(steps, target);
    return planTable({ mapping, widened: [], claimed: [] }, found, SNOWFLAKE_NAMES).added.map(({ field }) => field);
  }

  /**
   * The fields of a stream whose columns have a masking policy. Throws a WarehouseConfigError where such a column marks
   * tombstones: then live rows cannot be told from others.
   */
  async masked(steps: StatementRunner, target: Target): Promise<string[]> {
    const { mapping, found } = await this.#columns(steps, target);
    const hidden = new Map(found.flatMap(({ name, policy }) => (policy === null ? [] : [[name, policy] as const])));
    for (const { column } of this.#isRaw ? [] : mapping.marks)
      refuseHidden(target, column.name, hidden.get(column.name));
    return mapping.columns.flatMap(({ field, name }) => (hidden.has(name) ? [field] : []));
  }

  /**
   * Where the stream's fields lie in its table, or are to lie; found once a run. A raw table has no columns for them: they lie in its
   * view. Throws a WarehouseConfigError where what has the table's name cannot be written to.
   */
  async mapColumns(steps: StatementRunner, target: Target): Promise<ColumnMapping> {
    return this.#isRaw ? newMapping(target) : (await this.#columns(steps, target)).mapping;
  }

  /** Throws a WarehouseConfigError where what has the table's name cannot be written to. */
  async refuseUnusable(steps: StatementRunner, target: Target): Promise<void> {
    await this.#columns(steps, target);
  }

  /** What a mapping's columns take in the stream's own table; in one that is made anew, what new columns take. */
  typesOf(target: Target, { columns }: ColumnMapping): SqlType[] {
    const own = this.#isRaw ? undefined : this.#own.get(target);
    return own?.types ?? columns.map(({ type }) => newType(type));
  }

  /**
   * Sees to it that there is a table with the mapping's columns.
   *
   * @returns what the mapping's columns take, which in a table that was there may be other types than new ones would have
   */
  async make(steps: StatementRunner, write: TableWrite): Promise<SqlType[]> {
    const { target, mapping, destination } = write;
    const columns = await this.#columnsAt(steps, write);
    const name = this.fullName(destination);
    if (!this.#made.has(name)) {
      if (columns.found.length === 0) await this.#create(steps, write, columns);
      else await this.#complete(steps, write, columns);
      this.#made.add(name);
    }
    return this.#isRaw ? this.typesOf(target, mapping) : columns.types;
  }

  /** What {@link make} runs: nothing where the table has all. */
  async statements(steps: StatementRunner, write: TableWrite): Promise<string[]> {
    return this.#statements(write, await this.#columnsAt(steps, write));
  }

  /** The columns of the table that is written to. A side table has those of the stream's own, as new ones. */
  async #columnsAt(steps: StatementRunner, { target, mapping, destination }: TableWrite): Promise<TypedColumns> {
    if (!destination.isSide) return this.#columns(steps, target);
    const columns = this.#isRaw ? rawMapping(mapping) : mapping;
    return {
      ...sideColumns(columns),
      types: columns.columns.map(({ type }) => newType(type)),
      found: await this.#describe(steps, destination),
    };
  }

  /** The columns of the stream's own table. */
  async #columns(steps: StatementRunner, target: Target): Promise<TypedColumns> {
    const known = this.#own.get(target);
    if (known) return known;
    const found = await this.#describe(steps, target);
    const columns = mapColumns(this.#isRaw ? rawTarget(target) : target, found, SNOWFLAKE_NAMES);
    const { mapping } = columns;
    const examined = { table: target.table, fullName: this.fullName(target), mapping, isRaw: this.#isRaw };
    if (found.length > 0) refuseUnusable(examined, found);
    const byName = new Map(found.map((column) => [column.name, column]));
    const types = mapping.columns.map(({ name, type }) => byName.get(name)?.sqlType ?? newType(type));
    const own = { ...columns, types, found };
    this.#own.set(target, own);
    return own;
  }

  async #create(steps: StatementRunner, write: TableWrite, columns: TypedColumns): Promise<void> {
    const { destination } = write;
    await this.makeSchema(steps, destination.schema);
    const needs = `CREATE TABLE ON SCHEMA ${qualified(this.#config.database, destination.schema)}`;
    for (const statement of this.#statements(write, columns)) await steps.run(statement, { needs });
    this.#described.delete(this.fullName(destination));
    this.#onCreated(destination);
  }

  async #complete(steps: StatementRunner, write: TableWrite, columns: TypedColumns): Promise<void> {
    const { destination } = write;
    const needs = `OWNERSHIP ON TABLE ${this.fullName(destination)}`;
    for (const statement of this.#statements(write, columns)) await steps.run(statement, { needs });
    if (destination.isSide) return;
    const { added } = planTable(columns, columns.found, SNOWFLAKE_NAMES);
    const { stream, table } = write.target;
    if (added.length > 0) tell('columns', { stream, table, columns: added.map(({ name }) => name) });
    for (const { name, field } of columns.mapping.cleared) {
      log.info(
        `${destination.table}.${name} gets no more values of ${JSON.stringify(field)}: new versions of rows have NULL there.`,
      );
    }
  }

  #statements({ destination }: TableWrite, columns: TypedColumns): string[] {
    const { mapping, types, found } = columns;
    const table = this.fullName(destination);
    const { isNew, added, claimed } = planTable(columns, found, SNOWFLAKE_NAMES);
    const lacking = newColumns(
      { columns: added },
      added.map((column) => types[mapping.columns.indexOf(column)] ?? newType(column.type)),
    );
    const portions = [...columnPortions(lacking)];
    if (!isNew) {
      return [
        ...portions.map((portion) => addColumns(table, portion)),
        ...claimed.map((column) => commentOn(table, column)),
      ];
    }
    const [first = [], ...rest] = portions;
    return [
      createTable(table, first, destination.isSide ? SIDE : this.#config),
      ...rest.map((portion) => addColumns(table, portion)),
    ];
  }

  async #describe(steps: StatementRunner, table: TableName): Promise<DescribedColumn[]> {
    const name = this.fullName(table);
    const known = this.#described.get(name) ?? (await describeColumns(steps, name));
    this.#described.set(name, known);
    return known;
  }
}

function refuseHidden({ table }: Target, column: string, policy: string | undefined): void {
  if (policy === undefined) return;
  throw new WarehouseConfigError(
    `The column ${column} of the table ${table} has the masking policy ${policy}, so that live rows cannot be told from others. Let this role see it, and verify again.`,
  );
}
