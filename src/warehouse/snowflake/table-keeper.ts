import type { SnowflakeConfig } from '../../config/snowflake.js';
import { WarehouseConfigError } from '../../errors.js';
import { log } from '../../log.js';
import { fieldOfComment } from '../names.js';
import { type ExistingColumn, type Placement, place } from '../placement.js';
import type { Column, Target } from '../target.js';
import { beginning, qualified, SNOWFLAKE_NAMES } from './quote.js';
import { METADATA } from './rows.js';
import type { Steps } from './steps.js';
import { addColumns, columnPortions, commentOn, createTable, describeTable, newColumns } from './tables.js';
import { existingType, newType, type SqlType } from './types.js';

/** A column as DESCRIBE shows it. */
interface Described extends ExistingColumn {
  /** null: a type that no value of ours has, which `described` names. */
  sqlType: SqlType | null;
  described: string;
  nullable: boolean;
  hasDefault: boolean;
}

/** Where a target's columns are in its table, and what they take. */
interface Placed extends Placement {
  types: SqlType[];
  /** What the table was found to have; null: there was no table. */
  found: readonly Described[] | null;
}

/**
 * Knows a run's tables, makes them, and adds the columns they lack. Each table is looked at once a run. No column is renamed,
 * dropped, or given another type: of what {@link place} could widen, Snowflake's ALTER TABLE changes nothing, a number's scale
 * least of all (https://docs.snowflake.com/en/sql-reference/sql/alter-table-column).
 */
export class TableKeeper {
  readonly #config: SnowflakeConfig;
  readonly #schemas = new Set<string>();
  /** null: there is no such table. */
  readonly #described = new Map<string, Described[] | null>();
  /** By the targets as their streams are, and as they are placed. */
  readonly #placed = new Map<Target, Placed>();
  readonly #made = new Set<Target>();

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

