import type { FaultRule } from '../../src/sandbox/http/faults.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { hubflake, lastStates, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { Emitted } from '../support/processes/emitted.js';
import { hubflakeHere } from '../support/processes/here.js';
import { residentBytes } from '../support/processes/memory.js';
import { judgeMessages } from '../support/schedules/judge.js';
import { liveRecords, propertyTypes } from '../support/schedules/truth.js';

const STREAMS: [name: string, associations: string[]][] = [
  ['contacts', ['companies']],
  ['companies', ['contacts']],
  ['deals', ['companies', 'contacts', 'line_items']],
  ['tickets', ['companies', 'contacts', 'deals']],
];

let sandbox: Sandbox;
let folder: TestFolder;
let config: string;
let catalog: string;

/** A portal, and a catalog of four of its streams. */
async function start(options: SandboxOptions = {}, more: object = {}): Promise<void> {
  sandbox = await startSandbox({
    counts: { contacts: 450, companies: 130, deals: 220, tickets: 150 },
    limits: { burst: 5000, searchPerSecond: 1000 },
    ...options,
  });
  const credentials = { credentials_title: 'Private App Credentials', access_token: sandbox.token };
  config = folder.write('config.json', { credentials, ...more });
  catalog = folder.write('catalog.json', {
    streams: STREAMS.map(([name]) => ({
      stream: { name, json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] },
      sync_mode: 'incremental',
      destination_sync_mode: 'append_dedup',
    })),
  });
}

