import type { Preview } from '../store.js';
import { ownTable, type TableWrite } from '../tables/destination-table.js';
import { batchOf } from './batch.js';
import type { BatchWriter } from './batch-writer.js';
import type { TableForm } from './sql/forms.js';
import * as rows from './sql/rows.js';
import * as sql from './sql/sql.js';
import * as states from './sql/states.js';
import type { TableKeeper } from './table-keeper.js';

/** Where a stream's statements are taken from. */
interface Source {
  tables: TableKeeper;
  writer: BatchWriter;
  form: TableForm;
  /** The schema of the table of states. */
  schema: string;
}

/**
 * The statements of a stream's first batch, see {@link Store.preview}.
 *
 * @param write to the table that the rows go to: the stream's own, or in a refresh the one beside it
 */
export async function previewOf(write: TableWrite, { tables, writer, form, schema }: Source): Promise<Preview> {
  const { target, mapping, destination } = write;
  const own = ownTable(target);
  const change = await tables.statements({ target, mapping, destination: own });
  const lines = { ...batchOf([], !rows.fitStruct(mapping)), paths: ['<files of spooled records>'] };
  const swap = [
    ...change,
    sql.deleteAll(own),
    sql.insertFrom(own, destination, form.tableOf(mapping)),
    sql.dropTable(destination),
  ];
  const statements = [
    ...(destination.isSide ? await tables.statements(write) : change),
    ...writer.statements(write, target, lines),
    ...(destination.isSide ? swap : []),
    states.keepState(schema, null, false),
  ];
  const isThere = (await tables.columns(own)).length > 0;
  return {
    table: !isThere ? 'new' : change.length > 0 ? 'changed' : 'there',
    statements: statements.filter((each) => each !== sql.USE_FILE).map(sql.shown),
  };
}
