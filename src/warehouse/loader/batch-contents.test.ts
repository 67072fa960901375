import { byteText } from '../../protocol/json/byte-text.js';
import type { JsonObject } from '../../protocol/messages.js';
import { SNOWFLAKE_NAMES } from '../snowflake/sql/quote.js';
import { type Target, targetsOf } from '../target.js';
import { BatchContents, REMOVAL } from './batch-contents.js';

const PROPERTIES: JsonObject = {
  id: { type: 'string' },
  archived: { type: 'boolean', hubflake_tombstone: true },
  _ab_cdc_deleted_at: { type: 'string', format: 'date-time' },
  name: { type: 'string' },
};

function contents(records: readonly string[], key = ['id'], keywords: JsonObject = {}): BatchContents {
  const [target] = targetsOf(
    [
      {
        stream: {
          name: 's',
          json_schema: { properties: PROPERTIES, ...keywords },
          supported_sync_modes: ['incremental'],
        },
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        primary_key: key.map((field) => [field]),
      },
    ],
    { schema: 'S', tableName: null, tableForm: 'typed', hardDeletes: true, names: SNOWFLAKE_NAMES },
  ) as [Target];
  const found = [Buffer.from, byteText].map((encode) => {
    const one = new BatchContents(target, 1);
    sets = records.map((record) => one.add(encode(record) as Buffer));
    return one;
  });
  const [bytes, text] = found as [BatchContents, BatchContents];
  expect({ ...text, sets: text.sets }).toEqual({ ...bytes, sets: bytes.sets });
  return bytes;
}
/** What the last records' sets were. */
let sets: (number | null)[] = [];

test.each([
  ['{"id":"1","archived":false}', false],
  ['{"id":"1","archived": null, "name": "archived"}', false],
  ['{"id":"1","name":"x"}', false],
  ['{"id":"1","name":"\\"archived\\":true"}', false],
  ['{"id":"1","name":{"archived":true}}', false],
  ['{"id":"1","archived":true}', true],
  ['{"id":"1", "archived" :\n true}', true],
  ['{"id":"1","archived":"Yes"}', true],
  ['{"id":"1","archived":1}', true],
  ['{"id":"1","archived":"no"}', false],
  ['{"id":"1","archived":false,"_ab_cdc_deleted_at":"2026-01-01T00:00:00Z"}', true],
  ['{"id":"1","archived":false,"archived":true}', true],
])('%s may be a tombstone: %s', (record, is) => {
  const { tombstones, rows } = contents([record]);
  expect([rows, tombstones]).toEqual([1, is ? 1 : 0]);
  expect(sets).toEqual([is ? 1 : null]);
});

test('tells sets of fields apart, whatever their order, up to eight of them', () => {
  const found = contents([
    '{"id":"1","archived":true}',
    '{"archived":true,"id":"2"}',
    '{"id":"3","archived":true,"name":null}',
  ]);
  expect(sets).toEqual([1, 1, 2]);
  expect(found.sets.map((set) => [...set].sort())).toEqual([
    ['archived', 'id'],
    ['archived', 'id', 'name'],
  ]);
  expect([found.hasOtherSets, found.mayDelete]).toEqual([false, false]);
  const many = contents(Array.from({ length: 10 }, (_, i) => `{"id":"1","archived":true,"f${i}":1}`));
  expect(sets).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0, 0]);
  expect(many.hasOtherSets).toBe(true);
});

test.each<[string[], [string, string] | null, boolean]>([
  [['{"id":"7"}', '{"id":"12","name":"x"}', '{"id":"5"}'], ['12', '7'], true],
  [['{"id":"12"}', '{"id":"5"}', '{"id":"11"}'], ['11', '5'], true],
  [['{"id":"ü"}', '{"id":"z"}'], ['z', 'Ã¼'], true],
  [['{"id":"1"}', '{"name":"x","id":"2"}'], null, true],
  [['{"id":7}'], null, true],
  [['{"id":"a\\u0041"}'], null, true],
  [['{"id":"1"}', '{"id":null}'], null, false],
  [['{"id":"1"}', '{"name":"x"}'], null, false],
  [['{"id":""}'], null, true],
  [[`{"name":"${'x'.repeat(5000)}","id":"1"}`], null, false],
])('the keys of %j are in %j, and all there: %s', (records, range, all) => {
  const found = contents(records);
  expect(found.range && [found.range.least, found.range.greatest]).toEqual(range);
  expect(found.hasAllKeys).toBe(all);
});

test('keys of two fields have no range, and are there when both are', () => {
  const two = (...records: string[]) => contents(records, ['id', 'name']);
  expect([two('{"id":"1","name":"x"}').range, two('{"id":"1","name":"x"}').hasAllKeys]).toEqual([null, true]);
  expect(two('{"id":"1","name":"x"}', '{"id":"1"}').hasAllKeys).toBe(false);
});

test.each([
  ['{"id":"1","_hubflake_removes":true}', true],
  ['{"_hubflake_removes" : true,"archived":true}', true],
  ['{"id":"1","_hubflake_removes":false}', false],
  ['{"id":"1","_hubflake_removes":"true"}', false],
  ['{"id":"1","name":{"_hubflake_removes":true}}', false],
  ['{"id":"1","name":"\\"_hubflake_removes\\":true"}', false],
  ['{"id":"1"}', false],
])('%s is a removal: %s', (record, is) => {
  const { rows, removals, tombstones, hasAllKeys } = contents([record], ['id'], { hubflake_removes: { by: ['id'] } });
  expect([rows, removals, tombstones, hasAllKeys]).toEqual([1, is ? 1 : 0, 0, true]);
  expect(sets).toEqual([is ? REMOVAL : null]);
  expect(contents([record]).removals).toBe(0);
});
