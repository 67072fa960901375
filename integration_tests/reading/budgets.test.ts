import type { CallRecord } from '../../src/sandbox/http/call.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { hubflake, lastStates, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { Emitted } from '../support/processes/emitted.js';
import { judgeMessages } from '../support/schedules/judge.js';

const STREAMS = ['contacts', 'companies', 'deals', 'tickets'];
/** What HubSpot charges to the burst limit. */
const BURST = ['list', 'batchRead', 'properties', 'schemas', 'account', 'owners', 'pipelines'];

let sandbox: Sandbox;
let folder: TestFolder;
let catalog: string;
let config: string;

async function start(options: SandboxOptions, more: object = {}): Promise<void> {
  sandbox = await startSandbox({ counts: { contacts: 900, companies: 320, deals: 420, tickets: 350 }, ...options });
  config = folder.write('config.json', { credentials: { access_token: sandbox.token }, ...more });
}

beforeEach(() => {
  folder = new TestFolder();
  catalog = folder.write('catalog.json', {
    streams: STREAMS.map((name) => ({
      stream: { name, json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] },
      sync_mode: 'incremental',
      destination_sync_mode: 'append_dedup',
    })),
  });
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

async function read(states?: object[]): Promise<Outcome> {
  const state = states ? ['--state', folder.write('state.json', states)] : [];
  const outcome = await hubflake(['read', '--config', config, '--catalog', catalog, ...state], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
  });
  await judgeMessages(outcome.lines);
  return outcome;
}

/** The most of these calls that the sandbox counted in any window of this length. */
function mostIn(windowMs: number, chosen: (call: CallRecord) => boolean): number {
  const times = sandbox.calls.last().flatMap((call) => (chosen(call) ? [Date.parse(call.at)] : []));
  return Math.max(0, ...times.map((at) => times.filter((other) => other >= at && other < at + windowMs).length));
}

const isBurst = (call: CallRecord) => BURST.includes(call.kind);
const errors = (outcome: Outcome) => ofType(outcome, 'TRACE').flatMap(({ trace }) => trace.error ?? []);
const ids = (type: string) => sandbox.portal.truth(type).live.map((record) => record.id);

function expectAll(emitted: Emitted): void {
  for (const stream of STREAMS) {
    expect([stream, [...emitted.live(stream, new Map()).keys()].sort()]).toEqual([stream, ids(stream).sort()]);
  }
}

test('a first load keeps to its share of the burst limit in every window, and is refused nothing', async () => {
  await start({ limits: { burst: 20, burstMs: 2000, searchPerSecond: 5 } }, { burst_share: 0.5 });
  const outcome = await read();
  expect([outcome.code, errors(outcome)]).toEqual([0, []]);
  expect(mostIn(2000, isBurst)).toBe(10);
  expect(mostIn(1000, (call) => call.kind === 'search')).toBeLessThanOrEqual(5);
  expect(sandbox.calls.counts().byStatus['429']).toBeUndefined();
  expectAll(new Emitted().add(outcome));
});

test('increments keep to five searches a second however long each takes, and associations are charged to nothing', async () => {
  await start({ limits: { burst: 5000, searchPerSecond: 5 } });
  const first = await read();
  // Answers that take different times are what makes searches arrive together.
  sandbox.switches.set({ latencyMs: { minMs: 0, maxMs: 900, seed: 4 } });
  for (const stream of STREAMS) sandbox.portal.edit(stream, ids(stream), {});
  sandbox.calls.reset();
  const second = await read(lastStates(first));
  expect([second.code, errors(second)]).toEqual([0, []]);
  expect(sandbox.calls.counts().byKind.search).toBeGreaterThan(8);
  expect(sandbox.calls.counts().byKind.associations).toBeGreaterThan(5);
  expect(mostIn(1000, (call) => call.kind === 'search')).toBeLessThanOrEqual(5);
  // How long calls travel is a guess at first, and a machine that stalls may prove it wrong, once.
  expect(sandbox.calls.counts().byStatus['429'] ?? 0).toBeLessThanOrEqual(1);
  expectAll(new Emitted().add(first).add(second));
});

test('where calls wait for the burst limit anyway, no list is asked how long it is: more chains would wait, too', async () => {
  // So few that also a busy machine comes to wait for them.
  const limits = { burst: 10, burstMs: 2000 };
  await start({ counts: { '*': 0, contacts: 4_500 }, limits }, { burst_share: 1 });
  const outcome = await read();
  expect(errors(outcome)).toEqual([]);
  expectAll(new Emitted().add(outcome));
  // The one behind the load.
  expect(sandbox.calls.counts().byKind.search).toBe(1);
  expect(sandbox.calls.counts().byStatus).toEqual({ 200: sandbox.calls.counts().total });
});

