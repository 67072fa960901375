import { jest } from '@jest/globals';
import type { ConfiguredStream, JsonObject } from '../../../src/protocol/messages.js';
import { NotAllNew } from '../../../src/warehouse/duckdb/batch.js';
import { BatchWriter } from '../../../src/warehouse/duckdb/batch-writer.js';
import { Database } from '../../../src/warehouse/duckdb/database.js';
import { allowedBytes } from '../../../src/warehouse/duckdb/memory.js';
import { Loader } from '../../../src/warehouse/loader/loader.js';
import { openStore } from '../../../src/warehouse/open-store.js';
import { type Target, targetsOf } from '../../../src/warehouse/target.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';

/** What becomes of a batch that does not fit into DuckDB's memory, and of the states in it. */

const PIPELINE = 'crm';
const STREAM = 'contacts';
const ROWS = 400;
/** A state comes behind so many rows. */
const STATE_EVERY = 50;
const OUT_OF_MEMORY = new Error('Out of Memory Error: failed to allocate data of size 256.0 KiB');

const PROPERTIES: JsonObject = {
  id: { type: 'string' },
  name: { type: ['null', 'string'] },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
};

const warehouse = new DuckDbWarehouse();
const fresh = freshForEach(warehouse);
afterEach(() => void jest.restoreAllMocks());

type Mode = ConfiguredStream['destination_sync_mode'];

/** One run of a pipeline: so many rows in one batch, with states among them. @returns the stream's error and what was counted */
async function load(mode: Mode, { first = 1, last = ROWS, name = 'a' } = {}) {
  const store = await openStore(warehouse.config(), PIPELINE);
  const configured: ConfiguredStream = {
    stream: { name: STREAM, json_schema: { properties: PROPERTIES }, supported_sync_modes: ['incremental'] },
    sync_mode: 'incremental',
    destination_sync_mode: mode,
    primary_key: [['id']],
    cursor_field: ['updatedAt'],
  };
  const { defaultSchema: schema, names } = store;
  const options = { schema, tableName: null, tableForm: 'typed' as const, hardDeletes: true, names };
  const loader = new Loader(store, targetsOf([configured], options) as Target[], {
    spoolDir: fresh.folder.path,
    flushBytes: 1e9,
    flushMilliseconds: 1e6,
    spoolMaxBytes: 1e9,
    pipeline: PIPELINE,
  });
  try {
    for (let row = first; row <= last; row += 1) {
      const data = { id: `${row}`, name, updatedAt: '2024-01-01T00:00:00Z' };
      await loader.records(STREAM, [{ data: Buffer.from(JSON.stringify(data)), emittedAt: 1e12, changes: null }]);
      if (row % STATE_EVERY !== 0) continue;
      await loader.state({ stream: STREAM, state: { at: row }, isAhead: false, release: () => undefined });
    }
    loader.complete(STREAM);
    const [result] = await loader.finish();
    return result;
  } finally {
    loader.close();
    await store.close();
  }
}

/** What a reader finds after a commit. */
interface Seen {
  rows: number;
  state: unknown;
}

/** The number of rows in the table, none of which is there twice, and the state that the pipeline has kept. */
async function found(): Promise<Seen> {
  const isThere = (await warehouse.tables()).includes(STREAM);
  const ids = isThere ? (await warehouse.rows(STREAM, { id: 'text' })).map(({ id }) => id) : [];
  expect(new Set(ids).size).toBe(ids.length);
  const store = await openStore(warehouse.config(), PIPELINE);
  try {
    const { states } = await store.loadStates(PIPELINE);
    return { rows: ids.length, state: states.get(STREAM)?.state ?? null };
  } finally {
    await store.close();
  }
}

/** Has writes of a batch fail, by how many have been tried and how many rows they have. @returns the rows of each that was tried */
function failing(way: 'append' | 'replace', errorOf: (tried: number, rows: number) => Error | null): number[] {
  const real = BatchWriter.prototype[way];
  const tried: number[] = [];
  jest.spyOn(BatchWriter.prototype, way).mockImplementation(async function (this: BatchWriter, target, place, batch) {
    tried.push(batch.rows);
    const error = errorOf(tried.length, batch.rows);
    if (error) throw error;
    return real.call(this, target, place, batch);
  });
  return tried;
}

const once = (tried: number) => (tried === 1 ? OUT_OF_MEMORY : null);

test('a batch that did not fit once is there whole, with its last state', async () => {
  const tried = failing('append', once);
  expect(await load('append_dedup')).toMatchObject({ inserted: ROWS, updated: 0, error: null });
  expect(tried).toEqual([400, 200, 200]);
  expect(await found()).toEqual({ rows: ROWS, state: { at: 400 } });
});

test('a part is kept with the last state before its end, also where the next one fails', async () => {
  failing('append', (tried) => (tried === 1 ? OUT_OF_MEMORY : tried === 3 ? new TypeError('x is null') : null));
  const result = await load('append_dedup');
  expect(result?.error).toMatchObject({ code: 'HF-INTERNAL' });
  expect(await found()).toEqual({ rows: 200, state: { at: 200 } });
});

