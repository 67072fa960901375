import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { readInProcess, type SyncResult } from '../support/processes/in-process.js';

/** Streams with filters of the user's: what only they need. */
const CONTACTS = { object_type: 'contacts', properties: ['firstname', 'email'], associations: ['companies'] };
const MINUTE = 60_000;

let sandbox: Sandbox;
let ahead = 0;
let onCall: (url: string) => void = () => {};

async function start(options: SandboxOptions = {}): Promise<void> {
  ahead = 0;
  onCall = () => {};
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 250, companies: 20 },
    limits: 'off',
    clock: () => Date.now() + ahead,
    onCall: (call) => onCall(call.url),
    ...options,
  });
}

afterEach(() => sandbox.close());

function read(
  state: JsonObject | null,
  { entry, config = {}, ...more }: { entry: object; config?: JsonObject; killAfter?: number },
): Promise<SyncResult> {
  const objects = [{ ...CONTACTS, ...entry }];
  return readInProcess(sandbox, 'contacts', state, { config: { ...config, objects } as JsonObject, ...more });
}

const liveIds = () => sandbox.portal.truth('contacts').live.map((record) => record.id);
const idsOf = ({ records }: SyncResult) => records.map((data) => String(data.id));
const kinds = () => sandbox.calls.counts().byKind;

/** The state behind which a sync was killed that had sent a record. */
function firstState({ events }: SyncResult): JsonObject | null {
  const first = events.find((event) => event.type === 'state');
  return first?.type === 'state' ? first.state : null;
}

test('what was merged into a record that the filters do not want is told, and that that record does not match', async () => {
  await start();
  const [wanted, unwanted, other] = liveIds() as [string, string, string];
  sandbox.portal.edit('contacts', [wanted, other], { firstname: 'Wanted' });
  const entry = { filter_groups: [{ filters: [{ propertyName: 'firstname', operator: 'EQ', value: 'Wanted' }] }] };
  const first = await read(null, { entry });
  expect(idsOf(first).sort()).toEqual([wanted, other].sort());
  ahead += 300 * MINUTE;
  const merged = sandbox.portal.merge('contacts', unwanted, wanted);
  ahead += 300 * MINUTE;
  sandbox.calls.reset();
  const whole = await read(first.state, { entry });
  expect(whole.records.map((data) => [data.id, data.archived, data.merged_into, data.matches_filters])).toEqual([
    [unwanted, true, merged, undefined],
    [wanted, true, merged, undefined],
    [merged, false, null, false],
  ]);
  // What matches, and what does not.
  expect(kinds().search).toBe(2);
  // Killed behind the tombstone, of which no state tells yet: it comes again.
  const resumed = await read(firstState(whole), { entry });
  const gone = resumed.records.filter((data) => data.archived === true);
  expect(gone.map((data) => [data.id, data.merged_into])).toEqual([
    [unwanted, merged],
    [wanted, merged],
  ]);
  expect((await read(whole.state, { entry })).records).toEqual([]);
});

