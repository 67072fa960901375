import { ConfigError } from '../errors.js';
import type { ConfiguredStream, JsonObject } from '../protocol/messages.js';
import { type ColumnType, columnType } from './column-types.js';
import { eachTarget, targetsOf } from './target.js';

const names = { identifier: (name: string) => name, same: (name: string) => name.toLowerCase(), longest: 255 };
const options = { schema: 'main', tableName: null, hardDeletes: true, tableForm: 'typed' as const, names };
const stream = (name: string, more: Partial<ConfiguredStream> = {}): ConfiguredStream => ({
  stream: {
    name,
    json_schema: {
      properties: {
        id: { type: 'string' },
        updatedAt: { type: 'string', format: 'date-time' },
        archived: { type: 'boolean', hubflake_tombstone: true },
      },
    },
    supported_sync_modes: ['incremental'],
    source_defined_primary_key: [['id']],
    default_cursor_field: ['updatedAt'],
  },
  sync_mode: 'incremental',
  destination_sync_mode: 'append_dedup',
  ...more,
});

test.each<[JsonObject | boolean, ColumnType]>([
  [{ type: 'boolean' }, 'boolean'],
  [{ type: ['null', 'integer'] }, 'integer'],
  [{ type: 'number' }, 'float'],
  [{ type: 'number', airbyte_type: 'integer' }, 'integer'],
  [{ type: ['null', 'number'], hubflake_decimal: true }, 'decimal'],
  [{ type: ['string', 'null'] }, 'string'],
  [{ type: 'string', format: 'date' }, 'date'],
  [{ type: 'string', format: 'date-time' }, 'timestamp_tz'],
  [{ type: 'string', format: 'date-time', airbyte_type: 'timestamp_without_timezone' }, 'timestamp'],
  [{ type: 'string', format: 'time', airbyte_type: 'time_without_timezone' }, 'time'],
  [{ type: 'string', format: 'time', airbyte_type: 'time_with_timezone' }, 'string'],
  [{ type: 'string', format: 'email' }, 'string'],
  [{ type: ['null', 'array'], items: {} }, 'array'],
  [{ type: 'object' }, 'object'],
  [{ type: ['string', 'number'] }, 'json'],
  [{ oneOf: [] }, 'json'],
  [{}, 'json'],
  [true, 'json'],
])('%j is a column of the type %s', (schema, type) => {
  expect(columnType(schema)).toBe(type);
});

test('takes key, cursor and tombstone from the catalog', () => {
  const [target] = targetsOf([stream('contacts')], options);
  expect(target).toMatchObject({
    table: 'contacts',
    key: [{ field: 'id' }],
    cursor: { field: 'updatedAt' },
    marks: [{ column: { field: 'archived' }, value: true }],
  });
  const [chosen] = targetsOf(
    [stream('contacts', { primary_key: [['updatedAt'], ['id']], cursor_field: ['id'] })],
    options,
  );
  expect(chosen).toMatchObject({ key: [{ field: 'updatedAt' }, { field: 'id' }], cursor: { field: 'id' } });
});

test.each([
  [
    'two streams for one configured table',
    [stream('a'), stream('b')],
    { ...options, tableName: 't' },
    'one table holds one stream',
  ],
  [
    'two streams that share a table',
    [stream('Deals'), stream('deals')],
    options,
    'would share the table or view deals',
  ],
  ['a stream twice', [stream('a'), stream('a')], options, 'has the stream "a" more than once'],
  ["a table that is hubflake's own", [stream('_hubflake_State')], options, "one of hubflake's own"],
  [
    'no key to deduplicate by',
    [stream('a', { stream: { ...stream('a').stream, source_defined_primary_key: [] } })],
    options,
    'has no primary key',
  ],
  ['a key that is no field', [stream('a', { primary_key: [['x', 'y']] })], options, 'The primary key "x.y"'],
  [
    'a mode for activation',
    [stream('a', { destination_sync_mode: 'update' })],
    options,
    'which only destinations for activation have',
  ],
])('refuses %s', (_, streams, given, message) => {
  expect(() => targetsOf(streams, given)).toThrow(message);
});

