import type { Target } from '../target.js';
import type { ColumnMapping } from './column-mapping.js';

/** A table or view by its name. */
export interface TableName {
  schema: string;
  table: string;
}

/** A table that rows go to. */
export interface DestinationTable extends TableName {
  /** Whether it is a table beside the stream's own, in which a refresh is collected. */
  isSide: boolean;
}

/** Rows of a stream on their way into a table. */
export interface TableWrite {
  target: Target;
  mapping: ColumnMapping;
  destination: DestinationTable;
}

/** The stream's own table, which readers see. */
export function ownTable({ schema, table }: TableName): DestinationTable {
  return { schema, table, isSide: false };
}

/** A write to a table. A side table has none of the columns whose fields are gone. */
export function writeTo(target: Target, mapping: ColumnMapping, destination: DestinationTable): TableWrite {
  return { target, destination, mapping: destination.isSide ? { ...mapping, cleared: [] } : mapping };
}