beforeEach(() => {
  folder = new TestFolder();
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const run = (args: string[]) => hubflakeHere(args, { environment: { HUBSPOT_BASE_URL: sandbox.url } });

async function read(states?: object[]): Promise<Outcome> {
  const state = states ? ['--state', folder.write('state.json', states)] : [];
  const outcome = await run(['read', '--config', config, '--catalog', catalog, ...state]);
  await judgeMessages(outcome.lines);
  return outcome;
}

/** Holds what was emitted against the portal, calculated properties and changed associations of increments aside. */
async function expectTruth(emitted: Emitted, changed = false): Promise<void> {
  for (const [stream, associations] of STREAMS) {
    const types = await propertyTypes(sandbox, stream, !changed);
    const links = changed ? [] : associations;
    const truth = await liveRecords(sandbox, stream, types, links);
    const live = emitted.live(stream, types, links);
    expect([stream, [...live.keys()].sort()]).toEqual([stream, [...truth.keys()].sort()]);
    for (const [id, expected] of truth) expect({ stream, ...live.get(id) }).toEqual({ stream, ...expected });
  }
}

/** By stream, how it ended. */
function endings(outcome: Outcome): Record<string, string> {
  const statuses = ofType(outcome, 'TRACE').flatMap(({ trace }) => trace.stream_status ?? []);
  return Object.fromEntries(statuses.map((status) => [status.stream_descriptor.name, status.status]));
}

const errors = (outcome: Outcome) => ofType(outcome, 'TRACE').flatMap(({ trace }) => trace.error ?? []);
const logged = (outcome: Outcome) => ofType(outcome, 'LOG').map(({ log }) => log.message);

/** Everything that passes. */
const PASSING: FaultRule['fault'][] = [
  { type: 'status', status: 500 },
  { type: 'error', status: 500 },
  { type: 'status', status: 502 },
  { type: 'status', status: 503, retryAfterSeconds: 1 },
  { type: 'status', status: 504 },
  { type: 'reset' },
  { type: 'resetInBody' },
  { type: 'truncated' },
  { type: 'html' },
  { type: 'locked' },
  { type: 'migration', retryAfterSeconds: 1 },
  { type: 'rateLimit', policy: 'SECONDLY' },
  { type: 'rateLimit', policy: 'TEN_SECONDLY_ROLLING', retryAfterSeconds: 1 },
];

test('every fault that passes, at every kind of call: nothing is lost, and nothing fails', async () => {
  await start();
  const faults = (kind: FaultRule['kind'] & string) =>
    PASSING.map((fault, index): FaultRule => ({ kind, nth: index + 1, fault }));
  for (const rule of faults('list')) sandbox.faults.add(rule);
  for (const rule of faults('properties')) sandbox.faults.add(rule);
  const { portal } = sandbox;
  const live = (type: string) => portal.truth(type).live.map((record) => record.id);
  const first = await read();
  expect([first.code, errors(first)]).toEqual([0, []]);
  const emitted = new Emitted().add(first);
  await expectTruth(emitted);

  sandbox.faults.set(faults('search'));
  for (const rule of faults('associations')) sandbox.faults.add(rule);
  for (const rule of faults('list')) sandbox.faults.add(rule);
  for (const [stream] of STREAMS) portal.edit(stream, live(stream).slice(0, 60), {});
  portal.archive('deals', live('deals')[0] as string);
  const second = await read(lastStates(first));
  expect([second.code, errors(second)]).toEqual([0, []]);
  await expectTruth(emitted.add(second), true);
  const struck = sandbox.faults.list().filter((rule) => rule.rule.kind === 'search' && rule.struck > 0);
  expect(struck).toHaveLength(PASSING.length);
});

test.each<[string, FaultRule['fault'], string, string]>([
  ['a call that is refused', { type: 'error', status: 400, message: 'No.' }, 'system_error', '(400): No.'],
  [
    'a scope that is taken away',
    { type: 'error', status: 403, category: 'MISSING_SCOPES' },
    'config_error',
    'may not read contacts',
  ],
  ['an answer of 300 MB', { type: 'oversized', bytes: 300 * 1024 * 1024 }, 'system_error', 'larger than 128 MiB'],
  [
    'a token that is not accepted any more',
    { type: 'unauthorized', category: 'INVALID_AUTHENTICATION' },
    'config_error',
    'refused the access token',
  ],
  ['a pause of an hour', { type: 'migration', retryAfterSeconds: 3600 }, 'transient_error', 'in 60 minutes'],
])('%s ends its stream after the last good state; the others finish', async (_, fault, kind, message) => {
  await start();
  sandbox.faults.add({ kind: 'list', objectType: 'contacts', contains: 'after=', nth: 3, fault });
  const first = await read();
  expect(first.code).toBe(1);
  expect(endings(first)).toEqual({
    contacts: 'INCOMPLETE',
    companies: 'COMPLETE',
    deals: 'COMPLETE',
    tickets: 'COMPLETE',
  });
  expect(errors(first)).toEqual([
    expect.objectContaining({
      failure_type: kind,
      message: expect.stringContaining(message),
      stream_descriptor: { name: 'contacts' },
    }),
  ]);
  const states = ofType(first, 'STATE').filter(({ state }) => state.stream?.stream_descriptor.name === 'contacts');
  const counted = states.reduce((sum, { state }) => sum + (state.sourceStats?.recordCount ?? 0), 0);
  expect(counted).toBe(ofType(first, 'RECORD').filter(({ record }) => record.stream === 'contacts').length);
  expect(counted).toBeGreaterThan(0);
  // What the states cover is all that was emitted; the next run goes on behind it.
  sandbox.calls.reset();
  const second = await read(lastStates(first));
  expect(second.code).toBe(0);
  const pages = sandbox.calls
    .last()
    .filter((call) => call.objectType === 'contacts' && call.url.includes('archived=false'));
  expect(pages).toHaveLength(2);
  await expectTruth(new Emitted().add(first).add(second));
});

test('an answer that never ends does not fill the memory', async () => {
  await start();
  sandbox.faults.add({ kind: 'list', objectType: 'contacts', fault: { type: 'oversized', bytes: 2 ** 40 } });
  let most = 0;
  const outcome = await hubflake(['read', '--config', config, '--catalog', catalog], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
    during: (child) => {
      const timer = setInterval(() => {
        most = Math.max(most, residentBytes(child.pid as number));
      }, 50);
      child.on('close', () => clearInterval(timer));
    },
  });
  expect(endings(outcome).contacts).toBe('INCOMPLETE');
  expect(most).toBeGreaterThan(50 * 1024 * 1024);
  expect(most).toBeLessThan(600 * 1024 * 1024);
});

describe('OAuth', () => {
  const oauth = () => {
    const { clientId, clientSecret, refreshToken } = sandbox.oauth;
    const credentials = { credentials_title: 'OAuth Credentials', client_id: clientId, client_secret: clientSecret };
    config = folder.write('oauth.json', { credentials: { ...credentials, refresh_token: refreshToken } });
  };

  test('a token that lives shorter than the run is renewed before it expires', async () => {
    await start({ latencyMs: 300, expiresInSeconds: 2, limits: { oauthBurst: 5000, searchPerSecond: 1000 } });
    oauth();
    const outcome = await read();
    expect(outcome.code).toBe(0);
    await expectTruth(new Emitted().add(outcome));
    const { byStatus, byKind } = sandbox.calls.counts();
    expect(byStatus['401']).toBeUndefined();
    expect(byKind.token).toBeGreaterThan(1);
  });

  test('a token that expires in mid-run is renewed once', async () => {
    let lists = 0;
    await start({
      limits: { oauthBurst: 5000, searchPerSecond: 1000 },
      onCall: (call) => {
        if (call.kind === 'list' && ++lists === 6) sandbox.access.expireTokens();
      },
    });
    oauth();
    const outcome = await read();
    expect(outcome.code).toBe(0);
    await expectTruth(new Emitted().add(outcome));
    expect(sandbox.calls.counts().byKind.token).toBe(2);
  });

  test('a stream whose token is refused after a renewal fails alone', async () => {
    await start({ limits: { oauthBurst: 5000, searchPerSecond: 1000 } });
    oauth();
    const fault = { type: 'unauthorized', category: 'EXPIRED_AUTHENTICATION' } as const;
    sandbox.faults.add({ kind: 'list', objectType: 'deals', fault });
    const outcome = await read();
    expect(outcome.code).toBe(1);
    expect(endings(outcome)).toEqual({
      contacts: 'COMPLETE',
      companies: 'COMPLETE',
      deals: 'INCOMPLETE',
      tickets: 'COMPLETE',
    });
    expect(errors(outcome)).toMatchObject([{ failure_type: 'config_error', stream_descriptor: { name: 'deals' } }]);
    expect(sandbox.faults.list()[0]?.struck).toBe(2);
    expect(sandbox.calls.counts().byKind.token).toBeLessThanOrEqual(3);
  });
});

test('a property that is added or removed in mid-run: nothing fails, and the next run reads the new one', async () => {
  let lists = 0;
  await start({
    onCall: (call) => {
      if (call.kind !== 'list' || call.objectType !== 'contacts' || ++lists !== 3) return;
      sandbox.portal.addProperty('contacts', { name: 'shoe_size', type: 'number', label: 'Shoe size' });
      sandbox.portal.archiveProperty('contacts', 'jobtitle');
      const ids = sandbox.portal.truth('contacts').live.map((record) => record.id);
      sandbox.portal.edit('contacts', ids, { shoe_size: '42' }, { silent: true });
    },
  });
  const first = await read();
  expect(first.code).toBe(0);
  const second = await read(lastStates(first));
  expect(second.code).toBe(0);
  expect(logged(second)).toContain('contacts is read again from the start: shoe_size was added.');
  await expectTruth(new Emitted().add(first).add(second));
});

test('values that are no value of their type, or hard to carry, come through', async () => {
  await start();
  const { portal } = sandbox;
  const text = ['plain', '__proto__', 'constructor', 'hasOwnProperty'];
  for (const name of text.slice(1)) portal.addProperty('contacts', { name, type: 'string', label: name });
  const ids = portal.truth('contacts').live.map((record) => record.id);
  const strange = ['', 'nul \u0000 here', 'x'.repeat(65_536), '\u2028\u2029"\\</script>', '{"a":1}'];
  for (const [i, value] of strange.entries()) {
    const values = Object.fromEntries([['jobtitle', value], ...text.slice(1).map((name) => [name, value])]);
    portal.edit('contacts', ids[i] as string, values);
  }
  const half = ids[strange.length];
  portal.edit('contacts', half as string, { jobtitle: 'half \ud83d of a pair' });
  const numbers = ['9007199254740993', '1e400', '-0', '0.1234567890123456789', ''];
  const amounts = portal.truth('deals').live.map((record) => record.id);
  for (const [i, value] of numbers.entries()) portal.edit('deals', amounts[i] as string, { amount: value });
  const wrong = ['1234;5678', 'NaN', 'Infinity', '0x10', 'true'];
  for (const [i, value] of wrong.entries()) portal.edit('deals', amounts[10 + i] as string, { amount: value });
  portal.edit('deals', amounts[20] as string, { closedate: '99999-01-01T00:00:00Z' });

  const outcome = await read();
  expect([outcome.code, errors(outcome)]).toEqual([0, []]);
  const records = ofType(outcome, 'RECORD').map(({ record }) => record);
  const of = (stream: string, id: string | undefined) =>
    records.find((each) => each.stream === stream && each.data.id === id);
  for (const [i, value] of strange.entries()) {
    const properties = of('contacts', ids[i])?.data.properties as Record<string, unknown>;
    for (const name of ['jobtitle', '__proto__', 'constructor', 'hasOwnProperty']) {
      expect([
        name,
        Object.hasOwn(properties, name),
        Object.entries(properties).find(([key]) => key === name)?.[1],
      ]).toEqual([name, true, value]);
    }
  }
  // Airbyte's readers drop a record that has half of a pair in it.
  expect(of('contacts', half)).toMatchObject({
    data: { properties_jobtitle: 'half \ufffd of a pair' },
    meta: {
      changes: expect.arrayContaining([expect.objectContaining({ field: 'properties_jobtitle', change: 'TRUNCATED' })]),
    },
  });
  for (const [i, value] of numbers.entries()) {
    const line = outcome.lines.find(
      (each) => each.includes('"stream":"deals"') && each.includes(`"id":"${amounts[i]}"`),
    );
    expect(line).toContain(`"amount":${value === '' ? 'null' : value},`);
    expect(of('deals', amounts[i])?.meta).toBeUndefined();
  }
  for (const [i, value] of wrong.entries()) {
    const record = of('deals', amounts[10 + i]);
    expect(record?.data).toMatchObject({ properties_amount: null, properties: { amount: null } });
    expect(record?.meta?.changes).toEqual(
      ['properties.amount', 'properties_amount'].map((field) => ({
        field,
        reason: 'SOURCE_SERIALIZATION_ERROR',
        change: 'NULLED',
        value,
      })),
    );
  }
  expect(of('deals', amounts[20])?.meta?.changes).toHaveLength(2);
});
