import { WarehouseConfigError } from '../../errors.js';
import { type Target, VIEW_SUFFIX } from '../target.js';
import { pattern, qualified, withSuffix } from './quote.js';
import { createView, dropView } from './raw.js';
import { METADATA } from './rows.js';
import type { Steps } from './steps.js';
import { describeTable } from './tables.js';

/** Makes the views of raw tables, and replaces those that lack a column. Each is looked at once a run. */
export class ViewKeeper {
  readonly #database: string;
  readonly #made = new Set<Target>();

  constructor(database: string) {
    this.#database = database;
  }

  /** Throws a WarehouseConfigError where a table has the view's name. */
  async make(steps: Steps, target: Target, table: string): Promise<void> {
    if (this.#made.has(target)) return;
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
    const columns = new Set((there ? await steps.run(describeTable(view)) : []).map((row) => String(row.name)));
    const wanted = [...METADATA, ...target.columns];
    if (!wanted.every((column) => columns.has(column.name))) {
      await steps.run(createView(view, target, table), { needs: `CREATE VIEW ON SCHEMA ${schema}` });
    }
    this.#made.add(target);
  }

  async drop(steps: Steps, target: Target): Promise<void> {
    await steps.run(dropView(this.#fullName(target)));
  }

  #fullName({ schema, table }: Target): string {
    return qualified(this.#database, schema, withSuffix(table, VIEW_SUFFIX));
  }
}