const KEYWORD_FIELDS: JsonObject = {
  id: { type: 'string' },
  since: { type: 'string', format: 'date-time' },
  until: { type: 'string', format: 'date-time' },
  local: { type: 'string', format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
  is_current: { type: 'boolean' },
  list: { type: 'array' },
};
const VALIDITY = { of: ['id'], by: 'since', from: 'since', to: 'until', current: 'is_current' };
const keyworded = (keywords: JsonObject, more: Partial<ConfiguredStream> = {}) =>
  stream('history', {
    primary_key: [['id']],
    cursor_field: [],
    stream: {
      name: 'history',
      json_schema: { properties: KEYWORD_FIELDS, ...keywords },
      supported_sync_modes: ['incremental'],
    },
    ...more,
  });

test('takes from the json_schema what removals and validity go by', () => {
  const named = (columns: readonly { field: string }[] = []) => columns.map(({ field }) => field);
  const [both] = targetsOf(
    [keyworded({ hubflake_removes: { by: ['id', 'since'] }, hubflake_validity: { ...VALIDITY, gap_ms: 1 } })],
    options,
  );
  expect(named(both?.removedBy)).toEqual(['id', 'since']);
  const [since, until] = [{ field: 'since' }, { field: 'until' }];
  expect(both?.validity).toMatchObject({
    of: [{ field: 'id' }],
    by: since,
    from: since,
    to: until,
    gapMs: 1,
    open: null,
  });
  const [neither] = targetsOf([keyworded({})], options);
  expect([neither?.removedBy, neither?.validity]).toEqual([[], null]);
  const given = keyworded({ hubflake_validity: VALIDITY }, { destination_sync_mode: 'append' });
  expect(targetsOf([given], options)[0]?.validity).toBeNull();
});

test('a stream that was selected without a field that its validity fills is written without', () => {
  const { until: _, ...properties } = KEYWORD_FIELDS;
  expect(targetsOf([keyworded({ hubflake_validity: VALIDITY, properties })], options)[0]?.validity).toBeNull();
});

test('what says that a record is a removal is no column', () => {
  const properties = { ...KEYWORD_FIELDS, _hubflake_removes: { type: 'boolean' } };
  const [target] = targetsOf([keyworded({ hubflake_removes: { by: ['id'] }, properties })], options);
  expect(target?.columns.map(({ field }) => field)).toEqual(Object.keys(KEYWORD_FIELDS));
});

test.each<[JsonObject, string]>([
  [{ hubflake_removes: true }, '"hubflake_removes": it should be an object'],
  [{ hubflake_removes: {} }, '"by" should be a list of fields'],
  [{ hubflake_removes: { by: [] } }, '"by" should be a list of fields'],
  [{ hubflake_removes: { by: [1] } }, '"by" names no field'],
  [{ hubflake_removes: { by: ['deal'] } }, 'its schema has no field "deal"'],
  [{ hubflake_removes: { by: ['list'] } }, '"list" should be of one type'],
  [{ hubflake_validity: [] }, '"hubflake_validity": it should be an object'],
  [{ hubflake_validity: { ...VALIDITY, of: 'id' } }, '"of" should be a list of fields'],
  [{ hubflake_validity: { ...VALIDITY, to: null } }, '"to" names no field'],
  [{ hubflake_validity: { ...VALIDITY, by: 'when' } }, 'its schema has no field "when"'],
  [{ hubflake_validity: { ...VALIDITY, by: 'id' } }, 'should be instants of one type'],
  [{ hubflake_validity: { ...VALIDITY, to: 'local' } }, 'should be instants of one type'],
  [{ hubflake_validity: { ...VALIDITY, current: 'id' } }, 'and "current" a boolean'],
  [{ hubflake_validity: { ...VALIDITY, gap_ms: -1 } }, '"gap_ms" should be a whole number'],
  [{ hubflake_validity: { ...VALIDITY, open: 'tomorrow' } }, '"open" should be null, or an instant'],
  [{ hubflake_validity: { ...VALIDITY, open: '2024-13-01T00:00:00Z' } }, '"open" should be null, or an instant'],
  [{ hubflake_validity: VALIDITY, hubflake_removes: { by: ['since'] } }, '"of" should have all the fields'],
  [{ hubflake_validity: { ...VALIDITY, of: ['id', 'local'] } }, '"of" should be part of the primary key'],
])('refuses the stream whose json_schema says %j', (keywords, message) => {
  const [target] = eachTarget([keyworded(keywords)], options);
  expect(target).toBeInstanceOf(ConfigError);
  expect((target as ConfigError).message).toContain('The stream "history" cannot be written');
  expect((target as ConfigError).message).toContain(message);
});
