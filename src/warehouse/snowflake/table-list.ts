import type { FoundTable } from '../kept-table.js';
import type { TableName } from '../tables/destination-table.js';
import type { Row } from './session/session.js';
import type { StatementRunner } from './session/statement-runner.js';
import { beginning, identifier, pattern, qualified } from './sql/quote.js';

/** Rows of one answer to SHOW. */
const MOST_SHOWN = 10_000;

/** What SHOW tells of a database's tables: which there are, and what tells each from another one of its name. */
export class TableList {
  readonly #database: string;
  /** By full name. */
  readonly #identities = new Map<string, string>();

  constructor(database: string) {
    this.#database = database;
  }

  /**
   * Which of some tables a schema has, with their columns. Uses SHOW, which needs no warehouse, once for the
   * schema; once for each table where that is more than one answer holds
   * (https://docs.snowflake.com/en/sql-reference/sql/show).
   */
  async findTables(
    steps: StatementRunner,
    schema: string,
    names: readonly string[],
  ): Promise<ReadonlyMap<string, FoundTable>> {
    const place = qualified(this.#database, schema);
    const show = async (what: string) => (await steps.runIfThere(`SHOW ${what}`)) ?? [];
    let tables = await show(`TERSE TABLES IN SCHEMA ${place}`);
    if (tables.length >= MOST_SHOWN) {
      const each = names.map((name) => show(`TERSE TABLES LIKE ${pattern(name)} IN SCHEMA ${place}`));
      tables = (await Promise.all(each)).flat();
    }
    const found = new Map<string, FoundTable & { columns: string[] }>();
    for (const row of tables) {
      const [table, identity] = [String(row.name), identityOf(row)];
      found.set(table, { identity, columns: [] });
      this.#identities.set(this.#fullName({ schema, table }), identity);
    }
    const known = names.filter((name) => found.has(name));
    if (known.length === 0) return found;
    let columns = await show(`COLUMNS IN SCHEMA ${place}`);
    if (columns.length >= MOST_SHOWN) {
      columns = (await Promise.all(known.map((name) => show(`COLUMNS IN TABLE ${place}.${identifier(name)}`)))).flat();
    }
    for (const row of columns) found.get(String(row.table_name))?.columns.push(String(row.column_name));
    return found;
  }

  /** What tells a table that is there from another one of its name. */
  async identity(steps: StatementRunner, { schema, table }: TableName): Promise<string> {
    const name = this.#fullName({ schema, table });
    const known = this.#identities.get(name);
    if (known !== undefined) return known;
    const place = qualified(this.#database, schema);
    const found = await steps.run(`SHOW TERSE TABLES LIKE ${pattern(table)} IN SCHEMA ${place}`);
    const identity = identityOf(found.find((row) => row.name === table));
    this.#identities.set(name, identity);
    return identity;
  }

  /** To be called when a table was created. */
  created(table: TableName): void {
    this.#identities.delete(this.#fullName(table));
  }

  /** The names of a schema's tables that begin as a table's does. */
  async namesLike(steps: StatementRunner, { schema, table }: TableName): Promise<string[]> {
    const place = qualified(this.#database, schema);
    const found = (await steps.runIfThere(`SHOW TERSE TABLES LIKE ${beginning(table)} IN SCHEMA ${place}`)) ?? [];
    return found.map(({ name }) => String(name)).filter((name) => name.startsWith(table));
  }

  #fullName({ schema, table }: TableName): string {
    return qualified(this.#database, schema, table);
  }
}

/** Tables are told apart by when they were created: what is dropped and made anew is another one. */
function identityOf(row: Row | undefined): string {
  const at = row?.created_on;
  return at instanceof Date ? new Date(at.getTime()).toISOString() : String(at ?? '');
}
