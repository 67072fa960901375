import type { SnowflakeConfig } from '../../config/snowflake.js';
import { WarehouseConfigError } from '../../errors.js';
import { log } from '../../log.js';
import type { FoundTable } from '../kept-table.js';
import { fieldOfComment } from '../names.js';
import { type ExistingColumn, type Placement, place } from '../placement.js';
import { isRaw, PAYLOAD } from '../raw-form.js';
import type { Column, Target } from '../target.js';
import { schemaMissing } from './session/faults.js';
import type { Row } from './session/session.js';
import type { Steps } from './session/steps.js';
import { beginning, identifier, pattern, qualified, SNOWFLAKE_NAMES } from './sql/quote.js';
import { METADATA } from './sql/rows.js';
import { addColumns, columnPortions, commentOn, createTable, describeTable, newColumns } from './sql/tables.js';
import { existingType, newType, type SqlType } from './sql/types.js';

/** Rows of one answer to SHOW. */
const MOST_SHOWN = 10_000;

/** A copy that is soon dropped is worth neither Fail-safe nor Time Travel: of both, its storage would be paid for a week. */
const SIDE = { transient: true, retentionDays: 0 };

/** A column as DESCRIBE shows it. */
interface Described extends ExistingColumn {
  /** null: a type that no value of ours has, which `described` names. */
  sqlType: SqlType | null;
  described: string;
  nullable: boolean;
  hasDefault: boolean;
  /** The masking policy that is set on it. */
  policy: string | null;
}

/** Where a target's columns are in its table, and what they take. */
interface Placed extends Placement {
  types: SqlType[];
  /** What the table was found to have; null: there was no table. */
  found: readonly Described[] | null;
  /** Whether it is a table beside a stream's own, which lives as long as a refresh. */
  isSide: boolean;
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
  /** By full name. */
  readonly #identities = new Map<string, string>();

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

