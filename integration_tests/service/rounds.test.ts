import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { freshForEach } from '../support/fresh.js';
import { hubflake } from '../support/processes/command.js';
import { type Round, SteppedService } from './stepped.js';

const OBJECTS = ['contacts', 'companies', 'deals'];
const NAMED = { contacts: 'lastname', companies: 'name', deals: 'dealname' } as const;
const objects = Object.entries(NAMED).map(([object_type, name]) => ({ object_type, properties: [name] }));

const warehouse = new DuckDbWarehouse();
freshForEach(warehouse);
let service: SteppedService;

beforeEach(async () => {
  service = new SteppedService();
  await service.startPortal({ counts: { '*': 0, contacts: 40, companies: 10, deals: 10 } });
});

afterEach(() => service.end());

const config = (more: object = {}) => service.pipeline({ objects, ...more }, warehouse.destination());
const portal = () => service.sandbox.portal;
const some = (type = 'contacts') => portal().truth(type).live[3]?.id as string;
const sum = (rounds: readonly Round[], kind: string) => rounds.reduce((all, { calls }) => all + (calls[kind] ?? 0), 0);
const records = ({ result }: Round) =>
  Object.fromEntries((result?.streams ?? []).map((each) => [each.stream, each.records]));

/** The live records of a table, each with its name, sorted. */
async function live(type: keyof typeof NAMED = 'contacts') {
  const rows = await warehouse.rows(type, { id: 'text', archived: 'boolean', [NAMED[type]]: 'text' });
  return rows.filter((row) => row.archived !== true).map((row) => [row.id, row[NAMED[type]]]);
}

/** The same of the portal. */
function truth(type: keyof typeof NAMED = 'contacts') {
  const { live: all } = portal().truth(type, { properties: [NAMED[type]] });
  return all.map(({ id, properties }) => [id, properties[NAMED[type]] ?? null]);
}

async function expectTruth() {
  for (const type of ['contacts', 'companies', 'deals'] as const) {
    expect(new Map((await live(type)) as [string, unknown][])).toEqual(new Map(truth(type) as [string, unknown][]));
  }
}

test('a round in which nothing changed takes a search an object, and a few looks now and then', async () => {
  const first = await service.start(config({ include: ['owners', 'deal_pipelines', 'ticket_pipelines'] }));
  expect(first.result?.errors).toEqual([]);
  const written = await warehouse.rows('_HUBFLAKE_STATE', { STREAM: 'text', STATE: 'text' });
  const rounds = await service.run(2 * 60);
  for (const { calls, total, result } of rounds) {
    expect(result?.streams.every((each) => each.records === 0)).toBe(true);
    expect(calls.search).toBe(OBJECTS.length);
    expect(total).toBeLessThanOrEqual(OBJECTS.length + 5);
  }
  // Account and custom objects, and the properties of each object, every quarter of an hour; the first time somewhere in it.
  for (const [kind, count] of [
    ['account', 1],
    ['properties', OBJECTS.length],
  ] as const) {
    expect(sum(rounds, kind)).toBeGreaterThanOrEqual(count * 8);
    expect(sum(rounds, kind)).toBeLessThanOrEqual(count * 9);
  }
  // The first time within 5 minutes, then after 10, 20, 30, 30: archived records, owners and pipelines.
  for (const [kind, count] of [
    ['list', OBJECTS.length],
    ['owners', 1],
    ['pipelines', 2],
  ] as const) {
    expect(sum(rounds, kind)).toBeGreaterThanOrEqual(count * 5);
    expect(sum(rounds, kind)).toBeLessThanOrEqual(count * 6);
  }
  // Nothing was written, so that a warehouse would have slept on.
  expect(await warehouse.rows('_HUBFLAKE_STATE', { STREAM: 'text', STATE: 'text' })).toEqual(written);
});

test('what is right of the configuration in each round is said once an hour', async () => {
  const missing = { object_type: 'contacts', properties: ['lastname', 'no_such_property'] };
  await service.start(config({ objects: [missing, ...objects.slice(1)] }));
  const said = () => service.logged.filter((line) => line.includes('no_such_property')).length;
  expect(said()).toBe(1);
  await service.run(58);
  expect(said()).toBe(1);
  await service.run(2);
  expect(said()).toBe(2);
});

