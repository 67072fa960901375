import type { ConfiguredStream, JsonObject } from '../protocol/messages.js';
import { type ColumnType, columnType } from './column-types.js';
import { targetsOf } from './target.js';

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