test('a portal that others use, too: a 429 holds all streams back, and none is lost or starved', async () => {
  let lists = 0;
  await start({
    limits: { burst: 60, burstMs: 3000, searchPerSecond: 5, retryAfter: true },
    onCall: (call) => {
      if (call.kind !== 'list' || ++lists % 7 !== 0) return;
      // Another app of the portal takes what is left.
      const { settings } = sandbox.limits;
      const principal = { token: sandbox.token, kind: 'private' as const };
      try {
        for (let i = 0; i < settings.burst; i += 1) sandbox.limits.admit('list', principal);
      } catch {
        // Used up.
      }
    },
  });
  const outcome = await read();
  expect([outcome.code, errors(outcome)]).toEqual([0, []]);
  const calls = sandbox.calls.last();
  const refused = calls.filter((call) => call.status === 429);
  expect(refused.length).toBeGreaterThan(0);
  // Refused calls come in bursts of what was on its way; then nobody asks for a while.
  for (const { at } of refused) {
    const from = Date.parse(at) + 700;
    const meanwhile = calls.filter(
      (call) => isBurst(call) && Date.parse(call.at) > from && Date.parse(call.at) < Date.parse(at) + 1000,
    );
    expect(meanwhile).toEqual([]);
  }
  expectAll(new Emitted().add(outcome));
});

describe('the calls of the day', () => {
  const statuses = (outcome: Outcome) =>
    ofType(outcome, 'TRACE').flatMap(({ trace }) => (trace.stream_status ? [trace.stream_status] : []));

  /** Each stream that did not end says when it can go on; the next run, on another day, brings the rest. */
  async function expectStopped(outcome: Outcome): Promise<void> {
    expect(outcome.code).toBe(1);
    const { resetsAt } = sandbox.limits.usage();
    const ended = statuses(outcome).filter(({ status }) => status === 'INCOMPLETE');
    expect(ended.length).toBeGreaterThan(0);
    for (const { reasons } of ended) {
      expect(reasons).toEqual([{ type: 'RATE_LIMITED', rate_limited: { quota_reset: resetsAt } }]);
    }
    expect(errors(outcome)).toHaveLength(ended.length);
    for (const error of errors(outcome)) {
      expect(error).toMatchObject({
        failure_type: 'transient_error',
        message: expect.stringContaining(`from ${new Date(resetsAt).toISOString().slice(0, 16)}Z on.`),
      });
    }
    sandbox.limits.settings.daily = 5000;
    sandbox.portal.clock.advance(24 * 3_600_000);
    const next = await read(lastStates(outcome));
    expect(next.code).toBe(0);
    expectAll(new Emitted().add(outcome).add(next));
  }

  test('used up: the state is saved, and no further call is made', async () => {
    await start({ limits: { burst: 5000, searchPerSecond: 1000, daily: 20 } });
    const outcome = await read();
    expect(sandbox.limits.usage().used).toBe(20);
    expect(sandbox.calls.counts().byStatus['429']).toBeUndefined();
    await expectStopped(outcome);
  });

  test('a reserve is left to others', async () => {
    await start({ limits: { burst: 5000, searchPerSecond: 1000, daily: 60 } }, { daily_reserve: 42 });
    const outcome = await read();
    const { used } = sandbox.limits.usage();
    expect(used).toBeLessThanOrEqual(18);
    expect(used).toBeGreaterThan(12);
    await expectStopped(outcome);
  });

  test('a reserve is kept by searches, which HubSpot answers without the number', async () => {
    await start({ limits: { burst: 5000, searchPerSecond: 1000 } });
    const first = await read();
    for (const stream of STREAMS) sandbox.portal.edit(stream, ids(stream), {});
    sandbox.limits.settings.daily = sandbox.limits.usage().used + 30;
    config = folder.write('config.json', { credentials: { access_token: sandbox.token }, daily_reserve: 16 });
    const second = await read(lastStates(first));
    expect(second.code).toBe(1);
    const { used, limit } = sandbox.limits.usage();
    expect(limit - used).toBeGreaterThanOrEqual(16);
    expect(errors(second)[0]?.message).toContain('daily_reserve');
  });

  test('used up from the start, by others: each stream says so', async () => {
    await start({ limits: { daily: 0 } });
    const outcome = await read();
    expect(outcome.code).toBe(1);
    // Without the portal's time zone, what is sure is that a day from now is late enough.
    for (const { status, reasons } of statuses(outcome).filter((each) => each.status !== 'STARTED')) {
      expect([status, reasons]).toEqual([
        'INCOMPLETE',
        [{ type: 'RATE_LIMITED', rate_limited: { quota_reset: expect.any(Number) } }],
      ]);
    }
    expect(errors(outcome)).toHaveLength(STREAMS.length);
    expect(sandbox.calls.counts().total).toBe(1);
  });
});
