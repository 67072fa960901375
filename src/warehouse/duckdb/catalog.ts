import type { Catalog } from '../tables/catalog.js';
import type { ColumnMapping } from '../tables/column-mapping.js';
import type { DestinationTable, TableName } from '../tables/destination-table.js';
import type { Target } from '../target.js';
import type { Database } from './database.js';
import * as sql from './sql/sql.js';
import * as tombstones from './sql/tombstones.js';
import type { TableKeeper } from './table-keeper.js';

/** A DuckDB file as the decisions about tables see it. */
export class DuckDbCatalog implements Catalog {
  readonly #db: Database;
  readonly #tables: TableKeeper;

  constructor(db: Database, tables: TableKeeper) {
    this.#db = db;
    this.#tables = tables;
  }

  mapColumns(target: Target): Promise<ColumnMapping> {
    return this.#tables.mapColumns(target);
  }

  async isThere(table: TableName): Promise<boolean> {
    return (await this.#tables.columns(table)).length > 0;
  }

  namesLike(start: TableName): Promise<string[]> {
    return this.#tables.namesLike(start);
  }

  async drop(table: TableName): Promise<void> {
    await this.#db.run(sql.dropTable(table));
  }

  /** The file is this process's alone: what an attempt that died has left there is nobody's. */
  async beginSide(side: DestinationTable): Promise<DestinationTable> {
    await this.drop(side);
    return side;
  }

  async newestGeneration(target: Target): Promise<number> {
    const columns = await this.#tables.columns(target);
    // Another program's table need not have the column; it is refused when it comes to writing.
    if (!columns.some(({ name }) => name.toLowerCase() === '_airbyte_generation_id')) return 0;
    return this.#db.count(sql.newestGeneration(target));
  }

  countOlder(table: TableName, generation: number): Promise<number> {
    return this.#db.count(sql.countOlder(table, generation));
  }

  hasTombstones(table: TableName): Promise<boolean> {
    return this.isThere(table);
  }

  async makeTombstones(table: TableName): Promise<void> {
    await this.#db.run(sql.createSchema(table));
    await this.#db.run(tombstones.createTombstones(table));
  }

  async forgetOld(table: TableName): Promise<void> {
    await this.#db.run(tombstones.forgetOld(table));
  }

  newestDeleted(table: TableName, target: Target): Promise<number> {
    return this.#db.count(tombstones.newestDeleted(table, target));
  }
}
