import type { Column } from '../../column.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import { rawMapping } from '../../tables/raw-form.js';
import type { Batch } from './batch.js';
import { identifier } from './quote.js';
import { insertAllRaw, keyText, mergeRaw, rowValue } from './raw.js';
import { keyValues } from './rows.js';
import { insertAll, mergeNewest } from './write.js';

/** How a stream's records lie in its table. */
export interface TableForm {
  /** The columns that the table itself has. */
  tableOf(mapping: ColumnMapping): ColumnMapping;
  insertAll(batch: Batch, table: string): string;
  merge(batch: Batch, table: string): string;
  /** The expressions on a record's data that tell rows apart. */
  keys(batch: Batch): string[];
  /** What a row `t` has for a column of the stream. */
  rowValue(column: Column): string;
  /** Whether a view gives the columns that the table does not have. */
  hasView: boolean;
}

export const TYPED: TableForm = {
  tableOf: (mapping) => mapping,
  insertAll,
  merge: mergeNewest,
  keys: keyValues,
  rowValue: ({ name }) => `t.${identifier(name)}`,
  hasView: false,
};

export const RAW: TableForm = {
  tableOf: rawMapping,
  insertAll: insertAllRaw,
  merge: mergeRaw,
  keys: ({ mapping }) => [keyText(mapping)],
  rowValue,
  hasView: true,
};
