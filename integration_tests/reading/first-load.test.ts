import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { readInProcess, type SyncResult } from '../support/processes/in-process.js';

/** A first load whose start date leaves out most records: it is made by search (docs/decisions/0010-first-load-by-search.md). */
const MINUTE = 60_000;
const CREATED = 1_400;
const WANTED = 500;

let sandbox: Sandbox;
let ahead = 0;
let from: string;
let onCall: (url: string) => void = () => {};

async function start(options: SandboxOptions = {}): Promise<void> {
  ahead = 0;
  onCall = () => {};
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: CREATED, companies: 20 },
    limits: 'off',
    clock: () => Date.now() + ahead,
    onCall: (call) => onCall(call.url),
    ...options,
  });
  const times = live().map((record) => Date.parse(record.updatedAt as string));
  from = new Date(times.sort((a, b) => a - b).at(-WANTED) as number).toISOString();
}

afterEach(() => sandbox.close());

const live = () => sandbox.portal.truth('contacts').live;
const isRecent = ({ updatedAt }: { updatedAt?: string }) => Date.parse(updatedAt as string) >= Date.parse(from);
const recent = () => live().filter((record) => isRecent(record));
const old = () => live().filter((record) => !isRecent(record));
const ids = (records: readonly { id: string }[]) => records.map((record) => record.id);
const pagesListed = () =>
  sandbox.calls.last().filter((call) => call.kind === 'list' && call.url.includes('archived=false')).length;
const searches = () => sandbox.calls.counts().byKind.search ?? 0;

function read(state: JsonObject | null, options: { killAfter?: number } = {}): Promise<SyncResult> {
  const objects = [
    { object_type: 'contacts', properties: ['firstname', 'email'], associations: ['companies'], updated_after: from },
  ];
  return readInProcess(sandbox, 'contacts', state, { ...options, config: { objects } as JsonObject });
}

/** By id, the last that came. */
const last = (...syncs: SyncResult[]) =>
  new Map(syncs.flatMap(({ records }) => records.map((data) => [String(data.id), data])));

test('what changes while it runs is right at its end', async () => {
  await start();
  const { portal } = sandbox;
  portal.archive('contacts', ids(recent()).slice(0, 2));
  const [restored] = ids(portal.truth('contacts').archived.slice(-1)) as [string];
  const [changed, archived, survivor, loser] = ids(recent()) as [string, string, string, string];
  const [grown] = ids(old()) as [string];
  let calls = 0;
  let merged = '';
  onCall = (url) => {
    // The first question, and two pages.
    if (!url.includes('/search') || ++calls !== 4) return;
    portal.edit('contacts', [changed, grown], { firstname: 'Changed meanwhile' });
    portal.archive('contacts', archived);
    merged = portal.merge('contacts', survivor, loser);
    portal.restore('contacts', restored);
    portal.create('contacts', { firstname: 'Created' });
  };
  const whole = await read(null);
  expect(pagesListed()).toBe(0);
  const held = last(whole);
  const alive = [...held].filter(([, data]) => data.archived === false);
  expect(alive.map(([id]) => id).sort()).toEqual(ids(recent()).sort());
  for (const { id, updatedAt } of recent()) expect([id, held.get(id)?.updatedAt]).toEqual([id, updatedAt]);
  expect(held.get(archived)).toMatchObject({ archived: true });
  for (const id of [survivor, loser]) expect(held.get(id)).toMatchObject({ archived: true, merged_into: merged });
  expect((await read(whole.state)).records).toEqual([]);
});

test('what the index shows late, up to the lookback, is not lost', async () => {
  await start({ indexLagMs: 5 * MINUTE });
  const [changed] = ids(old()) as [string];
  const [again] = ids(recent()) as [string];
  sandbox.portal.edit('contacts', [changed, again], { firstname: 'Late' });
  const created = sandbox.portal.create('contacts', { firstname: 'Created' });
  const first = await read(null);
  expect(last(first).has(changed)).toBe(false);
  ahead += 10 * MINUTE;
  const second = await read(first.state);
  const held = last(first, second);
  expect([...held.keys()].sort()).toEqual(ids(recent()).sort());
  for (const id of [changed, again]) expect(held.get(id)?.properties).toMatchObject({ firstname: 'Late' });
  expect(held.has(created)).toBe(true);
});

test.each(['omitted', 'shown'] as const)(
  'an archived record that the index still knows is not loaded: %s',
  async (deadHits) => {
    const slow = new Set<number>();
    await start({ deadHits, indexLagMs: (_type, id) => (slow.has(id) ? 5 * MINUTE : 0) });
    const [gone] = ids(recent()) as [string];
    slow.add(Number(gone));
    ahead += 60 * MINUTE;
    sandbox.portal.archive('contacts', gone);
    const first = await read(null);
    expect([...last(first).keys()].sort()).toEqual(ids(recent()).sort());
  },
);

test.each(['shows', 'does not show'])(
  'a record that was merged away and that the index still shows is told to be gone: it %s what became of the survivor',
  async (survivorIs) => {
    const slow = new Set<number>();
    const indexLagMs = (_type: string, id: number) => (slow.has(id) ? 5 * MINUTE : 0);
    await start({ deadHits: 'shown', mergeInto: 'survivor', indexLagMs });
    const [survivor, loser] = ids(recent()) as [string, string];
    slow.add(Number(loser));
    if (survivorIs === 'does not show') slow.add(Number(survivor));
    ahead += 60 * MINUTE;
    sandbox.portal.merge('contacts', survivor, loser);
    ahead += MINUTE;
    const first = await read(null);
    expect(first.records.find((data) => data.id === loser)).toMatchObject({ archived: false });
    ahead += 10 * MINUTE;
    const held = last(first, await read(first.state));
    expect(held.get(loser)).toMatchObject({ archived: true, merged_into: survivor });
  },
);

test('a record that was merged into one that is archived, and that the index still shows, is not loaded', async () => {
  await start({ deadHits: 'shown', indexLagMs: 5 * MINUTE });
  const [survivor, loser] = ids(recent()) as [string, string];
  ahead += 60 * MINUTE;
  sandbox.portal.archive('contacts', sandbox.portal.merge('contacts', survivor, loser));
  const first = await read(null);
  expect([...last(first).keys()].sort()).toEqual(ids(recent()).sort());
});

test.each([1, 150, 350, 499, 600])('killed behind message %d, it goes on where it was', async (killAfter) => {
  await start();
  const killed = await read(null, { killAfter });
  expect(killed.killed).toBe(killAfter < 500);
  sandbox.calls.reset();
  const rest = await read(killed.state);
  expect([...last(killed, rest).keys()].sort()).toEqual(ids(recent()).sort());
  // What is left, what changed meanwhile; a question more where nothing was read yet.
  expect(searches()).toBeLessThanOrEqual(Math.ceil(WANTED / 200) + 2);
  expect((await read(rest.state)).records.length).toBeLessThanOrEqual(killed.killed ? WANTED : 0);
});

test('a start date moved back loads it anew, as what it then leaves out suggests', async () => {
  await start();
  const first = await read(null);
  expect(ids(recent())).toHaveLength(first.records.length);
  ahead += 120 * MINUTE;
  from = '2010-01-01T00:00:00.000Z';
  sandbox.calls.reset();
  const second = await read(first.state);
  expect(ids(second.records.filter((data) => data.archived === false) as { id: string }[])).toEqual(ids(live()));
  expect(pagesListed()).toBe(Math.ceil(live().length / 100));
});
