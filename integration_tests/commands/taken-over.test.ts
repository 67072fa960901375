import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { lastStates, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { judgeMessages } from '../support/schedules/judge.js';

const MINUTE = 60_000;
let sandbox: Sandbox;
let folder: TestFolder;
let ahead: number;
let changed: string[];

/** A portal in which 30 contacts have changed in the last hours, and all others long ago. */
beforeEach(async () => {
  ahead = 0;
  folder = new TestFolder();
  sandbox = await startSandbox({
    counts: { contacts: 250, deals: 30 },
    limits: { burst: 5000, searchPerSecond: 1000 },
    clock: () => Date.now() + ahead,
  });
  changed = live('contacts').slice(0, 30);
  ahead += 300 * MINUTE;
  sandbox.portal.edit('contacts', changed, { firstname: 'Changed' });
  ahead += 90 * MINUTE;
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const live = (type: string) => sandbox.portal.truth(type).live.map((record) => record.id);
const instant = (minutesAgo: number) => new Date(Date.now() + ahead - minutesAgo * MINUTE).toISOString();

function stream(name: string) {
  return {
    stream: { name, json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] },
    sync_mode: 'incremental',
    destination_sync_mode: 'append_dedup',
  };
}

async function read(states: unknown, more: object = {}, names = ['contacts']): Promise<Outcome> {
  const args = [
    ['--config', folder.write('c.json', { credentials: { access_token: sandbox.token }, ...more })],
    ['--catalog', folder.write('k.json', { streams: names.map(stream) })],
    ['--state', folder.write('s.json', states)],
  ];
  const outcome = await hubflakeHere(['read', ...args.flat()], { environment: { HUBSPOT_BASE_URL: sandbox.url } });
  await judgeMessages(outcome.lines);
  return outcome;
}

const wrapped = (stream_state: object | null) => [
  { type: 'STREAM', stream: { stream_descriptor: { name: 'contacts' }, stream_state } },
];
/** The ids of live records; what was merged into them is told beside them. */
const emitted = (outcome: Outcome, name = 'contacts') =>
  ofType(outcome, 'RECORD').flatMap(({ record }) =>
    record.stream === name && record.data.archived === false ? [String(record.data.id)] : [],
  );
const logged = (outcome: Outcome) => ofType(outcome, 'LOG').map(({ log }) => log.message);
const errors = (outcome: Outcome) => ofType(outcome, 'TRACE').flatMap(({ trace }) => trace.error ?? []);

describe("source-hubspot's state starts an increment", () => {
  const cursor = () => instant(200);
  const slices = () => [{ start: '2006-06-01T00:00:00.000Z', end: instant(0), most_recent_cursor_value: cursor() }];
  test.each<[string, () => unknown]>([
    ['as ISO text', () => wrapped({ updatedAt: cursor() })],
    ['as milliseconds', () => wrapped({ updatedAt: String(Date.parse(cursor())) })],
    ['of a concurrent cursor', () => wrapped({ state_type: 'date-range', slices: slices(), legacy: {} })],
    [
      'by partition',
      () =>
        wrapped({ use_global_cursor: false, states: [{ partition: {}, cursor: { updatedAt: cursor() } }], state: {} }),
    ],
    [
      'in a global state',
      () => [
        {
          type: 'GLOBAL',
          global: { shared_state: {}, stream_states: wrapped({ updatedAt: cursor() }).map((each) => each.stream) },
        },
      ],
    ],
    ['in a legacy state', () => ({ contacts: { updatedAt: cursor() } })],
  ])('%s', async (_, state) => {
    const outcome = await read(state());
    expect([outcome.code, errors(outcome)]).toEqual([0, []]);
    expect(emitted(outcome).sort()).toEqual([...changed].sort());
  });

  test('from the beginning where it is empty', async () => {
    for (const state of [{}, null]) expect(emitted(await read(wrapped(state)))).toHaveLength(live('contacts').length);
  });

  test('of the future: nothing is read, nothing fails', async () => {
    const outcome = await read(wrapped({ updatedAt: '2222-01-01T00:00:00.000000Z' }));
    expect([outcome.code, errors(outcome), emitted(outcome)]).toEqual([0, [], []]);
    expect(ofType(outcome, 'STATE').length).toBeGreaterThan(0);
  });
});

test('source-hubspot could go on from our state without loss: its updatedAt is never later than what was read', async () => {
  const first = await read([]);
  const shown = (outcome: Outcome) =>
    ofType(outcome, 'STATE').map(({ state }) => Date.parse(String(state.stream?.stream_state?.updatedAt)));
  // Until the load is complete, the beginning; then before it began, by the lookback.
  const began = Date.parse(instant(0));
  expect(
    shown(first)
      .slice(0, -2)
      .every((time) => time <= Date.parse('2006-06-01')),
  ).toBe(true);
  expect(shown(first).at(-1)).toBeLessThanOrEqual(began - 59 * MINUTE);
  expect(shown(first).at(-1)).toBeGreaterThan(began - 70 * MINUTE);
});

describe('what was selected is read again when it grows', () => {
  const again = (outcome: Outcome) => logged(outcome).find((message) => message.includes('read again from the start'));
  const entry = (more: object) => ({ objects: [{ object_type: 'contacts', ...more }] });

  test.each<[string, object, object, string | undefined]>([
    ['a property more', entry({ properties: ['email'] }), entry({ properties: ['email', 'city'] }), 'city was added'],
    ['a property less', entry({ properties: ['email', 'city'] }), entry({ properties: ['email'] }), undefined],
    [
      'an association more',
      entry({ associations: [] }),
      entry({ associations: ['deals'] }),
      'the association with deals was added',
    ],
    [
      'an earlier start',
      entry({ updated_after: '2024-01-01' }),
      entry({ updated_after: '2020-01-01' }),
      'the date to start from was moved back',
    ],
    ['a later start', entry({ updated_after: '2020-01-01' }), entry({ updated_after: '2024-01-01' }), undefined],
    [
      'other filters',
      entry({ filter_groups: [{ filters: [{ propertyName: 'email', operator: 'HAS_PROPERTY' }] }] }),
      entry({}),
      'the filters were changed',
    ],
  ])('%s', async (_, before, now, reason) => {
    const first = await read([], before);
    ahead += 90 * MINUTE;
    const second = await read(lastStates(first), now);
    expect([second.code, errors(second)]).toEqual([0, []]);
    if (reason === undefined) {
      expect([again(second), emitted(second)]).toEqual([undefined, []]);
    } else {
      expect(again(second)).toContain(reason);
      expect(emitted(second).length).toBeGreaterThan(100);
    }
  });

  test('an increment does not reach before the start date', async () => {
    const first = await read([]);
    ahead += 90 * MINUTE;
    sandbox.portal.edit('contacts', changed.slice(0, 5), { firstname: 'Again' });
    ahead += 90 * MINUTE;
    expect(emitted(await read(lastStates(first)))).toHaveLength(5);
    expect(emitted(await read(lastStates(first), { start_date: `${instant(30).slice(0, 19)}Z` }))).toEqual([]);
  });
});

describe('an object that cannot be had fails its stream alone', () => {
  const objects = [{ object_type: 'p_vehicles' }, { object_type: 'p_gone' }, { object_type: 'contacts' }];
  const names = ['vehicles', 'gone', 'contacts'];
  const failed = (outcome: Outcome) =>
    errors(outcome).map((error) => [error.stream_descriptor?.name, error.failure_type, error.message]);

  test('one that is gone', async () => {
    const outcome = await read([], { objects }, names);
    expect(outcome.code).toBe(1);
    expect(failed(outcome)).toEqual([
      ['gone', 'config_error', 'objects[1].object_type: this portal has no object called "p_gone".'],
    ]);
    expect(emitted(outcome)).toHaveLength(live('contacts').length);
    expect(emitted(outcome, 'vehicles')).toHaveLength(live('vehicles').length);
  });

  test.each([[{ objects }], [{}]])('custom ones that the token may not see: the scope is named', async (config) => {
    sandbox.access.setScopes(['crm.objects.contacts.read', 'crm.schemas.contacts.read', 'crm.objects.companies.read']);
    const outcome = await read([], config, names);
    expect(outcome.code).toBe(1);
    const scope = expect.stringContaining('Add the scope crm.schemas.custom.read to it.');
    expect(failed(outcome).sort()).toEqual([
      ['gone', 'config_error', scope],
      ['vehicles', 'config_error', scope],
    ]);
    expect(emitted(outcome)).toHaveLength(live('contacts').length);
  });
});