  /** Whether a target's table is there. */
  async isThere(steps: Steps, target: Target): Promise<boolean> {
    return (await this.#describe(steps, target)) !== null;
  }

  /**
   * Which of some tables a schema has, with their columns. Asks for what needs no warehouse, for all at once: of a schema that has more
   * than one answer tells (https://docs.snowflake.com/en/sql-reference/sql/show), for each.
   */
  async look(steps: Steps, schema: string, names: readonly string[]): Promise<ReadonlyMap<string, FoundTable>> {
    const place = qualified(this.#config.database, schema);
    const show = async (what: string) => (await steps.runIfThere(`SHOW ${what}`)) ?? [];
    let tables = await show(`TERSE TABLES IN SCHEMA ${place}`);
    if (tables.length >= MOST_SHOWN) {
      const each = names.map((name) => show(`TERSE TABLES LIKE ${pattern(name)} IN SCHEMA ${place}`));
      tables = (await Promise.all(each)).flat();
    }
    const found = new Map(
      tables.map((row) => [String(row.name), { identity: identityOf(row), columns: [] as string[] }]),
    );
    for (const [table, { identity }] of found) this.#identities.set(this.fullName({ schema, table }), identity);
    const known = names.filter((name) => found.has(name));
    if (known.length === 0) return found;
    let columns = await show(`COLUMNS IN SCHEMA ${place}`);
    if (columns.length >= MOST_SHOWN) {
      columns = (await Promise.all(known.map((name) => show(`COLUMNS IN TABLE ${place}.${identifier(name)}`)))).flat();
    }
    for (const row of columns) found.get(String(row.table_name))?.columns.push(String(row.column_name));
    return found;
  }

  /** The fields that a target's table has no column for. */
  async lacking(steps: Steps, target: Target): Promise<string[]> {
    return (await this.#place(steps, target)).added.map(({ field }) => field);
  }

  /** A table that is there, by what this run has seen of it and made of it. */
  async known(steps: Steps, target: Target): Promise<FoundTable> {
    const name = this.fullName(target);
    let identity = this.#identities.get(name);
    if (identity === undefined) {
      const place = qualified(this.#config.database, target.schema);
      const found = await steps.run(`SHOW TERSE TABLES LIKE ${pattern(target.table)} IN SCHEMA ${place}`);
      identity = identityOf(found.find((row) => row.name === target.table));
      this.#identities.set(name, identity);
    }
    const columns = [...METADATA.map((each) => each.name), ...target.columns.map((each) => each.name)];
    return { identity, columns };
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
    const placed = await this.#beside(steps, target);
    if (this.#made.has(target)) return placed.types;
    if (placed.found === null) await this.#create(steps, placed);
    else await this.#complete(steps, placed);
    this.#made.add(target);
    return placed.types;
  }

  async #beside(steps: Steps, target: Target): Promise<Placed> {
    const types = target.columns.map(({ type }) => newType(type));
    const found = await this.#describe(steps, target);
    const known = new Set(found?.map(({ name }) => name));
    const added = target.columns.filter(({ name }) => !known.has(name));
    return { target, types, found, added, widened: [], claimed: [], isSide: true };
  }

  async #place(steps: Steps, target: Target): Promise<Placed> {
    const known = this.#placed.get(target);
    if (known) return known;
    const found = await this.#describe(steps, target);
    const placement = place(target, found ?? [], SNOWFLAKE_NAMES);
    if (found) {
      this.#refuseForeign(placement.target, found);
      this.#refuseMasked(placement.target, found);
    }
    const byName = new Map(found?.map((column) => [column.name, column]));
    const types = placement.target.columns.map(({ name, type }) => byName.get(name)?.sqlType ?? newType(type));
    const placed = { ...placement, types, found, isSide: false };
    this.#placed.set(target, placed);
    this.#placed.set(placement.target, placed);
    return placed;
  }

  async #create(steps: Steps, placed: Placed): Promise<void> {
    const { target } = placed;
    await this.makeSchema(steps, target.schema);
    const needs = `CREATE TABLE ON SCHEMA ${qualified(this.#config.database, target.schema)}`;
    for (const statement of this.#statements(placed)) await steps.run(statement, { needs });
    this.#described.delete(this.fullName(target));
    this.#identities.delete(this.fullName(target));
  }

  async #complete(steps: Steps, placed: Placed): Promise<void> {
    const { target } = placed;
    const needs = `OWNERSHIP ON TABLE ${this.fullName(target)}`;
    for (const statement of this.#statements(placed)) await steps.run(statement, { needs });
    for (const { name, field } of target.cleared) {
      log.info(
        `${target.table}.${name} has no values any more: of ${JSON.stringify(field)}, new versions have NULL there.`,
      );
    }
  }

  /** What {@link make} or, unless it is a stream's own table, {@link makeBeside} runs: nothing where it has all. */
  async statements(steps: Steps, target: Target, isOwn = true): Promise<string[]> {
    return this.#statements(isOwn ? await this.#place(steps, target) : await this.#beside(steps, target));
  }

  #statements({ target, types, found, added, claimed, isSide }: Placed): string[] {
    const table = this.fullName(target);
    const columns = newColumns(target, types);
    if (found === null) {
      const [first = [], ...rest] = columnPortions(columns);
      return [
        createTable(table, first, isSide ? SIDE : this.#config),
        ...rest.map((portion) => addColumns(table, portion)),
      ];
    }
    const missing = columns.filter((_, i) => added.includes(target.columns[i] as Column));
    return [
      ...[...columnPortions(missing)].map((portion) => addColumns(table, portion)),
      ...claimed.map((column) => commentOn(table, column)),
    ];
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

  /**
   * A policy may show the loader other values than a column has, whatever the statement
   * (https://docs.snowflake.com/en/user-guide/security-column-intro): rows could not be found by their keys, nor versions told apart.
   */
  #refuseMasked(target: Target, found: readonly Described[]): void {
    const masked = found.filter(({ policy }) => policy !== null);
    const read = new Set(
      [...METADATA, ...target.key, ...(target.cursor ? [target.cursor] : [])].map(({ name }) => name),
    );
    // In the raw form versions are in the payload, and tombstones are laid over it.
    if (isRaw(target)) read.add(PAYLOAD.name);
    for (const { name, policy } of masked) {
      if (!read.has(name)) continue;
      throw new WarehouseConfigError(
        `The column ${name} of the table ${target.table} has the masking policy ${policy}, but hubflake finds rows and their versions by it. ` +
          `Run: ALTER TABLE ${this.fullName(target)} MODIFY COLUMN ${identifier(name)} UNSET MASKING POLICY`,
      );
    }
    if (masked.length === 0) return;
    log.info(
      `${target.table}: masking policies are on ${masked.map(({ name }) => name).join(', ')}; what hubflake writes there it does not read.`,
    );
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

/** Tables are told apart by when they were created: what is dropped and made anew is another one. */
function identityOf(row: Row | undefined): string {
  const at = row?.created_on;
  return at instanceof Date ? new Date(at.getTime()).toISOString() : String(at ?? '');
}

/**
 * The columns of a table or view; none where there is no such.
 *
 * @param fieldOf says whose a column is, by its name and comment
 */
export async function describeColumns(
  steps: Steps,
  name: string,
  fieldOf = (_name: string, comment: string | null) => fieldOfComment(comment),
): Promise<Described[]> {
  const rows = (await steps.runIfThere(describeTable(name))) ?? [];
  return rows.map((row) => {
    const sqlType = existingType(String(row.type));
    return {
      name: String(row.name),
      field: fieldOf(String(row.name), row.comment as string | null),
      type: sqlType?.kind ?? null,
      sqlType,
      described: String(row.type),
      nullable: row['null?'] !== 'N',
      hasDefault: row.default !== null,
      policy: typeof row['policy name'] === 'string' && row['policy name'] !== '' ? row['policy name'] : null,
    };
  });
}
