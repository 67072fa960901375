import type { JsonObject } from '../../../src/protocol/messages.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';
import { type Extracted, loadBatches } from '../../support/loading.js';

const PROPERTIES: JsonObject = {
  id: { type: ['null', 'string'] },
  name: { type: ['null', 'string'] },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
  archived: { type: ['null', 'boolean'] },
  _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time' },
};

/** Rows are replaced by whole new ones: what another program keeps beside them must not go with them. */
describe.each(['typed', 'raw'] as const)('columns of others, %s', (tableForm) => {
  const warehouse = new DuckDbWarehouse();
  const fresh = freshForEach(warehouse);
  const emittedAt = (day: number) => Date.UTC(2024, 0, day);
  const at = (day: number) => new Date(emittedAt(day)).toISOString();
  const live = (id: string, day: number): Extracted => ({
    data: { id, name: `of day ${day}`, updatedAt: at(day), archived: false },
    emittedAt: emittedAt(day),
  });
  const load = (batches: Extracted[][], hardDeletes = false) =>
    loadBatches(warehouse, fresh.folder, batches, { stream: 't', properties: PROPERTIES, tableForm, hardDeletes });

  beforeEach(async () => {
    await load([[live('1', 1), live('2', 1), live('3', 5)]]);
    await warehouse.execute("ALTER TABLE {table} ADD COLUMN mine VARCHAR DEFAULT 'new'", 't');
    await warehouse.execute('ALTER TABLE {table} ADD COLUMN "my ""other" INTEGER', 't');
    const key = tableForm === 'raw' ? '"ID"' : 'id';
    await warehouse.execute(`UPDATE {table} SET mine = 'of ' || ${key}, "my ""other" = ${key}::INTEGER`, 't');
  });

  /** Each row as `id name mine other`, sorted. */
  async function found(): Promise<string[]> {
    const of = tableForm === 'raw' ? (field: string) => `json_extract_string("PAYLOAD", '/${field}')` : String;
    await warehouse.execute(
      `CREATE OR REPLACE VIEW seen AS SELECT concat_ws(' ', ${of('id')}, ${of('name')}, ${of('archived')}, mine, "my ""other") AS line FROM {table}`,
      't',
    );
    return (await warehouse.rows('seen', { line: 'text' })).map(({ line }) => line as string).sort();
  }

  test.each<[string, string[], string | RegExp]>([
    [
      'a view in the place of the table',
      ['ALTER TABLE {table} RENAME TO moved', 'CREATE VIEW {table} AS SELECT * FROM moved'],
      'There is a view in the place of the table t',
    ],
    [
      'a column of theirs made NOT NULL',
      [
        'UPDATE {table} SET mine = 0',
        'ALTER TABLE {table} ALTER COLUMN mine DROP DEFAULT',
        'ALTER TABLE {table} ALTER COLUMN mine SET NOT NULL',
      ],
      /The column mine of the table t is NOT NULL.*DROP NOT NULL$/,
    ],
  ])('%s is refused clearly, and what the message says helps', async (what, statements, says) => {
    for (const statement of statements) await warehouse.execute(statement, 't');
    const error = await load([[live('9', 3)]]).then(
      () => null,
      (caught: Error) => caught,
    );
    expect(error).toMatchObject({ kind: 'config_error', message: expect.stringMatching(says) });
    const help = what.startsWith('a view')
      ? ['DROP VIEW {table}', 'ALTER TABLE moved RENAME TO {table}']
      : [/Run: (.*)$/.exec(error?.message ?? '')?.[1] as string];
    for (const statement of help) await warehouse.execute(statement, 't');
    expect(await load([[live('9', 3)]])).toMatchObject({ inserted: 1 });
  });

  test('stay with rows that are updated, and new rows have their defaults', async () => {
    const counts = await load([[live('1', 3), live('3', 3), live('4', 3), live('1', 2)]]);
    expect(counts).toMatchObject({ inserted: 1, updated: 1 });
    expect(await found()).toEqual([
      '1 of day 3 false of 1 1',
      '2 of day 1 false of 2 2',
      '3 of day 5 false of 3 3',
      '4 of day 3 false new',
    ]);
  });

  test('stay with rows that say the same, and with those that are marked', async () => {
    const data = { id: '2', updatedAt: at(9), archived: true, _ab_cdc_deleted_at: at(9) };
    const tombstone = { data, emittedAt: emittedAt(9) };
    const again = { ...live('1', 1), emittedAt: emittedAt(8) };
    const counts = await load([[again, tombstone, live('5', 2)]]);
    expect(counts).toMatchObject({ inserted: 1, updated: 1, marked: 1 });
    expect(await found()).toEqual([
      '1 of day 1 false of 1 1',
      '2 of day 1 true of 2 2',
      '3 of day 5 false of 3 3',
      '5 of day 2 false new',
    ]);
  });

  test('a row that was deleted and comes back has the defaults', async () => {
    const deleted = { data: { id: '2', updatedAt: at(6), _ab_cdc_deleted_at: at(6) }, emittedAt: emittedAt(6) };
    expect(await load([[deleted]], true)).toMatchObject({ marked: 1 });
    await load([[live('2', 7), live('1', 7)]], true);
    expect(await found()).toEqual(['1 of day 7 false of 1 1', '2 of day 7 false new', '3 of day 5 false of 3 3']);
  });
});
