import { isDeepStrictEqual } from 'node:util';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { configure, hubflake, lastStates, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { Emitted } from '../support/processes/emitted.js';
import { judgeMessages } from '../support/schedules/judge.js';
import { liveRecords, propertyTypes } from '../support/schedules/truth.js';

/** Objects that are compared record by record, by stream: how the portal calls them, and their associations. */
const OBJECTS: [stream: string, objectType: string, associations: string[]][] = [
  ['contacts', 'contacts', ['companies']],
  ['companies', 'companies', ['contacts']],
  ['deals', 'deals', ['companies', 'contacts', 'line_items']],
  ['tickets', 'tickets', ['companies', 'contacts', 'deals']],
  ['engagements_notes', 'notes', ['companies', 'contacts', 'deals', 'tickets']],
  ['line_items', 'line_items', []],
  ['goals', 'goals', []],
  ['vehicles', 'vehicles', []],
  ['Wartungs_Plan', 'Wartungs_Plan', []],
];

let sandbox: Sandbox;
let folder: TestFolder;
let config: string;

beforeEach(async () => {
  sandbox = await startSandbox({
    counts: { contacts: 450, companies: 130 },
    limits: { burst: 5000, searchPerSecond: 1000 },
  });
  folder = new TestFolder();
  config = folder.write('config.json', {
    credentials: { credentials_title: 'Private App Credentials', access_token: sandbox.token },
  });
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const run = (args: string[], options = {}) =>
  hubflake(args, { environment: { HUBSPOT_BASE_URL: sandbox.url }, ...options });

async function discovered(choose?: (name: string) => boolean, modes = {}): Promise<string> {
  const outcome = await run(['discover', '--config', config]);
  await judgeMessages(outcome.lines);
  return folder.write('catalog.json', configure(outcome, choose, modes));
}

async function read(catalog: string, states?: object[]): Promise<Outcome> {
  const state = states ? ['--state', folder.write('state.json', states)] : [];
  const outcome = await run(['read', '--config', config, '--catalog', catalog, ...state]);
  await judgeMessages(outcome.lines);
  return outcome;
}

/**
 * Holds what was emitted against the portal. After increments (`changed`), without what HubSpot changes in a record without
 * saying that it was modified: calculated properties and associations.
 */
async function expectTruth(emitted: Emitted, objects = OBJECTS, changed = false): Promise<void> {
  for (const [stream, objectType, all] of objects) {
    const associations = changed ? [] : all;
    const types = await propertyTypes(sandbox, objectType, !changed);
    const truth = await liveRecords(sandbox, objectType, types, associations);
    const live = emitted.live(stream, types, associations);
    expect([stream, [...live.keys()].sort()]).toEqual([stream, [...truth.keys()].sort()]);
    for (const [id, expected] of truth) expect({ stream, ...live.get(id) }).toEqual({ stream, ...expected });
  }
}

test('a first read gives every record of every object as the portal has it, and a second one what has changed', async () => {
  const catalog = await discovered();
  const first = await read(catalog);
  expect(first.code).toBe(0);
  const emitted = new Emitted().add(first);
  await expectTruth(emitted);
  expect(emitted.gone('contacts')).toEqual([]);

  const { portal } = sandbox;
  const live = portal.truth('contacts').live.map((record) => record.id);
  const [edited, archived, survivor, loser] = live as [string, string, string, string];
  const wasArchived = portal.truth('contacts').archived[0]?.id as string;
  portal.edit('contacts', edited, { firstname: 'Grace', annualrevenue: '12.5' });
  portal.archive('contacts', archived);
  const merged = portal.merge('contacts', survivor, loser);
  portal.restore('contacts', wasArchived);
  const created = portal.create('deals', { dealname: 'New', amount: '1' });
  portal.associate('deals', created, 'contacts', edited);
  const vehicle = portal.truth('vehicles').live[0]?.id as string;
  portal.archive('vehicles', vehicle);

  // Searches are limited to five a second, so the increments keep to the objects that are compared.
  const compared = await discovered((name) => OBJECTS.some(([stream]) => stream === name));
  const second = await read(compared, lastStates(first));
  expect(second.code).toBe(0);
  emitted.add(second);
  await expectTruth(emitted, OBJECTS, true);
  expect(emitted.of('deals').get(created)).toMatchObject({ contacts: [edited], companies: [], line_items: [] });
  expect(emitted.gone('contacts').sort()).toEqual([archived, survivor, loser].sort());
  for (const id of [survivor, loser])
    expect(emitted.of('contacts').get(id)).toMatchObject({ merged_into: merged, archived: true });
  expect(emitted.of('contacts').get(archived)).toMatchObject({ merged_into: null, archivedAt: expect.any(String) });
  expect(emitted.gone('vehicles')).toEqual([vehicle]);

  const third = await read(compared, lastStates(second));
  emitted.add(third);
  await expectTruth(emitted, OBJECTS, true);
});

test('every stream starts, runs, completes, and ends with a state that counts its records', async () => {
  const catalog = await discovered((name) => ['contacts', 'owners', 'deal_pipelines', 'taxes'].includes(name));
  const outcome = await read(catalog);
  for (const stream of ['contacts', 'owners', 'deal_pipelines', 'taxes']) {
    const statuses = ofType(outcome, 'TRACE')
      .map(({ trace }) => trace.stream_status)
      .filter((status) => status?.stream_descriptor.name === stream)
      .map((status) => status?.status);
    expect(statuses).toEqual(['STARTED', 'RUNNING', 'COMPLETE']);
    const states = ofType(outcome, 'STATE').filter(({ state }) => state.stream?.stream_descriptor.name === stream);
    const counted = states.reduce((sum, { state }) => sum + (state.sourceStats?.recordCount ?? 0), 0);
    expect(counted).toBe(ofType(outcome, 'RECORD').filter(({ record }) => record.stream === stream).length);
    expect(new Set(states.map(({ state }) => JSON.stringify(state.stream?.stream_state))).size).toBe(states.length);
  }
  // 430 live contacts are five pages: a state after each, and the closing one.
  const contacts = ofType(outcome, 'STATE').filter(({ state }) => state.stream?.stream_descriptor.name === 'contacts');
  expect(contacts.length).toBeGreaterThanOrEqual(6);
});

test('owners and pipelines come as source-hubspot has them, and only once', async () => {
  const catalog = await discovered((name) => ['owners', 'deal_pipelines', 'ticket_pipelines'].includes(name));
  const first = await read(catalog);
  const emitted = new Emitted().add(first);
  expect(emitted.of('owners').size).toBe(sandbox.portal.owners.filter((owner) => !owner.archived).length);
  const records = ofType(first, 'RECORD').map(({ record }) => record);
  expect(records.find((record) => record.stream === 'deal_pipelines')?.data).toMatchObject({
    pipelineId: expect.any(String),
    objectType: 'DEAL',
    objectTypeId: '0-3',
    createdAt: expect.any(Number),
    stages: expect.arrayContaining([expect.objectContaining({ stageId: expect.any(String), active: true })]),
  });
  const second = await read(catalog, lastStates(first));
  expect(ofType(second, 'RECORD')).toEqual([]);
  expect(ofType(second, 'STATE')).toHaveLength(3);
});

test('a full refresh has each record once, and a later attempt of the same job does not repeat it', async () => {
  const catalog = await discovered((name) => name === 'contacts', {
    sync_mode: 'full_refresh',
    destination_sync_mode: 'overwrite',
  });
  const first = await read(catalog);
  const ids = ofType(first, 'RECORD').map(({ record }) => record.data.id);
  expect(ids).toHaveLength(sandbox.portal.truth('contacts').live.length);
  expect(new Set(ids).size).toBe(ids.length);
  expect(lastStates(first)[0]).toMatchObject({ stream: { stream_state: { __ab_full_refresh_sync_complete: true } } });
  const again = await read(catalog, lastStates(first));
  expect(ofType(again, 'RECORD')).toEqual([]);
  expect(ofType(again, 'STATE')).toHaveLength(1);
});

test('a load that was killed goes on where it was: no page is asked for twice, none is left out', async () => {
  const catalog = await discovered((name) => name === 'contacts');
  const whole = await read(catalog);
  const states = ofType(whole, 'STATE').map(({ state }) => state);
  // A platform hands over the last state that arrived before the kill.
  for (const state of [states[0], states[2], states[3]]) {
    const index = whole.lines.findIndex((line) => isDeepStrictEqual(JSON.parse(line).state, state));
    expect(index).toBeGreaterThan(0);
    const before = { ...whole, lines: whole.lines.slice(0, index + 1) };
    sandbox.calls.reset();
    const rest = await read(catalog, [state as object]);
    const emitted = new Emitted().add(before).add(rest);
    await expectTruth(emitted, OBJECTS.slice(0, 1));
    // The first state is out before the first page.
    const pages = 5 - states.indexOf(state as never);
    const lists = sandbox.calls.last().filter((call) => call.kind === 'list' && call.url.includes('archived=false'));
    expect(lists).toHaveLength(pages);
  }
});

test('what changes while a load runs is right at its end', async () => {
  await sandbox.close();
  let lists = 0;
  let gone: string[] = [];
  sandbox = await startSandbox({
    counts: { contacts: 600 },
    limits: { burst: 5000, searchPerSecond: 1000 },
    onCall: (call) => {
      if (call.kind !== 'list' || !call.url.includes('/0-1?') || call.url.includes('archived=true')) return;
      lists += 1;
      if (lists !== 4) return;
      // The pages with the first 300 are out by now.
      const { portal } = sandbox;
      const ids = portal.truth('contacts').live.map((record) => record.id);
      portal.edit('contacts', ids[5] as string, { firstname: 'Changed' });
      portal.archive('contacts', ids[6] as string);
      const merged = portal.merge('contacts', ids[7] as string, ids[8] as string);
      portal.create('contacts', { firstname: 'Created' });
      gone = [ids[6] as string, ...[ids[7] as string, ids[8] as string].filter((id) => id !== merged)];
    },
  });
  const catalog = await discovered((name) => name === 'contacts');
  lists = 0;
  const outcome = await read(catalog);
  const emitted = new Emitted().add(outcome);
  await expectTruth(emitted, OBJECTS.slice(0, 1));
  expect(emitted.gone('contacts').sort()).toEqual(gone.sort());
});

test('what the search index shows late is found by the lookback', async () => {
  await sandbox.close();
  let ahead = 0;
  const minute = 60_000;
  sandbox = await startSandbox({
    counts: { contacts: 250 },
    limits: { burst: 5000, searchPerSecond: 1000 },
    clock: () => Date.now() + ahead,
    indexLagMs: 5 * minute,
  });
  const catalog = await discovered((name) => name === 'contacts');
  const first = await read(catalog);
  const emitted = new Emitted().add(first);
  ahead += 20 * minute;
  const [id] = sandbox.portal.truth('contacts').live.map((record) => record.id);
  sandbox.portal.edit('contacts', id as string, { firstname: 'Late' });
  ahead += minute;
  const second = await read(catalog, lastStates(first));
  expect(ofType(second, 'RECORD')).toEqual([]);
  ahead += 20 * minute;
  const third = await read(catalog, lastStates(second));
  emitted.add(second).add(third);
  await expectTruth(emitted, OBJECTS.slice(0, 1), true);
});

test('a record that is gone does not come back because the search index still shows it', async () => {
  await sandbox.close();
  let ahead = 0;
  const minute = 60_000;
  // The index learns of the survivor at once, and of the records that are gone minutes later.
  const slow = new Set<number>();
  sandbox = await startSandbox({
    counts: { contacts: 250 },
    limits: { burst: 5000, searchPerSecond: 1000 },
    clock: () => Date.now() + ahead,
    indexLagMs: (_type, id) => (slow.has(id) ? 5 * minute : 0),
  });
  const { portal } = sandbox;
  const live = portal.truth('contacts').live.map((record) => record.id);
  const [archived, survivor, loser] = live as [string, string, string];
  slow.add(Number(archived)).add(Number(loser));
  const catalog = await discovered((name) => name === 'contacts');
  let last = await read(catalog);
  const emitted = new Emitted().add(last);
  ahead += 20 * minute;
  portal.edit('contacts', [archived, loser], { firstname: 'Going' });
  ahead += 6 * minute;
  portal.archive('contacts', archived);
  portal.merge('contacts', survivor, loser);
  const gone = [archived, survivor, loser].sort();
  for (const minutes of [1, 2, 20]) {
    ahead += minutes * minute;
    last = await read(catalog, lastStates(last));
    emitted.add(last);
    expect(emitted.gone('contacts').sort()).toEqual(gone);
  }
  await expectTruth(emitted, OBJECTS.slice(0, 1), true);
});
