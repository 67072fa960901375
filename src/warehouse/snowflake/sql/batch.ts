import type { BatchContents } from '../../loader/batch-contents.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { Target } from '../../target.js';
import type { SqlType } from './types.js';

/** A batch on its way: its stream, where its lines are, and the columns that they go to. */
export interface Batch {
  target: Target;
  mapping: ColumnMapping;
  /** The full name of the stage table, which may hold other batches as well. */
  stage: string;
  /** What is known of the batch. */
  contents: BatchContents;
  /** What the mapping's columns take, in their order. */
  types: readonly SqlType[];
  /** A condition without which there are no rows: that this run still may write. */
  guard: string | null;
  /** The generation of the rows: a number, or the query that finds it. */
  generation: string;
  /** The first 24 characters of the raw ids; the line number makes them whole. */
  idPrefix: string;
  /** The full name of the table that remembers what was deleted, where there is one. */
  tombstones?: string | null;
  /** The rows as a query on tables that have them typed already, where the text would be too long otherwise. */
  typed?: string;
}