test('a part that ends between two states has the one before', async () => {
  // 390 rows: 195 and 195.
  failing('append', (tried) => (tried === 1 ? OUT_OF_MEMORY : tried === 3 ? new TypeError('x is null') : null));
  await load('append_dedup', { last: 390 });
  expect(await found()).toEqual({ rows: 195, state: { at: 150 } });
  // The next run begins behind that state: what it brings again replaces what is there.
  jest.restoreAllMocks();
  expect(await load('append_dedup', { first: 151 })).toMatchObject({ error: null });
  expect(await found()).toEqual({ rows: ROWS, state: { at: 400 } });
});

test('rows that replace others are divided as well', async () => {
  await load('append_dedup', { name: 'old' });
  const tried = failing('replace', (n) => (n === 1 ? OUT_OF_MEMORY : n === 3 ? new TypeError('x is null') : null));
  await load('append_dedup', { name: 'new' });
  expect(tried).toEqual([400, 200, 200]);
  const names = (await warehouse.rows(STREAM, { id: 'text', name: 'text' })).map(({ name }) => name);
  expect(names.filter((name) => name === 'new')).toHaveLength(200);
  expect(names).toHaveLength(ROWS);
  expect((await found()).state).toEqual({ at: 200 });
});

test('another way is found for a part, too', async () => {
  failing('append', (tried) => (tried === 1 ? OUT_OF_MEMORY : tried === 3 ? new NotAllNew('a key comes twice') : null));
  const tried = failing('replace', () => null);
  expect(await load('append_dedup')).toMatchObject({ error: null, inserted: ROWS });
  expect(tried).toEqual([200]);
  expect(await found()).toEqual({ rows: ROWS, state: { at: 400 } });
});

describe.each(['append', 'overwrite'] as const)('of a stream in %s all parts are one transaction', (mode) => {
  test('which leaves nothing where the second part fails', async () => {
    failing('append', (tried) => (tried === 1 ? OUT_OF_MEMORY : tried === 3 ? new TypeError('x is null') : null));
    expect((await load(mode))?.error).toMatchObject({ code: 'HF-INTERNAL' });
    expect(await found()).toEqual({ rows: 0, state: null });
  });

  test('which is done again as a whole where a part does not fit', async () => {
    const tried = failing('append', (n) => (n === 1 || n === 3 ? OUT_OF_MEMORY : null));
    expect(await load(mode)).toMatchObject({ inserted: ROWS, error: null });
    expect(tried).toEqual([400, 200, 200, 100, 100, 100, 100]);
    expect(await found()).toEqual({ rows: ROWS, state: { at: 400 } });
  });
});

test('with each division DuckDB may take more, up to what it is allowed', async () => {
  const limit = jest.spyOn(Database.prototype, 'limitMemory');
  failing('append', (n) => (n <= 6 ? OUT_OF_MEMORY : null));
  await load('append_dedup', { last: 3200 });
  const taken = limit.mock.calls.map(([bytes]) => bytes);
  const allowed = allowedBytes(null);
  const first = taken[0] as number;
  expect(taken.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, 64].map((times) => Math.min(times * first, allowed)));
});

test('what never fits ends with a message that names the option, and leaves what was there', async () => {
  await load('append_dedup', { last: 50 });
  failing('replace', () => OUT_OF_MEMORY);
  const { error } = (await load('append_dedup', { first: 51 })) ?? {};
  expect(error).toMatchObject({ message: expect.stringContaining('Raise memory_limit_mb.') });
  expect(await found()).toEqual({ rows: 50, state: { at: 50 } });
});

test('how many rows fitted is remembered: the batches behind are no larger', async () => {
  failing('append', once);
  const store = await openStore(warehouse.config(), null);
  const stream = {
    name: STREAM,
    json_schema: { properties: PROPERTIES },
    supported_sync_modes: ['incremental' as const],
  };
  const configured = { stream, sync_mode: 'incremental' as const, destination_sync_mode: 'append' as const };
  const options = {
    schema: 'main',
    tableName: null,
    tableForm: 'typed' as const,
    hardDeletes: true,
    names: store.names,
  };
  const [target] = targetsOf([configured], options) as [Target];
  const settings = { flushBytes: 1e9, flushMilliseconds: 1e6, spoolMaxBytes: 1e9, pipeline: null };
  const loader = new Loader(store, [target], { spoolDir: fresh.folder.path, ...settings });
  try {
    expect(store.fittingRows(target)).toBe(Number.POSITIVE_INFINITY);
    const record = () => ({ data: Buffer.from('{"id":"1"}'), emittedAt: 1e12, changes: null });
    await loader.records(STREAM, Array.from({ length: 300 }, record));
    await loader.finish();
    expect(store.fittingRows(target)).toBe(150);
  } finally {
    loader.close();
    await store.close();
  }
});
