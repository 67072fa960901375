import { WarehouseConfigError, WarehouseError } from '../../errors.js';
import { log } from '../../log.js';
import { mapView } from '../tables/column-mapping.js';
import type { TableName } from '../tables/destination-table.js';
import { type Target, VIEW_SUFFIX } from '../target.js';
import { describeColumns } from './described-columns.js';
import type { StatementRunner } from './session/statement-runner.js';
import { pattern, qualified, SNOWFLAKE_NAMES, withSuffix } from './sql/quote.js';
import { createView, dropView, fieldOfViewColumn } from './sql/raw.js';

/**
 * Makes the views of raw tables, and replaces those that lack a column; those that they have, they keep. Each is looked at once a
 * run.
 */
export class ViewKeeper {
  readonly #database: string;
  readonly #made = new Set<Target>();

  constructor(database: string) {
    this.#database = database;
  }

  /** Rows do not wait for their view: where it cannot be made, that is a warning. */
  async make(steps: StatementRunner, target: Target, table: string): Promise<void> {
    if (this.#made.has(target)) return;
    try {
      await this.#make(steps, target, table);
    } catch (error) {
      if (!(error instanceof WarehouseConfigError || error instanceof WarehouseError)) throw error;
      log.warn(`${error.message} Rows are written to the table ${target.table} all the same.`);
    }
    this.#made.add(target);
  }

  async #make(steps: StatementRunner, target: Target, table: string): Promise<void> {
    const name = withSuffix(target.table, VIEW_SUFFIX);
    const view = this.#fullName(target);
    const schema = qualified(this.#database, target.schema);
    const found = await steps.run(`SHOW TERSE OBJECTS LIKE ${pattern(name)} IN SCHEMA ${schema}`);
    const there = found.find((row) => row.name === name);
    if (there && there.kind !== 'VIEW') {
      throw new WarehouseConfigError(
        `The view ${name} of the table ${target.table} cannot be made: there is a table of that name. Rename it, or set "name" of the object or table_name.`,
      );
    }
    const described = await describeColumns(steps, view, fieldOfViewColumn);
    const columns = mapView(target, described, SNOWFLAKE_NAMES);
    if (columns === null) return;
    try {
      await steps.run(createView(view, columns, table), { needs: `CREATE VIEW ON SCHEMA ${schema}` });
    } catch (error) {
      if (!(error instanceof WarehouseError)) throw error;
      throw new WarehouseConfigError(`The view ${name} of ${columns.length} columns cannot be made: ${error.message}`, {
        cause: error,
      });
    }
  }

  async drop(steps: StatementRunner, target: TableName): Promise<void> {
    await steps.run(dropView(this.#fullName(target)));
  }

  #fullName({ schema, table }: TableName): string {
    return qualified(this.#database, schema, withSuffix(table, VIEW_SUFFIX));
  }
}
