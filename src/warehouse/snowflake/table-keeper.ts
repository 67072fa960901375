import type { SnowflakeConfig } from '../../config/snowflake.js';
import { WarehouseConfigError } from '../../errors.js';
import { log } from '../../log.js';
import type { Target } from '../target.js';
import { qualified } from './quote.js';
import { METADATA } from './rows.js';
import type { Steps } from './steps.js';
import { addColumns, createTable, describeTable, newColumns } from './tables.js';
import { existingType, newType, type SqlType } from './types.js';

/** A table as DESCRIBE shows it: the columns' types by their names. */
type Described = Map<string, { type: string; nullable: boolean; hasDefault: boolean }>;

/**
 * Knows a run's tables, makes them, and adds the columns they lack. Each table is looked at once a run. A table is never
 * narrowed: no column is renamed or dropped, and one that is there keeps its type.
 */
export class TableKeeper {
  readonly #config: SnowflakeConfig;
  readonly #schemas = new Set<string>();
  /** null: there is no such table. */
  readonly #described = new Map<string, Described | null>();
  readonly #types = new Map<Target, SqlType[]>();

  constructor(config: SnowflakeConfig) {
    this.#config = config;
  }

  fullName({ schema, table }: Pick<Target, 'schema' | 'table'>): string {
    return qualified(this.#config.database, schema, table);
  }

  /** A schema that is known to be there. */
  hasSchema(schema: string): void {
    this.#schemas.add(schema);
  }

  async makeSchema(steps: Steps, schema: string): Promise<void> {
    if (this.#schemas.has(schema)) return;
    const { database } = this.#config;
    const needs = `CREATE SCHEMA ON DATABASE ${qualified(database)}`;
    await steps.run(`CREATE SCHEMA IF NOT EXISTS ${qualified(database, schema)}`, { needs });
    this.#schemas.add(schema);
  }

  /** Whether a target's table is there. */
  async isThere(steps: Steps, target: Target): Promise<boolean> {
    return (await this.#describe(steps, target)) !== null;
  }

  /** The types of a target's columns in a table that is made anew. */
  newTypes(target: Target): SqlType[] {
    return target.columns.map(({ type }) => newType(type));
  }

  /**
   * Sees to it that there is a table with the target's columns. Throws a WarehouseConfigError where what has its name cannot
   * be written to.
   *
   * @returns what the columns take, which in a table that was there may be other types than new ones would have
   */
  async make(steps: Steps, target: Target): Promise<SqlType[]> {
    const known = this.#types.get(target);
    if (known) return known;
    const described = await this.#describe(steps, target);
    const types =
      described === null ? await this.#create(steps, target) : await this.#complete(steps, target, described);
    this.#types.set(target, types);
    return types;
  }

  async #create(steps: Steps, target: Target): Promise<SqlType[]> {
    await this.makeSchema(steps, target.schema);
    const types = this.newTypes(target);
    const text = createTable(this.fullName(target), newColumns(target, types), this.#config.retentionDays);
    await steps.run(text, { needs: `CREATE TABLE ON SCHEMA ${qualified(this.#config.database, target.schema)}` });
    this.#described.delete(this.fullName(target));
    return types;
  }

  async #complete(steps: Steps, target: Target, described: Described): Promise<SqlType[]> {
    this.#refuseForeign(target, described);
    const types = target.columns.map((column) => {
      const there = described.get(column.name);
      if (!there) return newType(column.type);
      const type = existingType(there.type);
      if (type === null) {
        throw new WarehouseConfigError(
          `The column ${column.name} of the table ${target.table} has the type ${there.type}, which no value of HubSpot's fits. Rename or drop the column.`,
        );
      }
      if (type.kind !== column.type) {
        log.info(`${target.table}.${column.name} is ${there.type} and stays so; values that do not fit become NULL.`);
      }
      return type;
    });
    const missing = newColumns(target, types).filter(({ name }) => !described.has(name));
    if (missing.length > 0) {
      const needs = `OWNERSHIP ON TABLE ${this.fullName(target)}`;
      await steps.run(addColumns(this.fullName(target), missing), { needs });
    }
    return types;
  }

  #refuseForeign(target: Target, described: Described): void {
    const lacking = METADATA.filter(({ name }) => !described.has(name));
    if (lacking.length > 0) {
      throw new WarehouseConfigError(
        `There is already a table or view ${target.table} that hubflake did not make: it has no column ${lacking[0]?.name}. Rename it, or set "name" of the object or table_name.`,
      );
    }
    const ours = new Set([...METADATA, ...target.columns].map(({ name }) => name));
    for (const [name, { nullable, hasDefault }] of described) {
      if (nullable || hasDefault || ours.has(name)) continue;
      throw new WarehouseConfigError(
        `The column ${name} of the table ${target.table} is NOT NULL, but HubSpot has no such field. Run: ALTER TABLE ${this.fullName(target)} ALTER COLUMN "${name}" DROP NOT NULL`,
      );
    }
  }

  async #describe(steps: Steps, target: Target): Promise<Described | null> {
    const name = this.fullName(target);
    const known = this.#described.get(name);
    if (known !== undefined) return known;
    const rows = await steps.runIfThere(describeTable(name));
    const described =
      rows &&
      new Map(
        rows.map((row) => [
          String(row.name),
          { type: String(row.type), nullable: row['null?'] !== 'N', hasDefault: row.default !== null },
        ]),
      );
    this.#described.set(name, described);
    return described;
  }
}
