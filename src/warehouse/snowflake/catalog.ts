import type { Catalog } from '../tables/catalog.js';
import type { ColumnMapping } from '../tables/column-mapping.js';
import type { DestinationTable, TableName } from '../tables/destination-table.js';
import type { Target } from '../target.js';
import { isGone, runName } from './run-name.js';
import type { StatementRunner } from './session/statement-runner.js';
import { withSuffix } from './sql/quote.js';
import * as sql from './sql/tables.js';
import * as tombstones from './sql/tombstones.js';
import type { TableKeeper } from './table-keeper.js';
import type { TableList } from './table-list.js';

/** What a catalog is made of. */
export interface CatalogParts {
  tables: TableKeeper;
  list: TableList;
  /** The run's id. */
  run: string;
  /** Whether no other run writes to the same tables, as with a pipeline's lease. */
  isAlone: boolean;
}

/** Snowflake as the decisions about tables see it, over one session. */
export class SnowflakeCatalog implements Catalog {
  readonly #steps: StatementRunner;
  readonly #parts: CatalogParts;

  constructor(steps: StatementRunner, parts: CatalogParts) {
    this.#steps = steps;
    this.#parts = parts;
  }

  mapColumns(target: Target): Promise<ColumnMapping> {
    return this.#parts.tables.mapColumns(this.#steps, target);
  }

  isThere(table: TableName): Promise<boolean> {
    return this.#parts.tables.isThere(this.#steps, table);
  }

  namesLike(start: TableName): Promise<string[]> {
    return this.#parts.list.namesLike(this.#steps, start);
  }

  /** A table that is left changes nothing for the run. */
  async drop(table: TableName): Promise<void> {
    await this.#steps.tidy(sql.dropTable(this.#fullName(table)));
  }

  /**
   * The side table is this run's alone: another that runs as well, or wakes and tidies up, has its own. What runs that died have left is
   * dropped.
   */
  async beginSide(side: DestinationTable): Promise<DestinationTable> {
    const { run, isAlone } = this.#parts;
    for (const table of await this.namesLike(side)) {
      if (isAlone || isGone(table.slice(side.table.length + 1))) await this.drop({ schema: side.schema, table });
    }
    return { ...side, table: withSuffix(side.table, `_${runName(run)}`) };
  }

  async newestGeneration(target: Target): Promise<number> {
    const { tables } = this.#parts;
    // What hubflake did not make need not have the column.
    await tables.refuseUnusable(this.#steps, target);
    if (!(await this.isThere(target))) return 0;
    const [row] = await this.#steps.run(sql.newestGeneration(tables.fullName(target)));
    return Number(row?.NEWEST ?? 0);
  }

  async countOlder(table: TableName, generation: number): Promise<number> {
    const [row] = await this.#steps.run(sql.countOlder(this.#fullName(table), generation));
    return Number(row?.OLD ?? 0);
  }

  /** Asked anew each time: another run may have made it since. */
  async hasTombstones(table: TableName): Promise<boolean> {
    return (await this.#steps.runIfThere(`DESCRIBE TABLE ${this.#fullName(table)}`)) !== null;
  }

  async makeTombstones(table: TableName): Promise<void> {
    const name = this.#fullName(table);
    await this.#parts.tables.makeSchema(this.#steps, table.schema);
    const needs = `CREATE TABLE ON SCHEMA ${name.slice(0, name.lastIndexOf('.'))}`;
    await this.#steps.run(tombstones.createTombstones(name), { needs });
  }

  async forgetOld(table: TableName): Promise<void> {
    await this.#steps.tidy(tombstones.forgetOld(this.#fullName(table)));
  }

  async newestDeleted(table: TableName, target: Target): Promise<number> {
    const [row] = await this.#steps.run(tombstones.newestDeleted(this.#fullName(table), target));
    return Number(row?.NEWEST ?? 0);
  }

  #fullName(table: TableName): string {
    return this.#parts.tables.fullName(table);
  }
}
