import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { FIVETRAN_RESOURCES } from '../../src/streams/fivetran/resources/registry.js';
import { columnType } from '../../src/warehouse/column-types.js';
import { type Kind, TABLES } from './contract.js';
import { entryOf, readTable } from './reading.js';

/** Each table has the columns of the contract and no others, of their kinds, its key, and rows that are right by that. */

const NAMES = FIVETRAN_RESOURCES.map(({ name }) => name);
/** What a kind is as a column. */
const COLUMNS: Record<Kind, string> = {
  int: 'integer',
  num: 'float',
  bool: 'boolean',
  ts: 'timestamp',
  text: 'string',
};
const IS: Record<Kind, (value: unknown) => boolean> = {
  int: Number.isSafeInteger,
  num: Number.isFinite,
  bool: (value) => typeof value === 'boolean',
  ts: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/.test(String(value)),
  text: (value) => typeof value === 'string',
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 20 }, hubContacts: 0, limits: 'off' });
});
afterAll(() => sandbox.close());

const tableOf = (name: string) => TABLES[name] as (typeof TABLES)[string];

test.each(NAMES)('%s is as the contract says', async (name) => {
  const { columns, key, gone } = tableOf(name);
  const entry = await entryOf(sandbox, name);
  const properties = entry.json_schema.properties as JsonObject;
  const kinds = Object.entries(properties).map(([field, schema]) => [field, columnType(schema)]);
  const wanted = Object.entries(columns).map(([field, kind]) => [field, COLUMNS[kind]]);
  expect(kinds.sort()).toEqual(wanted.sort());
  expect(entry.source_defined_primary_key).toEqual(key.map((field) => [field]));
  expect(entry.default_cursor_field).toEqual(['_fivetran_synced']);
  expect(entry.supported_sync_modes).toContain('incremental');
  const marks = Object.entries(properties).filter(([, schema]) => (schema as JsonObject).hubflake_tombstone === true);
  expect(marks.map(([field]) => field)).toEqual(gone === 'mark' ? ['_fivetran_deleted'] : []);
  expect(entry.json_schema.hubflake_removes).toEqual(gone === 'remove' ? { by: key } : undefined);
});

test.each(NAMES)('%s has no removals without deletions, and says when it is deleted with cdc', async (name) => {
  const { gone } = tableOf(name);
  const off = await entryOf(sandbox, name, { deletes: 'off' });
  expect(off.json_schema.hubflake_removes).toBeUndefined();
  const cdc = await entryOf(sandbox, name, { deletes: 'cdc' });
  expect('_ab_cdc_deleted_at' in (cdc.json_schema.properties as JsonObject)).toBe(gone === 'mark');
});

test.each(NAMES)('%s has rows, each right by its kinds', async (name) => {
  const { columns, key, gone } = tableOf(name);
  const { records, changes, error } = await readTable(sandbox, name, null);
  expect(error).toBeNull();
  expect([name, records.length > 0]).toEqual([name, true]);
  expect(changes.flat()).toEqual([]);
  const wrong = records.flatMap((record) =>
    Object.entries(columns).filter(([field, kind]) => {
      const value = record[field] ?? null;
      const isNeeded = key.includes(field) || field.startsWith('_fivetran_synced') || field === '_fivetran_deleted';
      return value === null ? isNeeded : !IS[kind](value);
    }),
  );
  expect(wrong).toEqual([]);
  for (const record of records) expect(Object.keys(record).sort()).toEqual(Object.keys(columns).sort());
  if (gone === 'mark') expect(records.every(({ _fivetran_deleted: mark }) => mark === false)).toBe(true);
  const keys = records.map((record) => JSON.stringify(key.map((field) => record[field])));
  expect(new Set(keys).size).toBe(keys.length);
});

test.each(NAMES)('%s says of columns that are always null that they are', async (name) => {
  const { records } = await readTable(sandbox, name, null);
  const { json_schema } = await entryOf(sandbox, name);
  const said = Object.entries(json_schema.properties as JsonObject)
    .filter(([, schema]) => String((schema as JsonObject).description).startsWith('Always null'))
    .map(([field]) => field);
  for (const field of said) expect([field, records.filter((record) => record[field] !== null)]).toEqual([field, []]);
});
