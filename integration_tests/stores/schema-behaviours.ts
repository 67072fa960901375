import type { JsonObject, RecordChange } from '../../src/protocol/messages.js';
import { Loader } from '../../src/warehouse/loader/loader.js';
import { openStore } from '../../src/warehouse/open-store.js';
import { targetsOf, VIEW_SUFFIX } from '../../src/warehouse/target.js';
import { freshForEach } from '../support/fresh.js';
import type { ReadAs, TestWarehouse } from '../support/test-warehouse.js';

const STRING = { type: 'string' };
const INTEGER = { type: 'integer' };
const NUMBER = { type: 'number' };
const BOOLEAN = { type: 'boolean', hubflake_tombstone: true };
const INSTANT = { type: 'string', format: 'date-time' };

interface Load {
  mode?: 'append' | 'append_dedup' | 'overwrite';
  tableForm?: 'typed' | 'raw';
  stream?: string;
  /** The changes that each record comes with. */
  changes?: RecordChange[];
}

/** What becomes of tables when the schemas of their streams change, in every store; called once for each. */
export function schemaBehaviours(warehouse: TestWarehouse): void {
  const fresh = freshForEach(warehouse);
  let day = 0;

  /** One run, whose records are newer than those of the runs before. */
  async function load(properties: JsonObject, records: (JsonObject | string)[], options: Load = {}) {
    const { mode = 'append_dedup', tableForm = 'typed', stream = 't' } = options;
    day += 1;
    const store = await openStore(warehouse.config({ tableForm }));
    try {
      const configured = {
        stream: { name: stream, json_schema: { properties }, supported_sync_modes: ['incremental' as const] },
        sync_mode: 'incremental' as const,
        destination_sync_mode: mode,
        primary_key: [['id']],
        cursor_field: properties.updatedAt ? ['updatedAt'] : [],
      };
      const schema = store.defaultSchema;
      const targets = targetsOf([configured], {
        schema,
        tableName: null,
        tableForm,
        hardDeletes: true,
        names: store.names,
      });
      const loader = new Loader(store, targets, {
        spoolDir: fresh.folder.path,
        flushBytes: 1e9,
        flushMilliseconds: 1e6,
        spoolMaxBytes: 1e9,
        pipeline: null,
      });
      await loader.records(
        stream,
        records.map((record) => ({
          data: Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
          emittedAt: 1_700_000_000_000 + day * 1000,
          changes: options.changes ?? null,
        })),
      );
      loader.complete(stream);
      const [result] = await loader.finish();
      loader.close();
      return { ...result, longest: store.longestRecord };
    } finally {
      await store.close();
    }
  }

  const rows = <T extends Record<string, ReadAs>>(fields: T, stream = 't') => warehouse.rows(stream, fields);

  describe('a type that changes', () => {
    test('to one that the column cannot take makes a column beside it, and the old one says nothing any more', async () => {
      const before = { id: STRING, v: INTEGER };
      await load(before, [
        { id: '1', v: 1 },
        { id: '2', v: 2 },
      ]);
      expect((await load({ id: STRING, v: STRING }, [{ id: '1', v: 'a' }])).error).toBeNull();
      const all = { id: 'text', v: 'number', v_string: 'text' } as const;
      expect(await rows(all)).toEqual([
        { id: '1', v: null, v_string: 'a' },
        { id: '2', v: 2, v_string: null },
      ]);
      await load(before, [{ id: '1', v: 5 }]);
      expect(await rows(all)).toEqual([
        { id: '1', v: 5, v_string: null },
        { id: '2', v: 2, v_string: null },
      ]);
    });

    test('and a field that has the name it would take keep columns of their own', async () => {
      await load({ id: STRING, v: INTEGER, v_string: STRING }, [{ id: '1', v: 1, v_string: 'x' }]);
      await load({ id: STRING, v: STRING, v_string: STRING }, [{ id: '1', v: 'a', v_string: 'y' }]);
      expect(await rows({ v: 'number', v_string: 'text' })).toEqual([{ v: null, v_string: 'y' }]);
      const columns = (await warehouse.columns('t')).filter((name) => /^v_string_/i.test(name));
      expect(columns).toHaveLength(1);
      expect(await rows({ [columns[0] as string]: 'text' })).toEqual([{ [columns[0] as string]: 'a' }]);
    });

    test('to one that the column takes without loss goes on in it', async () => {
      await load({ id: STRING, v: STRING, d: { ...NUMBER, hubflake_decimal: true } }, [{ id: '1', v: 'a', d: 1.5 }]);
      await load({ id: STRING, v: NUMBER, d: INTEGER }, [{ id: '2', v: '5.50', d: 7 }]);
      expect(await rows({ id: 'text', v: 'text', d: 'number' })).toEqual([
        { id: '1', v: 'a', d: 1.5 },
        { id: '2', v: '5.50', d: 7 },
      ]);
      expect(await warehouse.columns('t')).toHaveLength(4 + 3);
    });

    test('from whole numbers to decimals keeps every digit', async () => {
      await load({ id: STRING, v: INTEGER }, [{ id: '1', v: 9007199254740991 }]);
      await load({ id: STRING, v: { ...NUMBER, hubflake_decimal: true } }, ['{"id":"2","v":0.5}']);
      const columns = (await warehouse.columns('t')).filter((name) => /^v/i.test(name));
      expect(columns).toHaveLength(warehouse.widens ? 1 : 2);
      const fields = Object.fromEntries(columns.map((name) => [name, 'number' as const]));
      const values = (await rows({ id: 'text', ...fields })).map(({ id, ...rest }) => [
        id,
        ...Object.values(rest).filter((value) => value !== null),
      ]);
      expect(values).toEqual([
        ['1', 9007199254740991],
        ['2', 0.5],
      ]);
    });

    test('of the key is refused in a sentence, since older rows would come twice', async () => {
      await load({ id: INTEGER, v: STRING }, [{ id: 1, v: 'a' }]);
      const { error } = await load({ id: STRING, v: STRING }, [{ id: 'x', v: 'b' }]);
      expect(error).toMatchObject({ kind: 'config_error' });
      expect(error?.message).toContain('The key "id" of the stream "t" is now of the type string');
      expect(await rows({ id: 'number', v: 'text' })).toEqual([{ id: 1, v: 'a' }]);
    });

    test('and a tombstone that does not carry the field leave both columns as they are', async () => {
      await load({ id: STRING, v: INTEGER, archived: BOOLEAN }, [{ id: '1', v: 1 }]);
      const after = { id: STRING, v: STRING, archived: BOOLEAN };
      await load(after, [{ id: '1', archived: true }]);
      const all = { id: 'text', v: 'number', archived: 'boolean' } as const;
      expect(await rows(all)).toEqual([{ id: '1', v: 1, archived: true }]);
      await load(after, [{ id: '1', v: 'b', archived: true }]);
      expect(await rows({ ...all, v_string: 'text' })).toEqual([{ id: '1', v: null, v_string: 'b', archived: true }]);
    });

    test('in an overwrite has its rows in the new column', async () => {
      await load({ id: STRING, v: INTEGER }, [{ id: '1', v: 1 }], { mode: 'overwrite' });
      await load({ id: STRING, v: STRING }, [{ id: '1', v: 'a' }], { mode: 'overwrite' });
      expect(await rows({ id: 'text', v: 'number', v_string: 'text' })).toEqual([{ id: '1', v: null, v_string: 'a' }]);
    });
  });

  test('a field that is gone keeps its column, in which new versions have NULL', async () => {
    await load({ id: STRING, v: STRING, w: STRING }, [
      { id: '1', v: 'a', w: 'x' },
      { id: '2', v: 'b', w: 'y' },
    ]);
    await load({ id: STRING, w: STRING }, [{ id: '1', w: 'z' }]);
    expect(await rows({ id: 'text', v: 'text', w: 'text' })).toEqual([
      { id: '1', v: null, w: 'z' },
      { id: '2', v: 'b', w: 'y' },
    ]);
  });

  test('a column that someone else added is left alone', async () => {
    await load({ id: STRING }, [{ id: '1' }]);
    await warehouse.execute('ALTER TABLE {table} ADD COLUMN MINE VARCHAR', 't');
    await warehouse.execute("UPDATE {table} SET MINE = 'mine'", 't');
    await load({ id: STRING }, [{ id: '1' }]);
    expect(await rows({ MINE: 'text' })).toEqual([{ MINE: 'mine' }]);
  });

  describe('whose column', () => {
    const beside = async (pattern: RegExp) =>
      (await warehouse.columns('t')).find((name) => pattern.test(name)) as string;

    test('a field has is remembered, whatever fields come before it later', async () => {
      await load({ id: STRING, foo: STRING }, [{ id: '1', foo: 'a' }]);
      await load({ id: STRING, Foo: STRING, foo: STRING }, ['{"id":"2","Foo":"new","foo":"b"}']);
      const other = await beside(/^foo_/i);
      expect(await rows({ id: 'text', foo: 'text', [other]: 'text' })).toEqual([
        { id: '1', foo: 'a', [other]: null },
        { id: '2', foo: 'b', [other]: 'new' },
      ]);
      await load({ FOO: STRING, Foo: STRING, foo: STRING, id: STRING }, ['{"id":"3","FOO":"x","Foo":"y","foo":"c"}']);
      expect(await rows({ id: 'text', foo: 'text', [other]: 'text' })).toContainEqual({
        id: '3',
        foo: 'c',
        [other]: 'y',
      });
    });

    test('a field renamed in case only goes on in its column, and it is remembered as its own', async () => {
      await load({ id: STRING, foo: STRING }, [{ id: '1', foo: 'a' }]);
      await load({ id: STRING, FOO: STRING }, [{ id: '2', FOO: 'b' }]);
      expect(await rows({ id: 'text', foo: 'text' })).toEqual([
        { id: '1', foo: 'a' },
        { id: '2', foo: 'b' },
      ]);
      await load({ id: STRING, foo: STRING, FOO: STRING }, ['{"id":"3","foo":"other","FOO":"c"}']);
      expect(await rows({ id: 'text', foo: 'text' })).toContainEqual({ id: '3', foo: 'c' });
      expect((await warehouse.columns('t')).filter((name) => /^foo/i.test(name))).toHaveLength(2);
    });

    test('names that meet in capital letters, are cut, or are none, are kept apart', async () => {
      const long = 'x'.repeat(300);
      const fields = ['straße', 'STRASSE', long, `${long}y`, '', '_empty', 'nul\0name'].filter(warehouse.canName);
      const properties: JsonObject = Object.fromEntries([['id', STRING], ...fields.map((name) => [name, STRING])]);
      const record = (suffix: string) =>
        JSON.stringify(Object.fromEntries([['id', '1'], ...fields.map((name, i) => [name, `${i}${suffix}`])]));
      expect((await load(properties, [record('a')])).error).toBeNull();
      const turned: JsonObject = Object.fromEntries(Object.entries(properties).reverse());
      expect((await load(turned, [record('b')])).error).toBeNull();
      const columns = await warehouse.columns('t');
      expect(columns).toHaveLength(4 + 1 + fields.length);
      const [row] = await rows(Object.fromEntries(columns.slice(5).map((name) => [name, 'text' as const])));
      expect(Object.values(row ?? {}).sort()).toEqual(fields.map((_, i) => `${i}b`));
    });

    test('a table whose name is too long is cut, and kept apart', async () => {
      const long = 's'.repeat(300);
      for (const stream of [long, `${long}2`]) {
        expect((await load({ id: STRING }, [{ id: stream.slice(-2) }], { stream })).error).toBeNull();
      }
      const tables = await warehouse.tables();
      expect(new Set(tables).size).toBe(2);
      expect(tables.every((name) => name.length <= 255)).toBe(true);
    });
  });

  test('columns that a run which died had added are there, and the rest is added', async () => {
    await load({ id: STRING }, [{ id: '1' }]);
    await warehouse.execute(`ALTER TABLE {table} ADD COLUMN ${warehouse.name('a')} VARCHAR`, 't');
    await load({ id: STRING, a: STRING, b: STRING }, [{ id: '2', a: 'x', b: 'y' }]);
    expect(await rows({ id: 'text', a: 'text', b: 'text' })).toEqual([
      { id: '1', a: null, b: null },
      { id: '2', a: 'x', b: 'y' },
    ]);
  });

  test.each(['typed', 'raw'] as const)(
    'names and values that would end a statement are names and values (%s)',
    async (tableForm) => {
      const hostile = [
        `"; DROP TABLE "t"; --`,
        `\\"; DROP TABLE x; --`,
        `\\'; --`,
        `*/ x /*`,
        `%_`,
        '\n',
        '/~0~1',
        '[0]',
        `') --`,
        '\ud800',
      ];
      const names = hostile.filter((name) => warehouse.canName(name));
      const properties: JsonObject = { id: STRING };
      for (const name of names) properties[name] = { ...STRING, title: name, description: `${hostile.join(' ')}` };
      if (!warehouse.canName("'")) for (const name of names) properties[name] = STRING;
      const values = Object.fromEntries(names.map((name, i) => [name, hostile[i] as string]));
      const stream = `t"; DROP TABLE "t"; --`;
      await load({ id: STRING }, [{ id: '1' }]);
      for (const id of ['1', '2']) {
        expect((await load(properties, [{ id, ...values }], { stream, tableForm })).error).toBeNull();
      }
      expect(await warehouse.tables()).toEqual([warehouse.name('t'), warehouse.name(stream)]);
      const view = tableForm === 'raw' ? VIEW_SUFFIX : '';
      const fields = Object.fromEntries(names.map((name) => [name.toWellFormed(), 'text' as const]));
      for (const row of await rows(fields, stream + view)) {
        expect(Object.values(row)).toEqual(Object.values(values).map((value) => value.toWellFormed()));
      }
    },
  );

  test.each(['typed', 'raw'] as const)(
    'what is too large is NULL, with a note, and all else goes through (%s)',
    async (tableForm) => {
      const { longest } = await load({ id: STRING, v: STRING, w: STRING }, [], { tableForm });
      const text = (bytes: number) => 'x'.repeat(bytes);
      const records = [
        { id: 'fits', v: text(longest - 1000), w: 'a' },
        { id: 'field', v: text(longest + 1), w: 'b' },
        { id: 'record', v: text(longest / 2), w: text(longest / 2 + 1000) },
      ];
      for (const record of records) {
        expect((await load({ id: STRING, v: STRING, w: STRING }, [record], { tableForm })).error).toBeNull();
      }
      const found = await rows(
        { id: 'text', v: 'text', w: 'text', _airbyte_meta: 'json' },
        tableForm === 'raw' ? `t${VIEW_SUFFIX}` : 't',
      );
      const length = (value: unknown) => (value === null ? null : (value as string).length);
      const note = (field: string, what: string) => [
        { field, change: 'NULLED', reason: `DESTINATION_${what}_SIZE_LIMITATION` },
      ];
      expect(
        found.map(({ id, v, w, _airbyte_meta: meta }) => [id, length(v), length(w), (meta as JsonObject).changes]),
      ).toEqual([
        ['field', null, 1, note('v', 'FIELD')],
        ['fits', longest - 1000, 1, []],
        ['record', longest / 2, null, note('w', 'RECORD')],
      ]);
    },
  );

  test('so many long names that one statement cannot hold them go through', async () => {
    const names = Array.from({ length: 400 }, (_, i) => `${'n'.repeat(237)}${i}`);
    const properties: JsonObject = {
      id: STRING,
      archived: BOOLEAN,
      ...Object.fromEntries(names.map((name, i) => [name, i % 2 ? INTEGER : STRING])),
    };
    const record = (id: string, more: JsonObject = {}) => ({
      id,
      ...Object.fromEntries(names.map((name, i) => [name, i])),
      ...more,
    });
    const [text, number] = names.slice(-2) as [string, string];
    const wrong = { ...record('2'), [number]: 'none' };
    expect((await load(properties, [record('1'), wrong])).error).toBeNull();
    await load(properties, [{ id: '1', archived: true, [text]: 'changed' }]);
    const found = await rows({ id: 'text', [text]: 'text', [number]: 'number', _airbyte_meta: 'json' });
    expect(
      found.map(({ id, ...row }) => [
        id,
        row[text],
        row[number],
        (row._airbyte_meta as { changes: [] }).changes.length,
      ]),
    ).toEqual([
      ['1', 'changed', 399, 0],
      ['2', '398', null, 1],
    ]);
    expect(await warehouse.tables()).toHaveLength(1);
  });

  test.each(['append', 'append_dedup'] as const)(
    'the changes that a record came with stay beside our own (%s)',
    async (mode) => {
      const changes: RecordChange[] = [{ field: 'gone\ud800', change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR' }];
      await load({ id: STRING, n: INTEGER, s: STRING }, ['{"id":"1","n":"no","s":"a\\u0000"}'], { mode, changes });
      const [row] = await rows({ _airbyte_meta: 'json' });
      expect((row?._airbyte_meta as JsonObject | undefined)?.changes).toEqual([
        { ...changes[0], field: 'gone\ufffd' },
        { field: 's', change: 'TRUNCATED', reason: 'DESTINATION_SERIALIZATION_ERROR' },
        { field: 'n', change: 'NULLED', reason: 'DESTINATION_TYPECAST_ERROR', value: 'no' },
      ]);
    },
  );

  test('the view of a raw table keeps every column it has', async () => {
    const raw = { tableForm: 'raw' as const };
    await load({ id: STRING, old: INTEGER, v: INTEGER }, [{ id: '1', old: 5, v: 1 }], raw);
    await load({ id: STRING, added: STRING, v: INSTANT }, [{ id: '2', added: 'x', v: '2024-01-01T00:00:00Z' }], raw);
    const all = { id: 'text', old: 'number', added: 'text', v: 'number', v_timestamp_tz: 'instant' } as const;
    expect(await rows(all, `t${VIEW_SUFFIX}`)).toEqual([
      { id: '1', old: 5, added: null, v: 1, v_timestamp_tz: null },
      { id: '2', old: null, added: 'x', v: null, v_timestamp_tz: '2024-01-01T00:00:00.000Z' },
    ]);
  });
}
