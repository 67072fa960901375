import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';
import { SteppedService } from './stepped.js';

const warehouse = new StandInWarehouse();
let service: SteppedService;

beforeAll(() => warehouse.begin());
beforeEach(async () => {
  await warehouse.begin();
  service = new SteppedService();
  await service.startPortal({ counts: { '*': 0, contacts: 20, companies: 5 } });
});
afterEach(() => service.end());
afterAll(() => warehouse.end());

const objects = [
  { object_type: 'contacts', properties: ['lastname'] },
  { object_type: 'companies', properties: ['name'] },
];
const config = () => service.pipeline({ objects }, warehouse.destination());
const portal = () => service.sandbox.portal;
const rename = (lastname: string) =>
  portal().edit('contacts', portal().truth('contacts').live[2]?.id as string, { lastname });

/** The statements of the rounds that `body` runs. */
async function statementsOf(body: () => Promise<unknown>): Promise<string[]> {
  const { standIn } = warehouse;
  const before = (await standIn.statements()).length;
  await body();
  return (await standIn.statements()).slice(before).map(({ sql }) => sql);
}

test('rounds that bring nothing log in no more, change nothing, and ask nothing that wakes a warehouse', async () => {
  await service.start(config());
  // Its answer is kept from here on.
  await service.next();
  const logins = (await warehouse.standIn.logins()).length;
  const statements = await statementsOf(() => service.run(20));
  expect((await warehouse.standIn.logins()).length).toBe(logins);
  const words = new Set(statements.map((sql) => sql.split(' ')[0]));
  expect([...words].sort()).toEqual(['SELECT', 'SHOW']);
  // One question, in the same words each time, which Snowflake answers with the result it has kept.
  expect(new Set(statements.filter((sql) => sql.startsWith('SELECT'))).size).toBe(1);
  rename('Changed');
  const { result } = await service.next();
  expect(result?.streams.find(({ stream }) => stream === 'contacts')).toMatchObject({ records: 1, updated: 1 });
  // The lease is given back between rounds, so that others can write.
  expect(
    (await warehouse.rows('_HUBFLAKE_STATE', { STREAM: 'text', LEASE_UNTIL: 'text' })).filter(
      ({ LEASE_UNTIL }) => LEASE_UNTIL,
    ),
  ).toEqual([]);
});

test('rounds that fail as a whole are logged, and the next ones wait longer, until one succeeds', async () => {
  await service.start(config());
  const error = { code: '000604', message: 'SQL execution internal error' };
  await warehouse.standIn.rules([{ match: '_HUBFLAKE_STATE', times: null, fault: { error } }]);
  const pauses: number[] = [];
  for (let round = 0; round < 6; round += 1) pauses.push(Math.round((await service.next()).pauseMs / 10_000) * 10);
  expect(pauses).toEqual([60, 120, 240, 480, 900, 900]);
  expect(service.logged.filter((line) => line.includes('The round failed'))).toHaveLength(6);
  await warehouse.standIn.rules([]);
  rename('Meanwhile');
  const { result, pauseMs } = await service.next();
  expect(result?.errors).toEqual([]);
  expect(Math.round(pauseMs / 10_000)).toBe(6);
  const rows = await warehouse.rows('contacts', { id: 'text', lastname: 'text' });
  expect(rows.filter(({ lastname }) => lastname === 'Meanwhile')).toHaveLength(1);
});