test('changes are there with the next round, with their freshness', async () => {
  await service.start(config());
  const id = some();
  portal().edit('contacts', id, { lastname: 'Changed' });
  service.advance(0.2);
  const round = await service.next();
  expect(records(round)).toEqual({ contacts: 1, companies: 0, deals: 0 });
  const fresh = round.result?.streams.find(({ stream }) => stream === 'contacts')?.freshness;
  // A minute until the next round, and the twelve seconds before.
  expect(fresh?.most).toBeGreaterThan(65);
  expect(fresh?.most).toBeLessThan(100);
  expect(fresh?.p50).toBe(fresh?.p95);
  await expectTruth();
  // Found again by rounds that reach back over it, and left alone.
  const rounds = await service.run(20);
  expect(rounds.map(records).every(({ contacts }) => contacts === 0)).toBe(true);
});

test('what the index shows late comes at most a quarter of the lookback after it is shown', async () => {
  await service.start(config());
  await service.run(3);
  const lagMinutes = 50;
  service.sandbox.switches.set({ indexLagMs: lagMinutes * 60_000 });
  const id = some();
  portal().edit('contacts', id, { lastname: 'Late' });
  const before = await service.run(lagMinutes - 1);
  expect(before.map(records).every(({ contacts }) => contacts === 0)).toBe(true);
  const rounds = await service.run(17);
  expect(rounds.map(records).filter(({ contacts }) => contacts === 1)).toHaveLength(1);
  await expectTruth();
});

test('past values of a record that the index showed late come with the round that finds it', async () => {
  await service.start(
    config({ objects: [{ object_type: 'contacts', properties: ['lastname'], history: ['lastname'] }] }),
  );
  service.sandbox.switches.set({ indexLagMs: 50 * 60_000 });
  const id = some();
  portal().edit('contacts', id, { lastname: 'First' });
  await service.run(10);
  portal().edit('contacts', id, { lastname: 'Second' });
  service.sandbox.switches.set({ indexLagMs: 0 });
  await service.next();
  const rows = await warehouse.rows('contacts_property_history', { value: 'text' });
  expect(rows.filter(({ value }) => value === 'First' || value === 'Second')).toHaveLength(2);
  await service.run(20);
  expect((await warehouse.rows('contacts_property_history', { value: 'text' })).length).toBe(rows.length);
});

test('a round reaches back by two minutes from the one before; one in a quarter of the lookback by all of it', async () => {
  await service.start(config({ objects: objects.slice(0, 1) }));
  await service.run(20);
  service.reaches.length = 0;
  await service.run(60);
  const whole = service.reaches.filter((minutes) => minutes > 60);
  const recent = service.reaches.filter((minutes) => minutes <= 60);
  expect(whole).toHaveLength(4);
  // From an hour before the whole pass before this one.
  expect(Math.max(...whole)).toBeLessThan(60 + 16.5);
  expect(Math.min(...whole)).toBeGreaterThan(60 + 14.5);
  expect(recent.length).toBeGreaterThanOrEqual(56);
  expect(recent.length).toBeLessThanOrEqual(57);
  expect(Math.min(...recent)).toBeGreaterThan(2.9);
  expect(Math.max(...recent)).toBeLessThan(3.5);
});

test('a stream that is loaded anew does not keep the others waiting, and costs hardly more calls', async () => {
  portal().createSamples('contacts', 2_500);
  await service.start(config());
  // From here on, a page takes ten seconds.
  service.onList = () => service.advance(1 / 6);
  await warehouse.execute('DROP TABLE {table}', 'contacts');
  const rounds: Round[] = [];
  const isLoaded = () =>
    rounds.some(({ result }) => result?.streams.some((each) => each.stream === 'contacts' && each.complete));
  while (!isLoaded()) {
    portal().edit('companies', some('companies'), { name: `In round ${rounds.length}` });
    rounds.push(await service.next());
    expect(new Map((await live('companies')) as [string, unknown][])).toEqual(
      new Map(truth('companies') as [string, unknown][]),
    );
  }
  // 26 pages, six or seven a turn.
  expect(rounds.length).toBeGreaterThanOrEqual(4);
  expect(rounds.length).toBeLessThanOrEqual(6);
  expect(sum(rounds, 'list')).toBeLessThanOrEqual(26 + 3 * rounds.length);
  service.onList = () => undefined;
  await service.run(20);
  await expectTruth();
});

