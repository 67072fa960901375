import { DuckDBInstance } from '@duckdb/node-api';
import type { JsonObject } from '../src/protocol/messages.js';
import { Loader } from '../src/warehouse/loader.js';
import { openStore } from '../src/warehouse/open-store.js';
import { targetsOf } from '../src/warehouse/target.js';
import { TestFolder } from './support/command.js';
import { query, queryValues, tables } from './support/duckdb.js';

/** The behaviours that every store must have. */

let folder: TestFolder;
let path: string;

beforeEach(() => {
  folder = new TestFolder();
  path = folder.join('w.duckdb');
});
afterEach(() => folder.remove());

const SCHEMA: JsonObject = {
  id: { type: ['null', 'string'] },
  name: { type: ['null', 'string'] },
  n: { type: ['null', 'number'], hubflake_decimal: true },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
  archived: { type: ['null', 'boolean'], hubflake_tombstone: true },
  archivedAt: { type: ['null', 'string'], format: 'date-time' },
};

interface Batch {
  /** Records: their data as JSON text or as a value, and when they were extracted. */
  records: (JsonObject | string)[];
  emittedAt?: number;
}

interface Load {
  mode?: 'append' | 'append_dedup' | 'overwrite';
  schema?: JsonObject;
  stream?: string;
  complete?: boolean;
  generation?: number;
  minimumGeneration?: number;
  pipeline?: string | null;
  key?: string[][];
  hardDeletes?: boolean;
  states?: JsonObject[];
}

/** One run of the loader over batches, each committed by itself. */
async function load(batches: Batch[], options: Load = {}) {
  const { stream = 't', mode = 'append_dedup', hardDeletes = true } = options;
  const store = await openStore({ type: 'duckdb', path, schema: 'main', loader: {} as never });
  const released: number[] = [];
  try {
    const configured = {
      stream: {
        name: stream,
        json_schema: { properties: options.schema ?? SCHEMA },
        supported_sync_modes: ['incremental' as const],
      },
      sync_mode: 'incremental' as const,
      destination_sync_mode: mode,
      primary_key: options.key ?? [['id']],
      cursor_field: ['updatedAt'],
      generation_id: options.generation ?? null,
      minimum_generation_id: options.minimumGeneration ?? null,
    };
    const targets = targetsOf([configured], { schema: 'main', tableName: null, hardDeletes, names: store.names });
    const loader = new Loader(store, targets, {
      spoolDir: folder.path,
      flushBytes: 1,
      flushMilliseconds: 1e6,
      spoolMaxBytes: 1e9,
      pipeline: options.pipeline ?? null,
    });
    for (const [index, { records, emittedAt = 1_700_000_000_000 + index * 1000 }] of batches.entries()) {
      await loader.records(
        stream,
        records.map((record) => ({
          data: Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
          emittedAt,
          changes: null,
        })),
      );
      loader.state({ stream, state: options.states?.[index] ?? { index }, release: (count) => released.push(count) });
    }
    if (options.complete !== false) loader.complete(stream);
    const [result] = await loader.finish();
    loader.close();
    return { ...result, released };
  } finally {
    await store.close();
  }
}

