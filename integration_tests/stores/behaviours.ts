import type { JsonObject } from '../../src/protocol/messages.js';
import { Loader } from '../../src/warehouse/loader/loader.js';
import { columnNames, type NameRules } from '../../src/warehouse/names.js';
import { openStore } from '../../src/warehouse/open-store.js';
import { targetsOf, VIEW_SUFFIX } from '../../src/warehouse/target.js';
import { freshForEach } from '../support/fresh.js';
import type { ReadAs, TestWarehouse } from '../support/test-warehouse.js';

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
  /** No state comes behind the records. */
  withoutState?: boolean;
  /** Rows with the same values are left alone. */
  isCompared?: boolean;
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
  syncId?: number;
  tableForm?: 'typed' | 'raw';
}

/** The behaviours that every store must have; called once for each, in a test file of its own. */
export function storeBehaviours(warehouse: TestWarehouse): void {
  const fresh = freshForEach(warehouse);

  /** One run of the loader over batches, each committed by itself. */
  async function load(batches: Batch[], options: Load = {}) {
    const { stream = 't', mode = 'append_dedup', hardDeletes = true, tableForm = 'typed' } = options;
    const store = await openStore(warehouse.config({ tableForm }), options.pipeline ?? null);
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
        sync_id: options.syncId ?? null,
      };
      const schema = store.defaultSchema;
      const targets = targetsOf([configured], { schema, tableName: null, tableForm, hardDeletes, names: store.names });
      const loader = new Loader(store, targets, {
        spoolDir: fresh.folder.path,
        flushBytes: 1,
        flushMilliseconds: 1e6,
        spoolMaxBytes: 1e9,
        pipeline: options.pipeline ?? null,
      });
      for (const [index, batch] of batches.entries()) {
        const { records, emittedAt = 1_700_000_000_000 + index * 1000, withoutState, isCompared = false } = batch;
        await loader.records(
          stream,
          records.map((record) => ({
            data: Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
            emittedAt,
            changes: null,
            isCompared,
          })),
        );
        if (withoutState) continue;
        const release = (count: number) => void released.push(count);
        await loader.state({ stream, state: options.states?.[index] ?? { index }, isAhead: false, release });
      }
      if (options.complete !== false) loader.complete(stream);
      const [result] = await loader.finish();
      loader.close();
      return { ...result, released };
    } finally {
      await store.close();
    }
  }

  const TEXTS = { id: 'text', name: 'text' } as const;
  const rows = <T extends Record<string, ReadAs> = typeof TEXTS>(fields?: T, stream = 't') =>
    warehouse.rows(stream, (fields ?? TEXTS) as T);
  const at = (day: number) => `2024-01-${String(day).padStart(2, '0')}T00:00:00Z`;
  const T = warehouse.name('t');

  /** How the store names columns. */
  async function names(): Promise<NameRules> {
    const store = await openStore(warehouse.config());
    await store.close();
    return store.names;
  }

  describe.each(['typed', 'raw'] as const)('rows that are compared (%s)', (tableForm) => {
    const schema: JsonObject = {
      ...SCHEMA,
      links: { type: ['null', 'array'] },
      any: {},
      synced: { type: ['null', 'string'], format: 'date-time', hubflake_stamp: true },
    };
    const record = (id: string, more: JsonObject = {}): JsonObject => ({
      id,
      name: `N${id}`,
      n: 1.5,
      updatedAt: at(1),
      archived: false,
      archivedAt: null,
      links: ['7', '8'],
      any: { a: [1, null] },
      synced: at(1),
      ...more,
    });
    const options = { schema, tableForm };

    test('are written only where they differ, and a stamp makes no difference', async () => {
      const ids = ['1', '2', '3', '4', '5', '6'];
      await load([{ records: ids.map((id) => record(id)) }], options);
      const swept = [
        record('1', { synced: at(3) }),
        record('2', { n: 2 }),
        record('3', { links: ['8'] }),
        record('4', { any: { a: [1, 2] } }),
        record('5', { name: null }),
        record('6', { n: '1.50' }),
        record('7'),
      ];
      const counts = await load([{ records: swept, isCompared: true, emittedAt: 1_700_000_100_000 }], options);
      expect(counts).toMatchObject({ inserted: 1, updated: tableForm === 'raw' ? 5 : 4, marked: 0, error: null });
      expect(await load([{ records: swept, isCompared: true, emittedAt: 1_700_000_200_000 }], options)).toMatchObject({
        inserted: 0,
        updated: 0,
      });
      // Without being compared, all are.
      expect(await load([{ records: swept, emittedAt: 1_700_000_300_000 }], options)).toMatchObject({ updated: 7 });
    });

    test('are never taken back to an older version, come back to life, and are marked', async () => {
      const later = { updatedAt: at(5) };
      const gone = { archived: true, archivedAt: at(5) };
      await load([{ records: [record('1', later), record('2'), record('3'), record('4')] }], options);
      await load([{ records: [record('2', { ...later, ...gone }), record('4', { ...later, ...gone })] }], options);
      const counts = await load(
        [
          {
            records: [
              record('1', { name: 'old' }),
              record('2', later),
              record('3'),
              record('3', { ...later, ...gone }),
            ],
            isCompared: true,
            emittedAt: 1_700_000_100_000,
          },
        ],
        options,
      );
      expect(counts.error).toBeNull();
      const table = tableForm === 'raw' ? `t${VIEW_SUFFIX}` : 't';
      expect(await rows({ id: 'text', name: 'text', archived: 'boolean' }, table)).toEqual([
        { id: '1', name: 'N1', archived: false },
        { id: '2', name: 'N2', archived: false },
        { id: '3', name: 'N3', archived: true },
        { id: '4', name: 'N4', archived: true },
      ]);
    });
  });

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
      expect(await rows()).toEqual([{ id: '1', name: 'a' }]);
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
      expect(await rows({ ...TEXTS, n: 'number' })).toEqual([
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
      expect(await rows({ ...TEXTS, n: 'number', archived: 'boolean' })).toEqual([
        { id: '1', name: 'a', n: 5, archived: true },
      ]);
      await load([
        {
          records: [{ id: '1', name: 'restored', archived: false, archivedAt: null, updatedAt: at(1) }],
          emittedAt: 3000,
        },
      ]);
      expect(await rows({ ...TEXTS, archived: 'boolean', archivedAt: 'instant' })).toEqual([
        { id: '1', name: 'restored', archived: false, archivedAt: null },
      ]);
    });

    test('of several tombstones in a batch each changes what it carries itself, be it null', async () => {
      const records = ['1', '2', '3'].map((id) => ({ id, name: `name ${id}`, n: 5, updatedAt: at(1) }));
      await load([{ records }]);
      const marks = ([{ name: 'told' }, { n: null }, {}] as JsonObject[]).map((carried, i) => ({
        ...carried,
        id: `${i + 1}`,
      }));
      await load([{ records: marks.map((mark) => ({ ...mark, updatedAt: at(2), archived: true })) }]);
      expect(await rows({ ...TEXTS, n: 'number' })).toEqual([
        { id: '1', name: 'told', n: 5 },
        { id: '2', name: 'name 2', n: null },
        { id: '3', name: 'name 3', n: 5 },
      ]);
    });

    test('a record and its tombstone in one batch make the marked row that two batches would', async () => {
      const record = { id: '1', name: 'a', updatedAt: at(1) };
      const tombstone = { id: '1', updatedAt: at(1), archived: true };
      await load([{ records: [record, tombstone] }]);
      expect(await rows({ ...TEXTS, archived: 'boolean' })).toEqual([{ id: '1', name: 'a', archived: true }]);
      await load([{ records: [tombstone, { ...record, archived: false }], emittedAt: 1_800_000_000_000 }]);
      expect(await rows({ ...TEXTS, archived: 'boolean' })).toEqual([{ id: '1', name: 'a', archived: false }]);
    });

    test('a tombstone alone inserts no row, and makes no table', async () => {
      await load([{ records: [{ id: '9', archived: true, updatedAt: at(1) }] }]);
      expect(await warehouse.tables()).toEqual([]);
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
      expect(await rows(TEXTS, 'hard')).toEqual([{ id: '2', name: 'b' }]);
      await load([{ records: live }, { records: [deleted] }], { schema, stream: 'soft', hardDeletes: false });
      expect(await rows({ ...TEXTS, _ab_cdc_deleted_at: 'instant' }, 'soft')).toEqual([
        { id: '1', name: 'a', _ab_cdc_deleted_at: '2024-01-02T00:00:00.000Z' },
        { id: '2', name: 'b', _ab_cdc_deleted_at: null },
      ]);
    });
  });

  test.each(['typed', 'raw'] as const)(
    'a record that has left the filters updates its row, and makes none: %s',
    async (tableForm) => {
      const schema = { ...SCHEMA, matches_filters: { type: ['null', 'boolean'], hubflake_tombstone: false } };
      const options = { schema, tableForm };
      const left = (id: string) => ({ id, name: 'left', updatedAt: at(2), archived: false, matches_filters: false });
      await load([{ records: [left('9')] }], options);
      expect(await warehouse.tables()).toEqual([]);
      const there = { id: '1', name: 'a', updatedAt: at(1), archived: false, matches_filters: true };
      await load([{ records: [there] }], options);
      expect(await load([{ records: [left('1'), left('9')] }], options)).toMatchObject({ inserted: 0, marked: 1 });
      const table = tableForm === 'raw' ? `t${VIEW_SUFFIX}` : 't';
      const read = () => rows({ ...TEXTS, matches_filters: 'boolean' }, table);
      expect(await read()).toEqual([{ id: '1', name: 'left', matches_filters: false }]);
      const back = { ...there, updatedAt: at(3), name: 'back' };
      await load([{ records: [back, left('9')], emittedAt: 1_800_000_000_000 }], options);
      expect(await read()).toEqual([{ id: '1', name: 'back', matches_filters: true }]);
    },
  );

  test('append keeps every record, tombstones too', async () => {
    const record = { id: '1', name: 'a', updatedAt: at(1) };
    await load([{ records: [record, record, { ...record, archived: true }] }, { records: [record] }], {
      mode: 'append',
    });
    expect(await rows()).toHaveLength(4);
  });

  test('append in a pipeline never commits a row without the state behind it: it would come twice', async () => {
    const options = { mode: 'append' as const, pipeline: 'p' };
    const cut = [{ records: [{ id: '1' }] }, { records: [{ id: '2' }], withoutState: true }];
    expect(await load(cut, { ...options, complete: false })).toMatchObject({ released: [1] });
    expect(await rows({ id: 'text' })).toEqual([{ id: '1' }]);
    await load([{ records: [{ id: '2' }], withoutState: true }, { records: [{ id: '3' }] }], options);
    expect(await rows({ id: 'text' })).toEqual([{ id: '1' }, { id: '2' }, { id: '3' }]);
  });

  describe('overwrite', () => {
    const record = (name: string) => ({ id: name, name, updatedAt: at(1) });

    test('replaces the rows when the stream is complete, and only then', async () => {
      await load([{ records: [record('old')] }], { mode: 'overwrite' });
      const failed = await load([{ records: [record('new')] }], { mode: 'overwrite', complete: false });
      expect(failed).toMatchObject({ released: [], complete: false });
      expect(failed.error?.message).toContain(`the table ${T} was left as it was`);
      expect(await rows()).toEqual([{ id: 'old', name: 'old' }]);
      const done = await load([{ records: [record('new')] }, { records: [record('newer')] }], { mode: 'overwrite' });
      expect(done).toMatchObject({ inserted: 2, released: [1, 1], error: null });
      expect(await rows()).toEqual([
        { id: 'new', name: 'new' },
        { id: 'newer', name: 'newer' },
      ]);
      expect(await warehouse.tables()).toEqual([T]);
    });

    test('leaves no values in the columns of fields that are gone, also where all else is as it was', async () => {
      const mode = 'overwrite' as const;
      await load([{ records: [{ id: '1', name: 'a', updatedAt: at(1) }] }], { mode });
      const { name: _, ...schema } = SCHEMA;
      await load([{ records: [{ id: '1', updatedAt: at(1) }] }], { mode, schema });
      expect(await rows()).toEqual([{ id: '1', name: null }]);
    });

    test('leaves out what a run that died had collected', async () => {
      await load([{ records: [record('old')] }], { mode: 'overwrite' });
      await load([{ records: [record('dead')] }], { mode: 'overwrite', complete: false });
      await load([{ records: [record('new')] }], { mode: 'overwrite' });
      expect(await rows()).toEqual([{ id: 'new', name: 'new' }]);
      expect(await warehouse.tables()).toEqual([T]);
    });

    test('with no records empties a table, and makes none', async () => {
      await load([], { mode: 'overwrite' });
      expect(await warehouse.tables()).toEqual([]);
      await load([{ records: [record('old')] }], { mode: 'overwrite' });
      await load([], { mode: 'overwrite' });
      expect(await rows()).toEqual([]);
    });
  });

  test.each(['typed', 'raw'] as const)(
    '%s: rows without a generation are of the newest that the table has, or they would all be older',
    async (tableForm) => {
      await load([{ records: [{ id: '1', name: 'a', updatedAt: at(1) }] }], { generation: 3, tableForm });
      await load([{ records: [{ id: '1', name: 'b', updatedAt: at(2) }] }], { tableForm });
      const view = tableForm === 'raw' ? `t${VIEW_SUFFIX}` : 't';
      expect(await rows({ name: 'text', _airbyte_generation_id: 'number' }, view)).toEqual([
        { name: 'b', _airbyte_generation_id: 3 },
      ]);
      await load([{ records: [{ id: '1', name: 'of an older one', updatedAt: at(9) }] }], { generation: 2, tableForm });
      expect(await rows({ name: 'text' }, view)).toEqual([{ name: 'b' }]);
    },
  );

  describe.each<'append_dedup' | 'append' | 'overwrite'>(['append_dedup', 'append', 'overwrite'])(
    'generations in %s',
    (mode) => {
      const of = (generation: number) => ({ mode, generation, minimumGeneration: generation });
      const one = (id: string) => [{ records: [{ id, name: 'a', updatedAt: at(1) }] }];
      const found = async () => (await rows()).map(({ id }) => id);

      test('a second sync of one generation deletes nothing', async () => {
        await load(one('1'), of(1));
        await load(one('2'), of(1));
        expect(await found()).toEqual(['1', '2']);
      });

      test('a refresh changes nothing that readers see until it is complete, then the old rows are gone at once', async () => {
        await load(one('1'), of(1));
        const failed = await load([...one('2'), ...one('3')], { ...of(2), complete: false });
        // The rows are safe beside the table, so the states may go out: the next attempt goes on behind them.
        expect(failed).toMatchObject({ error: null, released: [1, 1] });
        expect(await found()).toEqual(['1']);
        const done = await load(one('4'), of(2));
        expect(done).toMatchObject({ inserted: 3, released: [1], error: null });
        expect(await found()).toEqual(['2', '3', '4']);
        expect(await warehouse.tables()).toEqual([T]);
        await load(one('5'), of(2));
        expect(await found()).toEqual(['2', '3', '4', '5']);
      });

      test('a refresh of fewer fields leaves the columns of the others, without values', async () => {
        await load(one('1'), of(1));
        const { name: _, ...schema } = SCHEMA;
        const records = [{ id: '2', updatedAt: at(1) }];
        expect((await load([{ records }], { ...of(2), schema })).error).toBeNull();
        expect(await rows()).toEqual([{ id: '2', name: null }]);
      });

      test('a newer refresh takes the place of one that was given up', async () => {
        await load(one('1'), of(1));
        await load(one('2'), { ...of(2), complete: false });
        await load(one('3'), of(3));
        expect(await found()).toEqual(['3']);
      });

      test('a refresh without records empties the table, and makes none', async () => {
        await load([], of(1));
        expect(await warehouse.tables()).toEqual([]);
        await load(one('1'), of(1));
        await load([], of(1));
        expect(await found()).toEqual(['1']);
        await load([], of(2));
        expect(await found()).toEqual([]);
      });
    },
  );

  describe('a state', () => {
    /** Loads one batch with its state in the same commit; in what order things happened. */
    async function order(before: () => Promise<void> = async () => undefined): Promise<string[]> {
      await before();
      const events: string[] = [];
      const store = await openStore(warehouse.config());
      const commit = store.commit.bind(store);
      store.commit = async (...args) => {
        const counts = await commit(...args);
        events.push('committed');
        return counts;
      };
      const stream = { name: 't', json_schema: { properties: SCHEMA }, supported_sync_modes: ['incremental' as const] };
      const configured = { stream, sync_mode: 'incremental' as const, destination_sync_mode: 'append' as const };
      const targets = targetsOf([configured], {
        schema: store.defaultSchema,
        tableName: null,
        tableForm: 'typed',
        hardDeletes: true,
        names: store.names,
      });
      const settings = {
        spoolDir: fresh.folder.path,
        flushBytes: 1e9,
        flushMilliseconds: 1e6,
        spoolMaxBytes: 1e9,
        pipeline: null,
      };
      const loader = new Loader(store, targets, settings);
      const state = (name: string | null) => {
        const release = (count: number) => void events.push(`${name ?? 'all'} ${count}`);
        return loader.state({ stream: name, state: {}, isAhead: false, release });
      };
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
      expect(await order(() => warehouse.execute('CREATE TABLE {table} (mine VARCHAR)', 't'))).toEqual([]);
    });
  });

  test('a stream without records makes no table', async () => {
    await load([]);
    expect(await warehouse.tables()).toEqual([]);
  });

  test('a new property becomes a column, and one that is gone stays', async () => {
    await load([{ records: [{ id: '1', name: 'a', updatedAt: at(1) }] }]);
    const { name: _, ...rest } = SCHEMA;
    const schema = { ...rest, extra: { type: ['null', 'integer'], title: 'Extra' } };
    await load([{ records: [{ id: '2', extra: 5, updatedAt: at(1) }] }], { schema });
    expect(await rows({ ...TEXTS, extra: 'number' })).toEqual([
      { id: '1', name: 'a', extra: null },
      { id: '2', name: null, extra: 5 },
    ]);
    expect(await warehouse.comment('t', 'extra')).toBe('Extra\nField: "extra"');
  });

  test('states are kept in the same commit, and survive a restart', async () => {
    const store = async () => {
      const opened = await openStore(warehouse.config());
      const { states } = await opened.loadStates('p');
      await opened.close();
      return Object.fromEntries([...states].map(([stream, { state }]) => [stream, state]));
    };
    expect(await store()).toEqual({});
    await load([{ records: [] }], { pipeline: 'p' });
    expect(await warehouse.tables()).toEqual([]);
    expect(await warehouse.hasStates()).toBe(false);
    await load([{ records: [{ id: '1' }] }], { pipeline: 'p', states: [{ cursor: "it's" }] });
    expect(await store()).toEqual({ t: { cursor: "it's" } });
    await load([{ records: [{ id: '1' }] }], { pipeline: 'other', stream: 'u', states: [{ cursor: 'x' }] });
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
      "'; DROP TABLE t; --",
      '$.x',
      '__proto__',
      'constructor',
    ].filter((name) => warehouse.canName(name));
    const schema = Object.fromEntries([['id', { type: 'string' }], ...odd.map((name) => [name, { type: 'string' }])]);
    const record = Object.fromEntries([['id', '1'], ...odd.map((name, i) => [name, `v${i}`])]);
    const stream = 'odd "table".x y';
    const result = await load([{ records: [JSON.stringify(record)] }], { schema, stream });
    expect(result.error).toBeNull();
    expect(await warehouse.tables()).toEqual([warehouse.name(stream)]);
    const fields = Object.fromEntries(odd.map((name) => [name, 'text' as const]));
    const [row] = await rows(fields, stream);
    expect(Object.values(row ?? {})).toEqual(odd.map((_, i) => `v${i}`));
  });

  test('fields that differ only by case have columns of their own, the first its plain name', async () => {
    const schema = {
      id: { type: 'string' },
      Foo: { type: 'string' },
      foo: { type: 'number' },
      FOO: { type: 'object' },
    };
    await load([{ records: [{ id: '1', Foo: 'a', foo: 5, FOO: { x: 1 } }] }], { schema });
    const [, , second, third] = columnNames(Object.keys(schema), await names());
    expect(await rows({ Foo: 'text', [second as string]: 'number', [third as string]: 'json' })).toEqual([
      { Foo: 'a', [second as string]: 5, [third as string]: { x: 1 } },
    ]);
  });

  describe('values', () => {
    const value = async (type: JsonObject, json: string, as: ReadAs = 'text') => {
      await load([{ records: [`{"id":"1","v":${json}}`] }], { schema: { id: { type: 'string' }, v: type }, syncId: 7 });
      const [row] = await rows({ v: as, _airbyte_meta: 'json' });
      const { changes, sync_id } = (row as { _airbyte_meta: unknown })._airbyte_meta as {
        changes: { field: string; change: string }[];
        sync_id: number;
      };
      expect(sync_id).toBe(7);
      expect(changes.every(({ field }) => field === 'v')).toBe(true);
      return [row?.v, changes.map(({ change }) => change)];
    };
    const NUMBER = { type: 'number' };
    const DECIMAL = { type: 'number', hubflake_decimal: true };
    const INTEGER = { type: 'integer' };
    const BOOLEAN = { type: 'boolean' };
    const STRING = { type: 'string' };
    const DATE = { type: 'string', format: 'date' };
    const INSTANT = { type: 'string', format: 'date-time' };
    const LOCAL = { ...INSTANT, airbyte_type: 'timestamp_without_timezone' };
    const TIME = { type: 'string', format: 'time' };
    const ANY = {};

    test.each<[JsonObject, string, unknown, string[], ReadAs?]>([
      [NUMBER, '1.5', 1.5, [], 'number'],
      [NUMBER, '"1.5"', 1.5, [], 'number'],
      [NUMBER, '-1.7976931348623157e308', -1.7976931348623157e308, [], 'number'],
      [NUMBER, '1e400', null, ['NULLED']],
      [NUMBER, '"NaN"', null, ['NULLED']],
      [NUMBER, '"a lot"', null, ['NULLED']],
      [NUMBER, '{"a":1}', null, ['NULLED']],
      [NUMBER, 'null', null, []],
      [DECIMAL, '0.10', '0.1000000000', []],
      [DECIMAL, '1e3', '1000.0000000000', []],
      [DECIMAL, '1234567890123456789012345678.0123456789', '1234567890123456789012345678.0123456789', []],
      [DECIMAL, '0.00000000001', '0.0000000000', []],
      [DECIMAL, '0.200000000000000011102230246251565404236316680908203125', '0.2000000000', []],
      [DECIMAL, '"0.1999999999999999888977697537484"', '0.2000000000', []],
      [DECIMAL, '-1.00000000005', '-1.0000000001', []],
      [DECIMAL, '1.00000000004999999', '1.0000000000', []],
      [DECIMAL, '1.5e-7', '0.0000001500', []],
      [DECIMAL, '12345678.12345678901', '12345678.1234567890', []],
      [DECIMAL, '12345678901234567890123456789', null, ['NULLED']],
      [INTEGER, '9007199254740993', '9007199254740993', []],
      [INTEGER, '5.0', '5', []],
      [INTEGER, '5.6', '6', []],
      [INTEGER, '-5.4999999999999999999999999999999999999999999', '-5', []],
      [INTEGER, '1e3', '1000', []],
      [INTEGER, '1e400', null, ['NULLED']],
      [BOOLEAN, 'true', true, [], 'boolean'],
      [BOOLEAN, '"False"', false, [], 'boolean'],
      [BOOLEAN, '"perhaps"', null, ['NULLED']],
      [STRING, '"a\\ud83db"', 'a\ufffdb', ['TRUNCATED']],
      [STRING, '"a\\u0000b"', 'a\ufffdb', ['TRUNCATED']],
      [STRING, '"\\ud83d\\ude00 \\"quoted\\" \\\\ back\'s"', '😀 "quoted" \\ back\'s', []],
      [STRING, '""', '', []],
      [STRING, 'null', null, []],
      [STRING, '5.25', '5.25', []],
      [STRING, 'true', 'true', []],
      [STRING, '{"a":1}', '{"a":1}', []],
      [DATE, '"2024-02-29"', '2024-02-29', []],
      [DATE, '"2023-02-29"', null, ['NULLED']],
      [DATE, '"0000-01-01"', null, ['NULLED']],
      [DATE, '"99999-01-01"', null, ['NULLED']],
      [DATE, '1700000000', null, ['NULLED']],
      [INSTANT, '"2024-05-01T02:00:00.123456+02:00"', '2024-05-01T00:00:00.123Z', [], 'instant'],
      [INSTANT, '"2024-05-01T02:00:00Z"', '2024-05-01T02:00:00.000Z', [], 'instant'],
      [INSTANT, '"99999-01-01T00:00:00Z"', null, ['NULLED']],
      [INSTANT, '1700000000', null, ['NULLED']],
      [INSTANT, '"soon"', null, ['NULLED']],
      [NUMBER, '"Infinity"', null, ['NULLED']],
      [NUMBER, '"-inf"', null, ['NULLED']],
      [NUMBER, '""', null, ['NULLED']],
      [NUMBER, '"1,5"', null, ['NULLED']],
      [NUMBER, 'true', null, ['NULLED']],
      [NUMBER, '[1]', null, ['NULLED']],
      [NUMBER, '9007199254740993', 9007199254740992, [], 'number'],
      [NUMBER, '5e-324', 5e-324, [], 'number'],
      [DECIMAL, '""', null, ['NULLED']],
      [DECIMAL, '1e-11', '0.0000000000', []],
      [DECIMAL, '1e400', null, ['NULLED']],
      [DECIMAL, '-0.5000000000000000', '-0.5000000000', []],
      [DECIMAL, 'false', null, ['NULLED']],
      [DECIMAL, '"a lot"', null, ['NULLED']],
      [INTEGER, '""', null, ['NULLED']],
      [INTEGER, '"12"', '12', []],
      [INTEGER, 'true', null, ['NULLED']],
      [INTEGER, '-9223372036854775807', '-9223372036854775807', []],
      [INTEGER, '123456789012345678901234567890123456789', null, ['NULLED']],
      [BOOLEAN, '1', true, [], 'boolean'],
      [BOOLEAN, '2', null, ['NULLED']],
      [BOOLEAN, '""', null, ['NULLED']],
      [BOOLEAN, '{}', null, ['NULLED']],
      [STRING, '9007199254740993', '9007199254740993', []],
      [STRING, '1e400', '1e400', []],
      [STRING, '[1]', '[1]', []],
      [DATE, '"2024-05-01T22:00:00Z"', '2024-05-01', []],
      [DATE, '"0001-01-01"', '0001-01-01', []],
      [DATE, '"9999-12-31"', '9999-12-31', []],
      [DATE, '"-0001-01-01"', null, ['NULLED']],
      [DATE, '"01.05.2024"', null, ['NULLED']],
      [DATE, '""', null, ['NULLED']],
      [DATE, '{"a":1}', null, ['NULLED']],
      [INSTANT, '"2024-05-01T02:00:00-05:30"', '2024-05-01T07:30:00.000Z', [], 'instant'],
      [INSTANT, '"2024-05-01"', '2024-05-01T00:00:00.000Z', [], 'instant'],
      [INSTANT, '"0999-01-01T00:00:00Z"', '0999-01-01T00:00:00.000Z', [], 'instant'],
      [INSTANT, '"9999-12-31T23:59:59Z"', '9999-12-31T23:59:59.000Z', [], 'instant'],
      [INSTANT, '"0000-01-01T00:00:00Z"', null, ['NULLED']],
      [INSTANT, '"2024-02-30T00:00:00Z"', null, ['NULLED']],
      [INSTANT, '"2024-05-01T25:00:00Z"', null, ['NULLED']],
      [INSTANT, '""', null, ['NULLED']],
      [INSTANT, 'true', null, ['NULLED']],
      [LOCAL, '"2024-05-01T02:03:04"', '2024-05-01 02:03:04', []],
      [LOCAL, '"99999-01-01T00:00:00"', null, ['NULLED']],
      [LOCAL, '"soon"', null, ['NULLED']],
      [LOCAL, '1700000000000', null, ['NULLED']],
      [TIME, '"10:20:30"', '10:20:30', []],
      [TIME, '"25:00:00"', null, ['NULLED']],
      [TIME, '"noon"', null, ['NULLED']],
      [TIME, '3600', null, ['NULLED']],
      [TIME, '""', null, ['NULLED']],
      [ANY, '{"a":[1]}', { a: [1] }, [], 'json'],
      [ANY, '12.5', 12.5, [], 'json'],
      [ANY, 'null', null, [], 'json'],
      [{ type: 'array' }, '{"a":1}', null, ['NULLED'], 'json'],
      [{ type: 'array' }, '5', null, ['NULLED'], 'json'],
      [{ type: 'object' }, '"{}"', null, ['NULLED'], 'json'],
      [{ type: 'object' }, '5', null, ['NULLED'], 'json'],
      [{ type: 'array' }, '[1,"a",null]', [1, 'a', null], [], 'json'],
      [{ type: 'array' }, '[]', [], [], 'json'],
      [{ type: 'array' }, '"no list"', null, ['NULLED'], 'json'],
      [{ type: 'array' }, 'null', null, [], 'json'],
      [{ type: 'object' }, '{"a":{"b":null}}', { a: { b: null } }, [], 'json'],
      [{ type: 'object' }, '[1]', null, ['NULLED'], 'json'],
    ])('%j %s', async (type, json, expected, changes, as = 'text') => {
      expect(await value(type, json, as)).toEqual([expected, changes]);
    });

    test('thousands of columns go through', async () => {
      const names = Array.from({ length: warehouse.wide }, (_, i) => `column_${i}`);
      const schema = Object.fromEntries([['id', STRING], ...names.map((name, i) => [name, i % 2 ? NUMBER : STRING])]);
      const record = Object.fromEntries([['id', '1'], ...names.map((name, i) => [name, i])]);
      expect((await load([{ records: [record] }], { schema })).error).toBeNull();
      const [last, number] = names.slice(-2) as [string, string];
      expect(await rows({ [last]: 'text', [number]: 'number' })).toEqual([
        { [last]: String(warehouse.wide - 2), [number]: warehouse.wide - 1 },
      ]);
    });
  });

  describe('the raw form', () => {
    const raw = { tableForm: 'raw' as const };
    const tables = () => rows({ ID: 'text', PAYLOAD: 'json' });
    const view = () => rows({ ...TEXTS, n: 'number', archived: 'boolean' }, `t${VIEW_SUFFIX}`);

    test('keeps each record whole under its key, with a view of its columns', async () => {
      const first = { id: '1', name: 'a', n: 5, updatedAt: at(1), unknown: { x: [1, null] } };
      expect(await load([{ records: [first, { id: '2' }] }], raw)).toMatchObject({ inserted: 2, error: null });
      expect(await tables()).toEqual([
        { ID: '1', PAYLOAD: first },
        { ID: '2', PAYLOAD: { id: '2' } },
      ]);
      expect(await view()).toEqual([
        { id: '1', name: 'a', n: 5, archived: null },
        { id: '2', name: null, n: null, archived: null },
      ]);
      expect(await warehouse.tables()).toEqual([T]);
    });

    test('takes the newer version only, by the order of the typed form', async () => {
      await load([{ records: [{ id: '1', name: 'new', updatedAt: at(5) }] }], raw);
      const older = { id: '1', name: 'old', updatedAt: at(4) };
      expect(await load([{ records: [older], emittedAt: 1_800_000_000_000 }], raw)).toMatchObject({
        inserted: 0,
        updated: 0,
      });
      expect(await view()).toMatchObject([{ name: 'new' }]);
      await load([{ records: [{ id: '1', name: 'newest', updatedAt: at(6) }, older] }], raw);
      expect(await view()).toMatchObject([{ name: 'newest' }]);
    });

    test('a tombstone changes what it carries, inserts nothing, and makes no table', async () => {
      const tombstone = { id: '1', n: null, updatedAt: at(1), archived: true, archivedAt: at(2) };
      await load([{ records: [tombstone] }], raw);
      expect(await warehouse.tables()).toEqual([]);
      await load([{ records: [{ id: '1', name: 'a', n: 5, updatedAt: at(1), archived: false }] }], raw);
      const marked = await load(
        [{ records: [tombstone, { ...tombstone, id: '9' }], emittedAt: 1_800_000_000_000 }],
        raw,
      );
      expect(marked).toMatchObject({ inserted: 0, updated: 0, marked: 1 });
      expect(await tables()).toEqual([{ ID: '1', PAYLOAD: { ...tombstone, name: 'a' } }]);
      expect(await view()).toEqual([{ id: '1', name: 'a', n: null, archived: true }]);
    });

    test('a record and its tombstone in one batch make the marked row that two batches would', async () => {
      await load([{ records: [{ id: '1', name: 'old', n: 1, updatedAt: at(1) }] }], raw);
      const record = { id: '1', name: 'a', updatedAt: at(2) };
      await load([{ records: [record, { id: '1', updatedAt: at(2), archived: true }, { id: '2', name: 'b' }] }], raw);
      expect(await tables()).toEqual([
        { ID: '1', PAYLOAD: { ...record, archived: true } },
        { ID: '2', PAYLOAD: { id: '2', name: 'b' } },
      ]);
    });

    test('_ab_cdc_deleted_at deletes the row', async () => {
      const schema = { ...SCHEMA, _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time' } };
      const deleted = { id: '1', updatedAt: at(2), _ab_cdc_deleted_at: at(2) };
      const live: JsonObject[] = [{ id: '1', updatedAt: at(1) }, { id: '2' }];
      expect(await load([{ records: live }, { records: [deleted] }], { ...raw, schema })).toMatchObject({ marked: 1 });
      expect(await tables()).toEqual([{ ID: '2', PAYLOAD: { id: '2' } }]);
    });

    test('takes keys of several fields, append and overwrite', async () => {
      const key = [['id'], ['name']];
      const several = [
        { id: '1', name: 'a', n: 1 },
        { id: '1', name: null, n: 2 },
      ];
      await load([{ records: several }, { records: several }], { ...raw, key });
      expect((await tables()).map((row) => row.ID)).toEqual(['["1","a"]', '["1",null]']);
      await load([{ records: several }], { ...raw, mode: 'append', stream: 'log' });
      expect(await rows({ ID: 'text' }, 'log')).toHaveLength(2);
      await load([{ records: [several[0] as JsonObject] }], { ...raw, mode: 'overwrite' });
      expect(await tables()).toEqual([{ ID: '1', PAYLOAD: several[0] }]);
    });

    test('a new property becomes a column of the view', async () => {
      await load([{ records: [{ id: '1', extra: 'x' }] }], raw);
      const schema = { ...SCHEMA, extra: { type: 'string' } };
      await load([{ records: [{ id: '2' }] }], { ...raw, schema });
      expect(await rows({ id: 'text', extra: 'text' }, `t${VIEW_SUFFIX}`)).toEqual([
        { id: '1', extra: 'x' },
        { id: '2', extra: null },
      ]);
    });
  });

  test('a table that someone else made is left alone', async () => {
    await warehouse.execute('CREATE TABLE {table} (ID VARCHAR, MINE VARCHAR)', 't');
    await warehouse.execute("INSERT INTO {table} VALUES ('1', 'mine')", 't');
    const result = await load([{ records: [{ id: '1', name: 'a' }] }]);
    expect(result.error).toMatchObject({ kind: 'config_error' });
    expect(result.error?.message).toMatch(/There is already a table .*that hubflake did not make/i);
    expect(result.released).toEqual([]);
    expect(await rows({ ID: 'text', MINE: 'text' })).toEqual([{ ID: '1', MINE: 'mine' }]);
  });
}
