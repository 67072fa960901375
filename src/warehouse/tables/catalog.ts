import type { Target } from '../target.js';
import type { ColumnMapping } from './column-mapping.js';
import type { DestinationTable, TableName } from './destination-table.js';

/** What the decisions about a stream's tables ask of a warehouse, and have it do. */
export interface Catalog {
  /**
   * Where the stream's fields lie in its table, or are to lie. Throws a WarehouseConfigError where what has the table's name cannot
   * be written to.
   */
  mapColumns(target: Target): Promise<ColumnMapping>;
  isThere(table: TableName): Promise<boolean>;
  /** The names of a schema's tables that begin as a table's does. */
  namesLike(start: TableName): Promise<string[]>;
  drop(table: TableName): Promise<void>;
  /** Drops what earlier attempts have left of a side table that each run begins anew. @returns the side table of this run */
  beginSide(side: DestinationTable): Promise<DestinationTable>;
  /** The highest generation that the rows of the stream's table have; 0 where there is no table. */
  newestGeneration(target: Target): Promise<number>;
  /** How many rows of a table are of generations before one. */
  countOlder(table: TableName, generation: number): Promise<number>;
  /** Whether a schema has its table of deleted keys. */
  hasTombstones(table: TableName): Promise<boolean>;
  /** Makes it, and the schema. Snowflake commits the transaction in which that happens. */
  makeTombstones(table: TableName): Promise<void>;
  /** Removes from it what is older than is kept. */
  forgetOld(table: TableName): Promise<void>;
  /** The highest generation that the stream's deleted rows had; 0 where there are none. */
  newestDeleted(table: TableName, target: Target): Promise<number>;
}