  /** The tables in a target's schema whose names begin with a text. */
  async namesLike(steps: Steps, { schema }: Target, start: string): Promise<string[]> {
    const place = qualified(this.#config.database, schema);
    const found = (await steps.runIfThere(`SHOW TERSE TABLES LIKE ${beginning(start)} IN SCHEMA ${place}`)) ?? [];
    return found.map(({ name }) => String(name)).filter((name) => name.startsWith(start));
  }

  /**
   * The stream with the columns that its table has, or is to have, for it; found once a run. Throws a WarehouseConfigError where
   * what has the table's name cannot be written to.
   */
  async placed(steps: Steps, target: Target): Promise<Target> {
    return (await this.#place(steps, target)).target;
  }

  /** What a target's columns take: of a placed one, in its table; else in a table that is made anew. */
  newTypes(target: Target): SqlType[] {
    return this.#placed.get(target)?.types ?? target.columns.map(({ type }) => newType(type));
  }

  /**
   * Sees to it that there is a table with the target's columns.
   *
   * @returns what the columns take, which in a table that was there may be other types than new ones would have
   */
  async make(steps: Steps, target: Target): Promise<SqlType[]> {
    const placed = await this.#place(steps, target);
    if (this.#made.has(placed.target)) return placed.types;
    if (placed.found === null) await this.#create(steps, placed);
    else await this.#complete(steps, placed);
    this.#made.add(placed.target);
    return placed.types;
  }

  /** The same for a table beside a stream's own, which has the columns of that one: they are not placed anew. */
  async makeBeside(steps: Steps, target: Target): Promise<SqlType[]> {
    const types = target.columns.map(({ type }) => newType(type));
    if (this.#made.has(target)) return types;
    const found = await this.#describe(steps, target);
    const known = new Set(found?.map(({ name }) => name));
    const added = target.columns.filter(({ name }) => !known.has(name));
    const placed = { target, types, found, added, widened: [], claimed: [] };
    if (found === null) await this.#create(steps, placed);
    else await this.#complete(steps, placed);
    this.#made.add(target);
    return types;
  }

  async #place(steps: Steps, target: Target): Promise<Placed> {
    const known = this.#placed.get(target);
    if (known) return known;
    const found = await this.#describe(steps, target);
    const placement = place(target, found ?? [], SNOWFLAKE_NAMES);
    if (found) this.#refuseForeign(placement.target, found);
    const byName = new Map(found?.map((column) => [column.name, column]));
    const types = placement.target.columns.map(({ name, type }) => byName.get(name)?.sqlType ?? newType(type));
    const placed = { ...placement, types, found };
    this.#placed.set(target, placed);
    this.#placed.set(placement.target, placed);
    return placed;
  }

  async #create(steps: Steps, { target, types }: Placed): Promise<void> {
    await this.makeSchema(steps, target.schema);
    const table = this.fullName(target);
    const [first = [], ...rest] = columnPortions(newColumns(target, types));
    const needs = `CREATE TABLE ON SCHEMA ${qualified(this.#config.database, target.schema)}`;
    await steps.run(createTable(table, first, this.#config.retentionDays), { needs });
    for (const portion of rest) await steps.run(addColumns(table, portion));
    this.#described.delete(table);
  }

  async #complete(steps: Steps, { target, types, added, claimed }: Placed): Promise<void> {
    const table = this.fullName(target);
    const missing = newColumns(target, types).filter((_, i) => added.includes(target.columns[i] as Column));
    for (const portion of columnPortions(missing)) {
      await steps.run(addColumns(table, portion), { needs: `OWNERSHIP ON TABLE ${table}` });
    }
    for (const column of claimed) await steps.run(commentOn(table, column), { needs: `OWNERSHIP ON TABLE ${table}` });
    for (const { name, field } of target.cleared) {
      log.info(
        `${target.table}.${name} has no values any more: of ${JSON.stringify(field)}, new versions have NULL there.`,
      );
    }
  }

  #refuseForeign(target: Target, found: readonly Described[]): void {
    const names = new Set(found.map(({ name }) => name));
    const lacking = METADATA.filter(({ name }) => !names.has(name));
    if (lacking.length > 0) {
      throw new WarehouseConfigError(
        `There is already a table or view ${target.table} that hubflake did not make: it has no column ${lacking[0]?.name}. Rename it, or set "name" of the object or table_name.`,
      );
    }
    const cleared = new Set(target.cleared.map(({ name }) => name));
    const ours = new Set([...METADATA, ...target.columns].map(({ name }) => name));
    for (const { name, sqlType, described, nullable, hasDefault } of found) {
      if (sqlType === null && cleared.has(name)) {
        throw new WarehouseConfigError(
          `The column ${name} of the table ${target.table} has the type ${described}, which no value of HubSpot's fits. Rename or drop the column.`,
        );
      }
      if (nullable || hasDefault || ours.has(name)) continue;
      throw new WarehouseConfigError(
        `The column ${name} of the table ${target.table} is NOT NULL, but HubSpot has no such field. Run: ALTER TABLE ${this.fullName(target)} ALTER COLUMN "${name}" DROP NOT NULL`,
      );
    }
  }

  async #describe(steps: Steps, target: Target): Promise<Described[] | null> {
    const name = this.fullName(target);
    const known = this.#described.get(name);
    if (known !== undefined) return known;
    const described = await describeColumns(steps, name);
    this.#described.set(name, described.length > 0 ? described : null);
    return described.length > 0 ? described : null;
  }
}

/** The columns of a table or view; none where there is no such. */
export async function describeColumns(steps: Steps, name: string): Promise<Described[]> {
  const rows = (await steps.runIfThere(describeTable(name))) ?? [];
  return rows.map((row) => {
    const sqlType = existingType(String(row.type));
    return {
      name: String(row.name),
      field: fieldOfComment(row.comment as string | null),
      type: sqlType?.kind ?? null,
      sqlType,
      described: String(row.type),
      nullable: row['null?'] !== 'N',
      hasDefault: row.default !== null,
    };
  });
}
