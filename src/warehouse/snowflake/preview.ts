import { BatchContents } from '../loader/batch-contents.js';
import { REMOVES } from '../schema-keywords.js';
import type { Preview } from '../store.js';
import { ownTable, type TableWrite } from '../tables/destination-table.js';
import type { Target } from '../target.js';
import type { StatementRunner } from './session/statement-runner.js';
import type { Batch } from './sql/batch.js';
import type { TableForm } from './sql/forms.js';
import { qualified } from './sql/quote.js';
import { moveState, stateTable } from './sql/states.js';
import * as sql from './sql/tables.js';
import { recomputeValidity } from './sql/validity.js';
import { removeRows } from './sql/write.js';
import type { TableKeeper } from './table-keeper.js';

/** What is only known when a batch is written. */
const STAGE_TABLE = '_HUBFLAKE_STAGE_<RUN>';
const SPOOL_FILE = '<file of spooled records>';
const HAS_LEASE = '<this run has the lease>';

/** What is known of a batch that has a record, and where the stream has them a tombstone, of every field. */
function sampleContents(target: Target): BatchContents {
  const contents = new BatchContents(target, 0);
  const key = Object.fromEntries(target.key.map(({ field }) => [field, '<key>']));
  const marks = Object.fromEntries(target.marks.map(({ column, value }) => [column.field, value]));
  const others = Object.fromEntries(target.columns.map(({ field }) => [field, null]));
  contents.add(Buffer.from(JSON.stringify({ ...key, ...others, ...key, ...marks })));
  if (target.removedBy.length > 0) contents.add(Buffer.from(JSON.stringify({ [REMOVES]: true })));
  return contents;
}

function rowStatements(batch: Batch, table: string, form: TableForm): string[] {
  const { target, contents, mapping } = batch;
  return [
    ...(contents.removals > 0 ? [removeRows(batch, table, form.rowValue)] : []),
    target.mode === 'append_dedup' ? form.merge(batch, table) : form.insertAll(batch, table),
    ...(mapping.validity === null ? [] : [recomputeValidity(batch, table, mapping.validity)]),
  ];
}

/** Where a stream's statements are taken from. */
export interface Source {
  database: string;
  schema: string;
  tables: TableKeeper;
  form: TableForm;
  /** The name of the pipeline whose state is kept; null: none is. */
  pipeline: string | null;
}

/**
 * The statements of a stream's first batch, see {@link Store.preview}. One thing is simpler here than in a run: a MERGE too long for
 * Snowflake is shown whole, and run in portions.
 *
 * @param write to the table that the rows go to: the stream's own, or in a refresh the one beside it
 */
export async function previewOf(steps: StatementRunner, write: TableWrite, source: Source): Promise<Preview> {
  const { database, schema, tables, form, pipeline } = source;
  const { target, mapping, destination } = write;
  const stage = qualified(database, schema, STAGE_TABLE);
  const guard = pipeline === null ? null : HAS_LEASE;
  const table = tables.fullName(target);
  const batch: Batch = {
    target,
    mapping,
    stage,
    contents: sampleContents(target),
    types: tables.typesOf(target, mapping),
    guard,
    generation: String(target.generation),
    idPrefix: '',
  };
  const place = tables.fullName(destination);
  const own = await tables.statements(steps, { target, mapping, destination: ownTable(target) });
  const side = destination.isSide ? await tables.statements(steps, write) : null;
  const state = { pipeline: pipeline ?? '', stream: target.stream, state: {}, refresh: null };
  const move = moveState(stateTable(database, schema), { state, from: 0, table: null }, HAS_LEASE).sql;
  const commit = (...rows: string[]) => ['BEGIN', ...rows, ...(pipeline === null ? [] : [move]), 'COMMIT'];
  const statements = [
    ...tables.schemaStatements(schema),
    sql.createStageTable(stage),
    sql.put(SPOOL_FILE, sql.tableStage(STAGE_TABLE)),
    sql.copyInto(stage, sql.tableStage(STAGE_TABLE)),
    ...(side ?? own),
    ...commit(...rowStatements(batch, place, form)),
    ...(side === null
      ? []
      : [...own, ...commit(sql.overwriteFrom(form.tableOf(mapping), table, place)), sql.dropTable(place)]),
    sql.dropTable(stage),
  ];
  const isThere = await tables.isThere(steps, target);
  return { table: !isThere ? 'new' : own.length > 0 ? 'changed' : 'there', statements };
}
