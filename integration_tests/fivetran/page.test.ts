import { readFileSync } from 'node:fs';
import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { FIVETRAN_RESOURCES } from '../../src/streams/fivetran/resources/registry.js';
import { TABLES } from './contract.js';
import { entryOf } from './reading.js';

/** The page about the layout says what the code does. */

const page = readFileSync(new URL('../../docs/fivetran-layout.md', import.meta.url), 'utf8');
const codes = (cell: string | undefined) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code);
/** By table, its other cells. */
const rows = new Map(
  page
    .slice(page.indexOf('## All other tables'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [tables, ...cells] = line.split('|').slice(1, -1);
      return codes(tables).map((table) => [table, cells] as const);
    }),
);

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ counts: { '*': 0 }, hubContacts: 0, limits: 'off' });
});
afterAll(() => sandbox.close());

test('it has all tables and no others', () => {
  expect([...rows.keys()].sort()).toEqual(FIVETRAN_RESOURCES.map(({ name }) => name).sort());
});

test.each(FIVETRAN_RESOURCES.map((each) => [each.name, each.group] as const))('%s', async (name, group) => {
  const [groups, , key, gone = '', nulls] = rows.get(name) ?? [];
  const { json_schema, source_defined_primary_key } = await entryOf(sandbox, name);
  const always = Object.entries(json_schema.properties as JsonObject)
    .filter(([, schema]) => String((schema as JsonObject).description).startsWith('Always null'))
    .map(([field]) => field);
  expect(codes(groups)).toEqual([group]);
  expect(codes(key)).toEqual(source_defined_primary_key?.flat());
  expect(codes(nulls).sort()).toEqual(always.sort());
  const said = { mark: 'marked', remove: 'removed', never: 'stays' };
  expect(gone.trim().split(',')[0]).toBe(said[TABLES[name]?.gone ?? 'never']);
});
