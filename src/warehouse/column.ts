import type { ColumnType } from './column-types.js';

/** A field of a stream's records, and the column that it has in a table. */
export interface Column {
  /** The field of the record. */
  field: string;
  /** The column's name in the warehouse. */
  name: string;
  type: ColumnType;
  /** HubSpot's label and description, for the column's comment. */
  comment: string | null;
  /** Whether it only says when a row was written, which does not make two rows differ. */
  isStamp?: boolean;
}