describe('records that leave the filters', () => {
  const entry = { filter_groups: [{ filters: [{ propertyName: 'firstname', operator: 'EQ', value: 'Wanted' }] }] };
  const told = ({ records }: SyncResult) => records.map((data) => [data.id, data.matches_filters]);

  test('are told once, with two searches for 200 changed records, and told to be back', async () => {
    await start();
    const { portal } = sandbox;
    const [leaver, stayer] = liveIds() as [string, string];
    portal.edit('contacts', [leaver, stayer], { firstname: 'Wanted' });
    let sync = await read(null, { entry });
    expect(told(sync).sort()).toEqual([
      [leaver, true],
      [stayer, true],
    ]);
    ahead += 60 * MINUTE;
    portal.edit('contacts', leaver, { firstname: 'Changed' });
    sandbox.calls.reset();
    sync = await read(sync.state, { entry });
    expect(told(sync)).toEqual([[leaver, false]]);
    expect(sync.records[0]).toMatchObject({ archived: false, archivedAt: null, properties: { firstname: 'Changed' } });
    expect(kinds().search).toBe(2);
    expect(told(await read(sync.state, { entry }))).toEqual([]);
    portal.edit('contacts', leaver, { firstname: 'Wanted' });
    sync = await read(sync.state, { entry });
    expect(told(sync)).toEqual([[leaver, true]]);
    expect(told(await read(sync.state, { entry }))).toEqual([]);
  });

  test('are told again where a run was killed behind them and they came back before the next', async () => {
    await start();
    const { portal } = sandbox;
    const leaver = liveIds()[0] as string;
    portal.edit('contacts', leaver, { firstname: 'Wanted' });
    const first = await read(null, { entry });
    ahead += 60 * MINUTE;
    portal.edit('contacts', leaver, { firstname: 'Changed' });
    const left = await read(first.state, { entry });
    expect(told(left)).toEqual([[leaver, false]]);
    portal.edit('contacts', leaver, { firstname: 'Wanted' });
    expect(told(await read(firstState(left), { entry }))).toEqual([[leaver, true]]);
  });

  test('are deletions to destinations that delete by _ab_cdc_deleted_at', async () => {
    await start();
    const { portal } = sandbox;
    const leaver = liveIds()[0] as string;
    portal.edit('contacts', leaver, { firstname: 'Wanted' });
    const config = { deletes: 'cdc' };
    const first = await read(null, { entry, config });
    ahead += 60 * MINUTE;
    portal.edit('contacts', leaver, { firstname: 'Changed' });
    const { records } = await read(first.state, { entry, config });
    expect(records).toMatchObject([{ id: leaver, matches_filters: false, _ab_cdc_deleted_at: expect.any(String) }]);
  });

  test('are found among many, also where a long pass is gone on with', async () => {
    await start({ counts: { '*': 0, contacts: 900, companies: 20 } });
    const { portal } = sandbox;
    const ids = liveIds();
    portal.edit('contacts', [...ids], { firstname: 'Wanted' });
    const first = await read(null, { entry });
    expect(first.records.filter((data) => data.matches_filters)).toHaveLength(ids.length);
    ahead += 60 * MINUTE;
    const leavers = ids.filter((_, index) => index % 3 === 0);
    portal.edit('contacts', [...ids], { lastname: 'Edited' });
    portal.edit('contacts', leavers, { firstname: 'Changed' });
    ahead += 2 * MINUTE;
    const whole = await read(first.state, { entry });
    const left = (sync: SyncResult) => told(sync).flatMap(([id, matches]) => (matches === false ? [id] : []));
    expect(left(whole).sort()).toEqual([...leavers].sort());
    for (const killAfter of [150, 450, 700, 850]) {
      const killed = await read(first.state, { entry, killAfter });
      const rest = await read(killed.state, { entry });
      expect(new Set([...left(killed), ...left(rest)])).toEqual(new Set(leavers));
    }
  });
});

test('a restored record that the index does not show yet is asked for until it does, and then no more', async () => {
  const late = new Set<number>();
  await start({ indexLagMs: (_type, id) => (late.has(id) ? 5 * MINUTE : 0) });
  const { portal } = sandbox;
  const [wanted, unwanted, edited] = liveIds() as [string, string, string];
  portal.edit('contacts', [wanted, edited], { firstname: 'Wanted' });
  portal.edit('contacts', unwanted, { firstname: 'Not wanted' });
  const entry = { filter_groups: [{ filters: [{ propertyName: 'firstname', operator: 'EQ', value: 'Wanted' }] }] };
  let sync = await read(null, { entry });
  expect(idsOf(sync).sort()).toEqual([wanted, edited].sort());
  // One that the index shows late, and in an older version at first, which the filters want no more than the newer one.
  late.add(Number(wanted)).add(Number(unwanted)).add(Number(edited));
  ahead += 20 * MINUTE;
  portal.edit('contacts', edited, { firstname: 'Changed' });
  portal.archive('contacts', [wanted, unwanted, edited]);
  sync = await read(sync.state, { entry });
  ahead += 120 * MINUTE;
  portal.restore('contacts', [wanted, unwanted, edited]);
  for (const minutes of [1, 2]) {
    ahead += minutes * MINUTE;
    sync = await read(sync.state, { entry });
    expect(idsOf(sync)).toEqual([]);
  }
  ahead += 5 * MINUTE;
  sync = await read(sync.state, { entry });
  // The others may have rows that say they are archived.
  expect(sync.records.map((data) => [data.id, data.archived, data.matches_filters]).sort()).toEqual(
    [
      [wanted, false, true],
      [unwanted, false, false],
      [edited, false, false],
    ].sort(),
  );
  sandbox.calls.reset();
  sync = await read(sync.state, { entry });
  expect([idsOf(sync), kinds().batchRead, kinds().search]).toEqual([[], undefined, 2]);
});

test('what changes while a first load with filters runs is right at its end', async () => {
  await start({ counts: { '*': 0, contacts: 900, companies: 20 } });
  const { portal } = sandbox;
  const [first, second] = liveIds() as [string, string];
  const entry = { filter_groups: [{ filters: [{ propertyName: 'hs_object_id', operator: 'GT', value: '0' }] }] };
  let searches = 0;
  onCall = (url) => {
    if (!url.includes('/search') || ++searches !== 3) return;
    portal.edit('contacts', first, { firstname: 'Changed meanwhile' });
    portal.archive('contacts', second);
  };
  const { records } = await read(null, { entry });
  const last = new Map(records.map((data) => [data.id, data]));
  expect(last.get(first)?.properties).toMatchObject({ firstname: 'Changed meanwhile' });
  expect(last.get(second)).toMatchObject({ archived: true });
  expect(last.size).toBe(liveIds().length + 1);
  expect(records).toHaveLength(last.size + 2);
});