test('archived, merged and restored records are found, and looked for more often then', async () => {
  await service.start(config());
  await service.run(100);
  const [one, two, three] = portal()
    .truth('contacts')
    .live.slice(5, 8)
    .map(({ id }) => id) as [string, string, string];
  portal().archive('contacts', [one]);
  portal().merge('contacts', two, three);
  // The merge shows among changes; the list of archived records is looked at each half hour at least.
  const gone = async () => !(await live()).some(([id]) => id === one);
  for (let minutes = 0; minutes < 33 && !(await gone()); minutes += 1) await service.next();
  await expectTruth();
  portal().restore('contacts', one);
  // What has changed is looked at again after five minutes.
  await service.run(6);
  await expectTruth();
});

test('a property, and a custom object that a token may read, come within a quarter of an hour', async () => {
  await service.start(config({ objects: [{ object_type: 'contacts' }] }));
  portal().addProperty('contacts', { name: 'shoe_size', type: 'string' });
  portal().edit('contacts', some(), { shoe_size: '42' });
  await service.run(16);
  const rows = await warehouse.rows('contacts', { id: 'text', shoe_size: 'text' });
  expect(rows.filter(({ shoe_size }) => shoe_size === '42')).toHaveLength(1);
});

test('a table that is dropped between two rounds is loaded anew, whatever states are in memory', async () => {
  await service.start(config());
  await service.run(5);
  await warehouse.execute('DROP TABLE {table}', 'contacts');
  portal().edit('contacts', some(), { lastname: 'After' });
  await service.next();
  await expectTruth();
});

test('tables and states that are gone right behind the round that made them are loaded anew', async () => {
  await service.start(config());
  rmSync(warehouse.config().path);
  portal().edit('contacts', some(), { lastname: 'After' });
  await service.next();
  expect(service.logged.join('\n')).toContain('its database or schema was removed or emptied');
  await expectTruth();
});

test.each([
  ['its table was dropped', () => warehouse.execute('DROP TABLE {table}', 'owners')],
  ['the whole database is gone', async () => rmSync(warehouse.config().path)],
])('a list that is looked at now and then is loaded anew with the next round where %s', async (_, lose) => {
  await service.start(config({ include: ['owners'] }));
  const owners = async () => (await warehouse.rows('owners', { id: 'text' })).length;
  const all = await owners();
  expect(all).toBeGreaterThan(0);
  // Behind the first looks, the next ones are far apart.
  await service.run(30);
  await lose();
  const { calls } = await service.next();
  expect(calls.owners).toBeGreaterThan(0);
  expect(await owners()).toBe(all);
  // From then on it is looked at as before.
  expect(sum(await service.run(4), 'owners')).toBeLessThan(2);
  await expectTruth();
});

test('another run between two rounds is noticed: its states count, and nothing is lost', async () => {
  await service.start(config());
  await service.run(5);
  portal().edit('contacts', some(), { lastname: 'Other run' });
  service.advance(1);
  const file = join(warehouse.folder, 'pipeline.json');
  writeFileSync(file, JSON.stringify(service.options({ objects }, warehouse.destination())));
  const environment = { HUBSPOT_BASE_URL: service.sandbox.url };
  const { code } = await hubflake(['sync', '--config', file, '--refresh', 'companies'], { environment });
  expect(code).toBe(0);
  portal().edit('companies', some('companies'), { name: 'Later' });
  const rounds = await service.run(3);
  expect(rounds.every(({ result }) => result?.errors.length === 0)).toBe(true);
  await expectTruth();
});

test('while another program has the file open, rounds wait for seconds only', async () => {
  await service.start(config());
  const holder = await holdFile(warehouse.config().path);
  const pauses: number[] = [];
  for (let round = 0; round < 6; round += 1) pauses.push(Math.round((await service.next()).pauseMs / 1000));
  holder.kill();
  await once(holder, 'exit');
  expect(pauses).toEqual([2, 4, 8, 16, 32, 60]);
  portal().edit('contacts', some(), { lastname: 'Meanwhile' });
  expect((await service.next()).result?.errors).toEqual([]);
  await expectTruth();
});