/** Does something to the file as another program would. */
async function execute(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

const rows = (columns = 'id, name', table = 't') => query(path, `SELECT ${columns} FROM "${table}" ORDER BY ALL`);
const at = (day: number) => `2024-01-${String(day).padStart(2, '0')}T00:00:00Z`;

describe('append_dedup', () => {
  test('inserts, then updates by the key, and releases each state behind its records', async () => {
    const first = await load([
      {
        records: [
          { id: '1', name: 'a', updatedAt: at(1) },
          { id: '2', name: 'b', updatedAt: at(1) },
        ],
      },
    ]);
    expect(first).toMatchObject({ inserted: 2, updated: 0, marked: 0, released: [2], error: null });
    const second = await load([
      {
        records: [
          { id: '2', name: 'B', updatedAt: at(2) },
          { id: '3', name: 'c', updatedAt: at(2) },
        ],
      },
    ]);
    expect(second).toMatchObject({ inserted: 1, updated: 1, released: [2] });
    expect(await rows()).toEqual([
      { id: '1', name: 'a' },
      { id: '2', name: 'B' },
      { id: '3', name: 'c' },
    ]);
  });

  test('of several versions in a batch keeps the newest: by cursor, then extraction, then line', async () => {
    await load([
      {
        records: [
          { id: '1', name: 'newest', updatedAt: at(3) },
          { id: '1', name: 'old', updatedAt: at(1) },
          { id: '1', name: 'none', updatedAt: null },
          { id: '2', name: 'first', updatedAt: at(1) },
          { id: '2', name: 'last', updatedAt: at(1) },
        ],
      },
    ]);
    expect(await rows()).toEqual([
      { id: '1', name: 'newest' },
      { id: '2', name: 'last' },
    ]);
  });

  test('never lets an older version overwrite a newer one', async () => {
    await load([{ records: [{ id: '1', name: 'new', updatedAt: at(5) }], emittedAt: 2_000 }]);
    await load([{ records: [{ id: '1', name: 'old', updatedAt: at(4) }], emittedAt: 9_000 }]);
    await load([{ records: [{ id: '1', name: 'extracted before', updatedAt: at(5) }], emittedAt: 1_000 }]);
    await load([{ records: [{ id: '1', name: 'no cursor', updatedAt: null }], emittedAt: 9_000 }]);
    expect(await rows()).toEqual([{ id: '1', name: 'new' }]);
  });

  test('a batch twice changes nothing', async () => {
    const batch = { records: [{ id: '1', name: 'a', updatedAt: at(1) }], emittedAt: 1000 };
    await load([batch]);
    expect(await load([batch])).toMatchObject({ inserted: 0, updated: 1 });
    expect(await rows('id, name')).toEqual([{ id: '1', name: 'a' }]);
  });

  test('takes keys of several columns', async () => {
    const key = [['id'], ['name']];
    await load(
      [
        {
          records: [
            { id: '1', name: 'a', n: 1 },
            { id: '1', name: 'b', n: 1 },
          ],
        },
      ],
      { key },
    );
    await load([{ records: [{ id: '1', name: 'b', n: 2 }] }], { key });
    expect(await rows('id, name, n::INTEGER AS n')).toEqual([
      { id: '1', name: 'a', n: 1 },
      { id: '1', name: 'b', n: 2 },
    ]);
  });

  test('a tombstone marks the row, changes only the columns it carries, and goes no way back', async () => {
    await load([{ records: [{ id: '1', name: 'a', n: 5, updatedAt: at(1) }], emittedAt: 1000 }]);
    const tombstone = { id: '1', updatedAt: at(1), archived: true, archivedAt: at(9) };
    expect(await load([{ records: [tombstone], emittedAt: 2000 }])).toMatchObject({
      inserted: 0,
      updated: 0,
      marked: 1,
    });
    await load([{ records: [{ id: '1', name: 'late', updatedAt: at(1) }], emittedAt: 1500 }]);
    expect(await rows('id, name, n::INTEGER AS n, archived')).toEqual([{ id: '1', name: 'a', n: 5, archived: true }]);
    await load([
      {
        records: [{ id: '1', name: 'restored', archived: false, archivedAt: null, updatedAt: at(1) }],
        emittedAt: 3000,
      },
    ]);
    expect(await rows('id, name, archived, archivedAt')).toEqual([
      { id: '1', name: 'restored', archived: false, archivedAt: null },
    ]);
  });

  test('a record and its tombstone in one batch make the marked row that two batches would', async () => {
    const record = { id: '1', name: 'a', updatedAt: at(1) };
    const tombstone = { id: '1', updatedAt: at(1), archived: true };
    await load([{ records: [record, tombstone] }]);
    expect(await rows('id, name, archived')).toEqual([{ id: '1', name: 'a', archived: true }]);
    await load([{ records: [tombstone, { ...record, archived: false }], emittedAt: 1_800_000_000_000 }]);
    expect(await rows('id, name, archived')).toEqual([{ id: '1', name: 'a', archived: false }]);
  });

  test('a tombstone alone inserts no row, and makes no table', async () => {
    await load([{ records: [{ id: '9', archived: true, updatedAt: at(1) }] }]);
    expect(await tables(path)).toEqual([]);
    await load([{ records: [{ id: '1', name: 'a', updatedAt: at(1) }] }]);
    await load([{ records: [{ id: '9', archived: true, updatedAt: at(1) }] }]);
    expect(await rows()).toEqual([{ id: '1', name: 'a' }]);
  });

  test('_ab_cdc_deleted_at deletes the row, or is kept in it, as configured', async () => {
    const schema = { ...SCHEMA, _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time' } };
    const live = [
      { id: '1', name: 'a', updatedAt: at(1) },
      { id: '2', name: 'b', updatedAt: at(1) },
    ];
    const deleted = { id: '1', updatedAt: at(2), _ab_cdc_deleted_at: at(2) };
    await load([{ records: live }, { records: [deleted] }], { schema, stream: 'hard' });
    expect(await rows('id, name', 'hard')).toEqual([{ id: '2', name: 'b' }]);
    await load([{ records: live }, { records: [deleted] }], { schema, stream: 'soft', hardDeletes: false });
    expect(await rows('id, name, _ab_cdc_deleted_at IS NULL AS live', 'soft')).toEqual([
      { id: '1', name: 'a', live: false },
      { id: '2', name: 'b', live: true },
    ]);
  });
});

test('append keeps every record, tombstones too', async () => {
  const record = { id: '1', name: 'a', updatedAt: at(1) };
  await load([{ records: [record, record, { ...record, archived: true }] }, { records: [record] }], { mode: 'append' });
  expect(await rows()).toHaveLength(4);
});

describe('overwrite', () => {
  const record = (name: string) => ({ id: name, name, updatedAt: at(1) });

  test('replaces the rows when the stream is complete, and only then', async () => {
    await load([{ records: [record('old')] }], { mode: 'overwrite' });
    const failed = await load([{ records: [record('new')] }], { mode: 'overwrite', complete: false });
    expect(failed).toMatchObject({ released: [], complete: false });
    expect(failed.error?.message).toContain('the table t was left as it was');
    expect(await rows()).toEqual([{ id: 'old', name: 'old' }]);
    const done = await load([{ records: [record('new')] }, { records: [record('newer')] }], { mode: 'overwrite' });
    expect(done).toMatchObject({ inserted: 2, released: [1, 1], error: null });
    expect(await rows()).toEqual([
      { id: 'new', name: 'new' },
      { id: 'newer', name: 'newer' },
    ]);
    expect(await tables(path)).toEqual(['t']);
  });

  test('leaves out what a run that died had collected', async () => {
    await load([{ records: [record('old')] }], { mode: 'overwrite' });
    await execute('CREATE TABLE t__hubflake_side AS SELECT * FROM t');
    await load([{ records: [record('new')] }], { mode: 'overwrite' });
    expect(await rows()).toEqual([{ id: 'new', name: 'new' }]);
    expect(await tables(path)).toEqual(['t']);
  });

  test('with no records empties a table, and makes none', async () => {
    await load([], { mode: 'overwrite' });
    expect(await tables(path)).toEqual([]);
    await load([{ records: [record('old')] }], { mode: 'overwrite' });
    await load([], { mode: 'overwrite' });
    expect(await rows()).toEqual([]);
  });
});

test('rows of generations older than the minimum go when the stream is complete, and none of its own', async () => {
  await load([{ records: [{ id: '1', name: 'a' }] }], { generation: 1, minimumGeneration: 1 });
  await load([{ records: [{ id: '2', name: 'b' }] }], { generation: 1, minimumGeneration: 1 });
  expect(await rows()).toHaveLength(2);
  await load([{ records: [{ id: '3', name: 'c' }] }], { generation: 2, minimumGeneration: 2, complete: false });
  expect(await rows()).toHaveLength(3);
  await load([{ records: [{ id: '3', name: 'c' }] }], { generation: 2, minimumGeneration: 2 });
  expect(await rows()).toEqual([{ id: '3', name: 'c' }]);
});

describe('a state', () => {
  /** Loads one batch with its state in the same commit; in what order things happened. */
  async function order(before: () => Promise<void> = async () => undefined): Promise<string[]> {
    await before();
    const events: string[] = [];
    const store = await openStore({ type: 'duckdb', path, schema: 'main', loader: {} as never });
    const commit = store.commit.bind(store);
    store.commit = async (...args) => {
      const counts = await commit(...args);
      events.push('committed');
      return counts;
    };
    const stream = { name: 't', json_schema: { properties: SCHEMA }, supported_sync_modes: ['incremental' as const] };
    const configured = { stream, sync_mode: 'incremental' as const, destination_sync_mode: 'append' as const };
    const targets = targetsOf([configured], { schema: 'main', tableName: null, hardDeletes: true, names: store.names });
    const settings = {
      spoolDir: folder.path,
      flushBytes: 1e9,
      flushMilliseconds: 1e6,
      spoolMaxBytes: 1e9,
      pipeline: null,
    };
    const loader = new Loader(store, targets, settings);
    const state = (name: string | null) =>
      loader.state({ stream: name, state: {}, release: (count) => events.push(`${name ?? 'all'} ${count}`) });
    const records = [{ data: Buffer.from('{"id":"1"}'), emittedAt: 1, changes: null }];
    await loader.records('t', records);
    state('t');
    await loader.records('t', [...records, ...records]);
    state('t');
    state(null);
    loader.complete('t');
    await loader.finish();
    loader.close();
    await store.close();
    return events;
  }

  test('leaves only behind the commit of what came before it, in its order, with its count', async () => {
    expect(await order()).toEqual(['committed', 't 1', 't 2', 'all 3']);
  });

  test('never leaves when its records could not be committed, nor does one of all streams', async () => {
    expect(await order(() => execute('CREATE TABLE t (mine VARCHAR)'))).toEqual([]);
  });
});

test('a stream without records makes no table', async () => {
  await load([]);
  expect(await tables(path)).toEqual([]);
});

test('a new property becomes a column, and one that is gone stays', async () => {
  await load([{ records: [{ id: '1', name: 'a', updatedAt: at(1) }] }]);
  const { name: _, ...rest } = SCHEMA;
  const schema = { ...rest, extra: { type: ['null', 'integer'], title: 'Extra' } };
  await load([{ records: [{ id: '2', extra: 5, updatedAt: at(1) }] }], { schema });
  expect(await rows('id, name, extra::INTEGER AS extra')).toEqual([
    { id: '1', name: 'a', extra: null },
    { id: '2', name: null, extra: 5 },
  ]);
  const [comment] = await query(
    path,
    "SELECT comment FROM duckdb_columns() WHERE table_name = 't' AND column_name = 'extra'",
  );
  expect(comment).toEqual({ comment: 'Extra' });
});

test('states are kept in the same commit, and survive a restart', async () => {
  const store = async () => {
    const opened = await openStore({ type: 'duckdb', path, schema: 'main', loader: {} as never });
    const states = await opened.loadStates('p');
    await opened.close();
    return Object.fromEntries(states);
  };
  expect(await store()).toEqual({});
  await load([{ records: [] }], { pipeline: 'p' });
  expect(await tables(path)).toEqual([]);
  await load([{ records: [{ id: '1' }] }], { pipeline: 'p', states: [{ cursor: "it's" }] });
  expect(await store()).toEqual({ t: { cursor: "it's" } });
  await load([{ records: [{ id: '1' }] }], { pipeline: 'other', states: [{ cursor: 'x' }] });
  expect(await store()).toEqual({ t: { cursor: "it's" } });
});

test('names are taken as they are, however odd', async () => {
  const odd = [
    'select',
    'a"b',
    'a.b',
    "it's",
    'a b',
    '😀',
    'Ünï',
    '',
    "'; DROP TABLE t; --",
    '$.x',
    '__proto__',
    'constructor',
  ];
  const schema = Object.fromEntries([['id', { type: 'string' }], ...odd.map((name) => [name, { type: 'string' }])]);
  const record = Object.fromEntries([['id', '1'], ...odd.map((name, i) => [name, `v${i}`])]);
  const stream = `odd "table"'; --`;
  const result = await load([{ records: [JSON.stringify(record)] }], { schema, stream });
  expect(result.error).toBeNull();
  expect(await tables(path)).toEqual([stream]);
  const [row] = await queryValues(path, `SELECT * FROM "${stream.replaceAll('"', '""')}"`);
  expect(row?.slice(-odd.length)).toEqual(odd.map((_, i) => `v${i}`));
});

test('fields that differ only by case have columns of their own', async () => {
  const schema = { id: { type: 'string' }, Foo: { type: 'string' }, foo: { type: 'number' }, FOO: { type: 'object' } };
  await load([{ records: [{ id: '1', Foo: 'a', foo: 5, FOO: { x: 1 } }] }], { schema });
  const [row] = await query(path, "SELECT COLUMNS(c -> c ILIKE 'foo%') FROM t");
  expect(Object.values(row ?? {})).toEqual(['a', 5, '{"x":1}']);
});

describe('values', () => {
  const value = async (type: JsonObject, json: string) => {
    await load([{ records: [`{"id":"1","v":${json}}`] }], { schema: { id: { type: 'string' }, v: type } });
    const [row] = await query(path, "SELECT v::VARCHAR AS v, _airbyte_meta->'$.changes' AS changes FROM t");
    return [row?.v, JSON.parse(String(row?.changes)).map((change: { change: string }) => change.change)];
  };
  const NUMBER = { type: 'number' };
  const DECIMAL = { type: 'number', hubflake_decimal: true };
  const INTEGER = { type: 'integer' };
  const BOOLEAN = { type: 'boolean' };
  const STRING = { type: 'string' };
  const DATE = { type: 'string', format: 'date' };
  const INSTANT = { type: 'string', format: 'date-time' };

  test.each<[JsonObject, string, string | null, string[]]>([
    [NUMBER, '1.5', '1.5', []],
    [NUMBER, '"1.5"', '1.5', []],
    [NUMBER, '1e400', null, ['NULLED']],
    [NUMBER, '"NaN"', null, ['NULLED']],
    [NUMBER, '"a lot"', null, ['NULLED']],
    [NUMBER, '{"a":1}', null, ['NULLED']],
    [NUMBER, 'null', null, []],
    [DECIMAL, '1234567890123456789012345678.0123456789', '1234567890123456789012345678.0123456789', []],
    [DECIMAL, '0.10', '0.1000000000', []],
    [DECIMAL, '1e3', '1000.0000000000', []],
    [DECIMAL, '0.00000000001', null, ['NULLED']],
    [DECIMAL, '12345678901234567890123456789', null, ['NULLED']],
    [INTEGER, '9007199254740993', '9007199254740993', []],
    [INTEGER, '5.0', '5', []],
    [INTEGER, '5.6', null, ['NULLED']],
    [INTEGER, '99999999999999999999', null, ['NULLED']],
    [BOOLEAN, 'true', 'true', []],
    [BOOLEAN, '"False"', 'false', []],
    [BOOLEAN, '"perhaps"', null, ['NULLED']],
    [STRING, '"a\\u0000b"', 'a\u0000b', []],
    [STRING, '"a\\ud83db"', 'a\ufffdb', ['TRUNCATED']],
    [STRING, '5.25', '5.25', []],
    [STRING, 'true', 'true', []],
    [STRING, '{"a":1}', '{"a":1}', []],
    [DATE, '"2024-02-29"', '2024-02-29', []],
    [DATE, '"2023-02-29"', null, ['NULLED']],
    [DATE, '"0000-01-01"', null, ['NULLED']],
    [DATE, '"99999-01-01"', null, ['NULLED']],
    [INSTANT, '"2024-05-01T02:00:00.123456+02:00"', '2024-05-01 00:00:00.123456+00', []],
    [INSTANT, '"99999-01-01T00:00:00Z"', null, ['NULLED']],
    [INSTANT, '"soon"', null, ['NULLED']],
    [{ type: 'array' }, '[1,"a",null]', '[1,"a",null]', []],
    [{ type: ['string', 'number'] }, '"a"', '"a"', []],
  ])('%j %s', async (type, json, expected, changes) => {
    expect(await value(type, json)).toEqual([expected, changes]);
  });

  test('a text of many megabytes goes through', async () => {
    const text = 'x'.repeat(20 * 1024 * 1024);
    const result = await load([{ records: [{ id: '1', name: text }] }]);
    expect(result.error).toBeNull();
    expect(await rows('length(name)::INTEGER AS n')).toEqual([{ n: text.length }]);
  });

  test('two thousand columns go through', async () => {
    const names = Array.from({ length: 2000 }, (_, i) => `column_${i}`);
    const schema = Object.fromEntries([['id', STRING], ...names.map((name, i) => [name, i % 2 ? NUMBER : STRING])]);
    const record = Object.fromEntries([['id', '1'], ...names.map((name, i) => [name, i])]);
    expect((await load([{ records: [record] }], { schema })).error).toBeNull();
    expect(await rows('column_1998, column_1999::INTEGER AS last')).toEqual([{ column_1998: '1998', last: 1999 }]);
  });
});

test('a table that someone else made is left alone', async () => {
  await execute("CREATE TABLE t (id VARCHAR, mine VARCHAR); INSERT INTO t VALUES ('1', 'mine')");
  const result = await load([{ records: [{ id: '1', name: 'a' }] }]);
  expect(result.error?.message).toContain('There is already a table t that hubflake did not make');
  expect(result.released).toEqual([]);
  expect(await rows('id, mine')).toEqual([{ id: '1', mine: 'mine' }]);
});
