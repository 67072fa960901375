import { fieldOfComment } from '../names.js';
import type { ExistingColumn } from '../tables/column-mapping.js';
import type { TableName } from '../tables/destination-table.js';
import { existingType } from './sql/columns.js';
import { columnsOf } from './sql/schema.js';

/** A column as it is there. */
export interface FoundColumn extends ExistingColumn {
  /** Whether a row needs a value of it. */
  isRequired: boolean;
}

/** A table or view as it is there. */
export interface Found {
  name: string;
  isView: boolean;
  /** What tells a table from another one of its name: its comment. */
  identity: string;
  columns: readonly FoundColumn[];
}

/** How the tables are looked at. */
export interface TableFinder {
  /** Another number once tables or views may have changed. */
  readonly tablesVersion: number;
  rows(query: string): Promise<Record<string, unknown>[]>;
}

type ByName = ReadonlyMap<string, Found>;

/**
 * The tables and views of a file. DuckDB lists the columns of the whole file to answer for those of one table, which takes 11 to 13 ms (measured
 * with ten tables), so all of a schema are asked for at once. The answer holds until a statement may have changed it: while this
 * process has the file open, no other one writes to it.
 */
export class FoundTables {
  readonly #connection: TableFinder;
  readonly #nameOf: (name: string) => string;
  readonly #schemas = new Map<string, { version: number; tables: Promise<ByName> }>();

  /** @param nameOf the same for all names that DuckDB takes for one */
  constructor(connection: TableFinder, nameOf: (name: string) => string) {
    this.#connection = connection;
    this.#nameOf = nameOf;
  }

  /** What is there by a name; undefined where nothing is. */
  async find({ schema, table }: TableName): Promise<Found | undefined> {
    return (await this.ofSchema(schema)).get(this.#nameOf(table));
  }

  /** All that a schema has, by {@link FoundTables.find | names}. */
  async ofSchema(schema: string): Promise<ByName> {
    const version = this.#connection.tablesVersion;
    const known = this.#schemas.get(schema);
    if (known?.version === version) return known.tables;
    const tables = this.#query(schema);
    this.#schemas.set(schema, { version, tables });
    // A failed query is asked again.
    tables.catch(() => this.#schemas.delete(schema));
    return tables;
  }

  async #query(schema: string): Promise<ByName> {
    const tables = new Map<string, Found & { columns: FoundColumn[] }>();
    for (const row of await this.#connection.rows(columnsOf(schema))) {
      const name = String(row.tableName);
      let found = tables.get(this.#nameOf(name));
      if (!found) {
        found = { name, isView: row.isView === true, identity: textOf(row.identity) ?? '', columns: [] };
        tables.set(this.#nameOf(name), found);
      }
      found.columns.push({
        name: String(row.name),
        isRequired: row.required === true,
        type: existingType(String(row.type)),
        field: fieldOfComment(textOf(row.comment)),
      });
    }
    return tables;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
