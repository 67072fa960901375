import { configureLog } from '../../../src/log.js';
import type { JsonObject } from '../../../src/protocol/messages.js';
import { type LoadOptions, loadBatches } from '../../support/loading.js';
import { TestFolder } from '../../support/processes/command.js';
import { DATABASE, quoted, SCHEMA, StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';

/** What companies make of their accounts: policies, grants, names and limits that a first customer has, and a developer has not. */

const warehouse = new StandInWarehouse();
const folder = new TestFolder();
let logged: string[];

beforeEach(async () => {
  await warehouse.begin();
  logged = [];
  configureLog({ level: 'info', sink: (_level, message) => logged.push(message) });
});
afterAll(async () => {
  folder.remove();
  await warehouse.end();
});

const PROPERTIES: JsonObject = {
  id: { type: 'string' },
  email: { type: 'string' },
  city: { type: 'string' },
  archived: { type: 'boolean', hubflake_tombstone: true },
  updatedAt: { type: 'string', format: 'date-time' },
};
const record = (id: string, day: number, more: object) => ({
  data: { id, updatedAt: `2026-01-0${day}T00:00:00Z`, ...more },
  emittedAt: 1_800_000_000_000 + day,
});
const load = (batches: ReturnType<typeof record>[][], options: Partial<LoadOptions> = {}, schema = SCHEMA) =>
  loadBatches(
    { ...warehouse, config: (given) => warehouse.config({ ...given, schema }) } as typeof warehouse,
    folder,
    batches,
    { stream: 'contacts', properties: PROPERTIES, ...options },
  );
const CONTACTS = { id: 'text', email: 'text', city: 'text', archived: 'boolean' } as const;
const contacts = () => warehouse.rows('contacts', CONTACTS);
const table = `${DATABASE}.${SCHEMA}.CONTACTS`;
const live = (id: string) => record(id, 1, { email: `${id}@x.org`, city: 'Bonn', archived: false });

test('a masked column keeps its values, whichever fields tombstones carry', async () => {
  await load([['1', '2', '3'].map(live)]);
  await warehouse.standIn.account({ policies: [{ table, column: 'EMAIL' }] });
  const archived = record('1', 2, { email: '1@x.org', city: 'Bonn', archived: true });
  const merged = record('2', 2, { archived: true });
  const changed = record('3', 2, { email: 'new@x.org', city: 'Köln', archived: false });
  await load([[archived, merged, changed]]);
  await warehouse.standIn.account({});
  expect(await contacts()).toEqual([
    { id: '1', email: '1@x.org', city: 'Bonn', archived: true },
    { id: '2', email: '2@x.org', city: 'Bonn', archived: true },
    { id: '3', email: 'new@x.org', city: 'Köln', archived: false },
  ]);
  expect(logged).toContainEqual(expect.stringContaining('masking policies are on EMAIL'));
});

test.each([
  ['typed', 'ID'],
  ['typed', 'UPDATEDAT'],
  ['raw', 'PAYLOAD'],
] as const)(
  'in the %s form, a policy on %s is refused with what to run, and nothing is written',
  async (tableForm, column) => {
    await load([[live('1')]], { tableForm });
    await warehouse.standIn.account({ policies: [{ table, column, value: 'NULL' }] });
    await expect(load([[record('1', 2, { email: 'new', archived: false })]], { tableForm })).rejects.toThrow(
      `ALTER TABLE ${quoted(DATABASE, SCHEMA, 'CONTACTS')} MODIFY COLUMN "${column}" UNSET MASKING POLICY`,
    );
    await warehouse.standIn.account({});
    const [row] = await warehouse.query(`SELECT COUNT(*) AS N FROM ${table}`);
    expect(row?.N).toBe('1');
  },
);

test('where new tables are given to another role, the error says which grant that is', async () => {
  await warehouse.standIn.account({ futureOwners: { [`${DATABASE}.${SCHEMA}`]: 'ADMINS' } });
  await expect(load([[live('1')]])).rejects.toThrow(
    `SHOW FUTURE GRANTS IN SCHEMA "${DATABASE}"."${SCHEMA}"). Run: REVOKE OWNERSHIP ON FUTURE TABLES`,
  );
});

test.each(['my-schema', 'a schema', 'lower'])('a schema called %j is written to', async (schema) => {
  await warehouse.query(`CREATE SCHEMA ${quoted(DATABASE, schema)}`);
  await load([[live('1')], [live('2')]], {}, schema);
  const rows = await warehouse.query(`SELECT "ID" FROM ${quoted(DATABASE, schema, 'CONTACTS')} ORDER BY 1`);
  expect(rows).toEqual([{ ID: '1' }, { ID: '2' }]);
});

test('a session that was ended between two batches is replaced, and each row is there once', async () => {
  await load([[live('1')]]);
  const before = (await warehouse.standIn.logins()).length;
  await warehouse.standIn.endings([{ code: '390114', session: before + 1, nth: 9 }]);
  await load([[live('2')], [live('3')]]);
  expect((await contacts()).map(({ id }) => id)).toEqual(['1', '2', '3']);
  expect((await warehouse.standIn.logins()).length - before).toBeGreaterThan(1);
});

test('where AUTOCOMMIT is off for the user, what is written stays', async () => {
  await warehouse.standIn.account({ autocommit: false });
  await load([[live('1')]]);
  expect((await contacts()).map(({ id }) => id)).toEqual(['1']);
});

describe('a raw table', () => {
  const wide = (count: number): JsonObject => ({
    ...PROPERTIES,
    ...Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `hs_analytics_property_nm_${i}`,
        { type: i % 4 === 0 ? 'number' : 'string', title: 'A label', description: 'x'.repeat(82) },
      ]),
    ),
  });

  test('of 300 properties has its view, with their values', async () => {
    const values = { hs_analytics_property_nm_0: 0.2, hs_analytics_property_nm_299: 'last' };
    await load([[record('1', 1, { archived: false, ...values })]], { tableForm: 'raw', properties: wide(300) });
    const fields = { hs_analytics_property_nm_0: 'number', hs_analytics_property_nm_299: 'text' } as const;
    expect(await warehouse.rows('contacts_VIEW', fields)).toEqual([values]);
  });

  test('whose view Snowflake refuses has its rows all the same, and a warning says so', async () => {
    const result = await load([[live('1')]], { tableForm: 'raw', properties: wide(2000) });
    expect(result).toMatchObject({ inserted: 1 });
    expect(logged).toContainEqual(
      expect.stringMatching(
        /The view CONTACTS_VIEW of \d+ columns cannot be made: .* Rows are written to the table CONTACTS all the same/,
      ),
    );
  });
});