test('a stream that fails does not keep the others from being read, and is well again with its next round', async () => {
  await service.start(config());
  service.sandbox.faults.set([
    { objectType: 'deals', kind: 'search', fault: { type: 'error', status: 403, category: 'MISSING_SCOPES' } },
  ]);
  portal().edit('contacts', some(), { lastname: 'Meanwhile' });
  portal().edit('deals', some('deals'), { dealname: 'Later' });
  const [first] = await service.run(5);
  expect(first?.result?.errors).toMatchObject([{ stream: 'deals', code: 'HF-SCOPES' }]);
  expect(new Map((await live()) as [string, unknown][])).toEqual(new Map(truth() as [string, unknown][]));
  // Rounds that bring nothing do not repeat it.
  const logged = await warehouse.rows('_HUBFLAKE_SYNCS', { STREAM: 'text', STATUS: 'text' });
  expect(logged.filter(({ STATUS }) => STATUS === 'failed')).toEqual([{ STREAM: 'deals', STATUS: 'failed' }]);
  service.sandbox.faults.set([]);
  const round = await service.next();
  expect(round.result?.errors).toEqual([]);
  await expectTruth();
});

test('a list that fails is tried again within minutes, and is told of until it does not fail any more', async () => {
  service.isServed = true;
  await service.start(config({ include: ['owners'] }));
  await service.run(30);
  service.sandbox.faults.set([{ kind: 'owners', fault: { type: 'error', status: 403, category: 'MISSING_SCOPES' } }]);
  const fails = ({ result }: Round) => result?.errors.some(({ stream }) => stream === 'owners') === true;
  for (let round = await service.next(); !fails(round); ) round = await service.next();
  const rounds = await service.run(20);
  expect(rounds.filter(fails).length).toBeGreaterThanOrEqual(4);
  expect(rounds.filter(fails).length).toBeLessThanOrEqual(6);
  for (let round = 0; round < 5; round += 1) {
    await service.next();
    expect(await service.health()).toMatchObject({ isWell: false, late: [{ stream: 'owners', code: 'HF-SCOPES' }] });
    expect(await service.verdict()).toEqual({ is: 'bad', text: '1 stream failed.' });
  }
  service.sandbox.faults.set([]);
  await service.run(6);
  expect(await service.health()).toMatchObject({ isWell: true, late: [] });
  expect(await service.verdict()).toMatchObject({ is: 'good' });
});

test('refused credentials end the service', async () => {
  await service.start(config());
  service.sandbox.faults.set([{ fault: { type: 'unauthorized', category: 'INVALID_AUTHENTICATION' } }]);
  await expect(service.next()).rejects.toThrow(/token/i);
});

test("where the day's calls are used up, the service waits for the next day, looking once an hour", async () => {
  await service.end();
  service = new SteppedService();
  const limits = { enabled: true, burst: 1e6, searchPerSecond: 1e6, daily: 200 };
  await service.startPortal({ counts: { '*': 0, contacts: 40, companies: 10, deals: 10 }, limits });
  await service.start(config());
  const rounds: Round[] = [];
  const isOver = ({ result }: Round) => result?.errors.some(({ code }) => code === 'HF-DAILY-LIMIT') === true;
  while (!rounds.some(isOver)) rounds.push(await service.next());
  expect(service.logged.join('\n')).toContain("HubSpot's calls of the day are used up");
  portal().edit('contacts', some(), { lastname: 'The next day' });
  let waited = 0;
  for (let round = rounds.at(-1) as Round; isOver(round); waited += 1) {
    expect(round.pauseMs).toBeLessThanOrEqual(60 * 60_000);
    round = await service.next();
  }
  expect(waited).toBeLessThanOrEqual(25);
  await expectTruth();
});

/** Has another program hold a DuckDB file. */
async function holdFile(path: string): Promise<ChildProcess> {
  const code = `import('@duckdb/node-api').then(async ({ DuckDBInstance }) => {
    globalThis.held = await DuckDBInstance.create(${JSON.stringify(path)});
    process.stdout.write('held');
    setInterval(() => globalThis.held, 1000);
  });`;
  const holder = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return holder;
}
