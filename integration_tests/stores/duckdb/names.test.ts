import { mkdirSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { parseDestinationConfig } from '../../../src/config/destination.js';
import type { JsonObject } from '../../../src/protocol/messages.js';
import { type Extracted, loadBatches, openFor } from '../../support/loading.js';
import { TestFolder } from '../../support/processes/command.js';
import type { TestWarehouse } from '../../support/test-warehouse.js';

const PROPERTIES: JsonObject = {
  id: { type: ['null', 'string'] },
  name: { type: ['null', 'string'] },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
};

/** DuckDB takes `a.t` for ambiguous where it knows both a database and a schema that are called a. */
describe.each([
  ['as the file is', 'hubspot'],
  ["as DuckDB's database for temporary tables", 'temp'],
  ["as DuckDB's own database", 'system'],
  ['as a database without a file', 'memory'],
  ['as hubflake calls the file', 'hubflake:file'],
])('a schema that is called %s', (_, schema) => {
  const folder = new TestFolder();
  afterAll(() => folder.remove());

  test.each([
    ['typed', 't'],
    ['raw', 't_VIEW'],
  ] as const)('is written to in the form %s, and read by whatever name the file is opened', async (tableForm, seen) => {
    mkdirSync(folder.join(tableForm));
    const path = folder.join(`${tableForm}/hubspot.duckdb`);
    const destination = parseDestinationConfig({ type: 'duckdb', path, schema, table_form: tableForm });
    const warehouse = { config: () => destination } as unknown as TestWarehouse;
    const load = (batch: Extracted[]) =>
      loadBatches(warehouse, folder, [batch], { stream: 't', properties: PROPERTIES, tableForm, pipeline: 'p' });
    const { store, target } = await openFor(warehouse, { stream: 't', properties: PROPERTIES, tableForm });
    expect((await store.preview(target)).statements.join('\n').replaceAll(`"${schema}"`, '')).not.toContain(
      'hubflake:file',
    );
    await store.close();
    await load([record('1', 1), record('2', 1)]);
    await load([record('2', 2), record('3', 2)]);
    const rows = [
      { id: '1', name: 'of day 1' },
      { id: '2', name: 'of day 2' },
      { id: '3', name: 'of day 2' },
    ];
    for (const name of ['hubspot', 'other']) {
      const instance = await DuckDBInstance.create(':memory:');
      const connection = await instance.connect();
      await connection.run(`ATTACH '${path}' AS ${name} (READ_ONLY)`);
      const found = await connection.runAndReadAll(`SELECT id, name FROM ${name}."${schema}"."${seen}" ORDER BY id`);
      expect(found.getRowObjectsJS()).toEqual(rows);
      connection.closeSync();
      instance.closeSync();
    }
  });
});

function record(id: string, day: number): Extracted {
  const emittedAt = Date.UTC(2024, 0, day);
  return { data: { id, name: `of day ${day}`, updatedAt: new Date(emittedAt).toISOString() }, emittedAt };
}
