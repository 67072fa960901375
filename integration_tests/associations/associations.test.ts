import {
  AssociationPortal,
  errorsOf,
  OPTIONS,
  PAGE,
  rowsOf,
  STREAMS,
  sorted,
  statesOf,
  statusesOf,
  upToState,
} from '../support/associations.js';
import { lastStates, ofType } from '../support/processes/command.js';
import { type ExpectedLink, liveLinks } from '../support/schedules/truth.js';

let hub: AssociationPortal;

beforeEach(async () => {
  hub = new AssociationPortal();
  await hub.start();
});

afterEach(() => hub.close());

const isOurs = (name: string) => STREAMS.some(([stream]) => stream === name);
const lists = (objectType: string) =>
  hub.sandbox.calls.last().filter((call) => call.kind === 'list' && call.objectType === objectType);

describe('a read', () => {
  test.each(['airbyte', 'columns'])('gives a row for every pair and type, in the layout %s', async (layout) => {
    const config = hub.config({ ...OPTIONS, layout });
    const outcome = await hub.read(config, await hub.catalog(config, isOurs));
    expect(outcome.code).toBe(0);
    for (const [stream, from, to] of STREAMS) {
      expect([stream, ...sorted(rowsOf(stream, outcome))]).toEqual([
        stream,
        ...sorted(liveLinks(hub.sandbox, from, to)),
      ]);
      expect(statusesOf(stream, outcome)).toEqual(['STARTED', 'RUNNING', 'COMPLETE']);
      const states = statesOf(stream, outcome);
      const counted = states.reduce((sum, { sourceStats }) => sum + (sourceStats?.recordCount ?? 0), 0);
      expect(counted).toBe(rowsOf(stream, outcome).length);
      expect(new Set(states.map((state) => JSON.stringify(state.stream?.stream_state))).size).toBe(states.length);
    }
    expect(Object.keys(rowsOf('colleagues', outcome)[0] ?? {})).toEqual([
      'from_id',
      'to_id',
      'association_type_id',
      'category',
      'label',
    ]);
  });

  test('is held against a portal that has all there is to get wrong', () => {
    const links = liveLinks(hub.sandbox, 'companies', 'contacts');
    const byPair = new Map<string, ExpectedLink[]>();
    for (const link of links) {
      const pair = `${link.from_id} ${link.to_id}`;
      byPair.set(pair, [...(byPair.get(pair) ?? []), link]);
    }
    const severalTypes = [...byPair.values()].filter((pair) => pair.length > 2);
    expect(severalTypes.length).toBeGreaterThan(0);
    expect(new Set(links.map((link) => link.category))).toEqual(new Set(['HUBSPOT_DEFINED', 'USER_DEFINED']));
    expect(new Set(links.map((link) => link.label)).size).toBeGreaterThan(2);
    const parents = new Set(links.map((link) => link.from_id));
    expect(parents.size).toBeLessThan(hub.sandbox.portal.truth('companies').live.length);
    const longest = Math.max(
      ...[...parents].map((id) => [...byPair.keys()].filter((k) => k.startsWith(`${id} `)).length),
    );
    expect(longest).toBeGreaterThan(2 * PAGE);
    expect(liveLinks(hub.sandbox, 'taxes', 'contacts')).toEqual([]);
    expect(hub.sandbox.portal.truth('contacts').live.length).toBeGreaterThan(2000);
  });

  test('leaves nothing out for a start date: associations change on records that do not', async () => {
    const config = hub.config({ ...OPTIONS, start_date: '2099-01-01T00:00:00Z' });
    const outcome = await hub.read(config, await hub.catalog(config, (name) => name === 'colleagues'));
    expect(sorted(rowsOf('colleagues', outcome))).toEqual(sorted(liveLinks(hub.sandbox, 'contacts', 'contacts')));
  });

  test("goes by no state of source-hubspot's", async () => {
    const config = hub.config(OPTIONS);
    const catalog = await hub.catalog(config, (name) => name === 'colleagues');
    const stream_state = { parent_state: { contacts: { updatedAt: '2024-01-01T00:00:00Z' } }, use_global_cursor: true };
    const states = [{ type: 'STREAM', stream: { stream_descriptor: { name: 'colleagues' }, stream_state } }];
    const outcome = await hub.read(config, catalog, states);
    expect(sorted(rowsOf('colleagues', outcome))).toEqual(sorted(liveLinks(hub.sandbox, 'contacts', 'contacts')));
  });

  test('makes the fewest calls: streams from one object share its list', async () => {
    hub.sandbox.switches.set({ associationPage: 500 });
    const config = hub.config(OPTIONS);
    const ours = ['associations_contacts_companies', 'colleagues'];
    const catalog = await hub.catalog(config, (name) => ours.includes(name));
    hub.sandbox.calls.reset();
    await hub.read(config, catalog);
    const contacts = hub.sandbox.portal.truth('contacts').live.length;
    expect(hub.sandbox.calls.counts().byKind).toEqual({
      account: 1,
      list: Math.ceil(contacts / 100),
      associations: 2 * Math.ceil(contacts / 1000),
    });
  });

  test('as an increment, which it cannot be, is a full refresh each time', async () => {
    const config = hub.config(OPTIONS);
    const modes = { sync_mode: 'incremental', destination_sync_mode: 'append_dedup' };
    const catalog = await hub.catalog(config, (name) => name === 'colleagues', modes);
    const first = await hub.read(config, catalog);
    const second = await hub.read(config, catalog, lastStates(first));
    const truth = sorted(liveLinks(hub.sandbox, 'contacts', 'contacts'));
    expect(sorted(rowsOf('colleagues', first))).toEqual(truth);
    expect(sorted(rowsOf('colleagues', second))).toEqual(truth);
    const logged = ofType(second, 'LOG').map(({ log }) => log.message);
    expect(logged).toContain('colleagues has no cursor, so it is read as a full refresh.');
  });
});

describe('a read that was interrupted', () => {
  const STREAM = 'associations_contacts_companies';
  const truth = () => sorted(liveLinks(hub.sandbox, 'contacts', 'companies'));
  let config: string;
  let catalog: string;

  beforeEach(async () => {
    config = hub.config(OPTIONS);
    catalog = await hub.catalog(config, (name) => name === STREAM);
  });

  test('goes on where it was: no record is asked for twice, none is left out', async () => {
    const whole = await hub.read(config, catalog);
    const pages = Math.ceil(hub.sandbox.portal.truth('contacts').live.length / 100);
    // A state after each 1,000 records, of which the last is the closing one.
    expect(statesOf(STREAM, whole)).toHaveLength(3);
    for (const count of [1, 2]) {
      const before = upToState(STREAM, whole, count);
      hub.sandbox.calls.reset();
      const rest = await hub.read(config, catalog, lastStates(before));
      expect(sorted(rowsOf(STREAM, before, rest))).toEqual(truth());
      expect(lists('contacts')).toHaveLength(pages - 10 * count);
    }
  });

  test('by a kill loses nothing', async () => {
    hub.sandbox.switches.set({ latencyMs: 20 });
    const args = ['read', '--config', config, '--catalog', catalog];
    const killed = await hub.run(args, {
      during: (child) => {
        child.stdout?.on('data', (chunk: Buffer) => {
          if (chunk.includes('"type":"STATE"')) child.kill('SIGKILL');
        });
      },
    });
    expect(killed.signal).toBe('SIGKILL');
    const arrived = { ...killed, lines: killed.stdout.slice(0, killed.stdout.lastIndexOf('\n')).split('\n') };
    const states = statesOf(STREAM, arrived).length;
    expect(states).toBeGreaterThan(0);
    expect(states).toBeLessThan(3);
    const before = upToState(STREAM, arrived, states);
    const rest = await hub.read(config, catalog, lastStates(before));
    expect(rest.code).toBe(0);
    expect(sorted(rowsOf(STREAM, before, rest))).toEqual(truth());
  });

  test('and whose attempt before had finished, repeats nothing', async () => {
    const first = await hub.read(config, catalog);
    expect(lastStates(first)[0]).toMatchObject({ stream: { stream_state: { __ab_full_refresh_sync_complete: true } } });
    const again = await hub.read(config, catalog, lastStates(first));
    expect(rowsOf(STREAM, again)).toEqual([]);
    expect(statesOf(STREAM, again)).toHaveLength(1);
  });

  test('by a failure ends INCOMPLETE with its state out, and the other streams go on', async () => {
    const both = await hub.catalog(config, (name) => [STREAM, 'associations_taxes_contacts'].includes(name));
    hub.sandbox.faults.add({
      kind: 'associations',
      contains: '/0-2/batch',
      nth: 2,
      // A 400 would have the batch halved.
      fault: { type: 'error', status: 409 },
    });
    const broken = await hub.read(config, both);
    expect(broken.code).toBe(1);
    expect(statusesOf(STREAM, broken)).toEqual(['STARTED', 'RUNNING', 'INCOMPLETE']);
    expect(statusesOf('associations_taxes_contacts', broken).at(-1)).toBe('COMPLETE');
    expect(statesOf(STREAM, broken)).toHaveLength(1);
    const before = upToState(STREAM, broken, 1);
    const rest = await hub.read(config, catalog, lastStates(before));
    expect(sorted(rowsOf(STREAM, before, rest))).toEqual(truth());
  });

  test('at a position that HubSpot no longer accepts starts anew', async () => {
    await hub.start({ listCursor: 'opaque' });
    config = hub.config(OPTIONS);
    const whole = await hub.read(config, catalog);
    hub.sandbox.switches.expireCursors();
    const rest = await hub.read(config, catalog, lastStates(upToState(STREAM, whole, 1)));
    expect(rest.code).toBe(0);
    expect(sorted(rowsOf(STREAM, rest))).toEqual(truth());
    expect(
      ofType(rest, 'LOG')
        .map(({ log }) => log.message)
        .join(),
    ).toContain('it starts anew');
  });

  test('and is now of other objects, starts anew', async () => {
    const whole = await hub.read(config, catalog);
    const other = hub.config({
      association_streams: [{ from_object: 'deals', to_object: 'contacts', stream_name: STREAM }],
    });
    const rest = await hub.read(other, catalog, lastStates(upToState(STREAM, whole, 1)));
    expect(sorted(rowsOf(STREAM, rest))).toEqual(sorted(liveLinks(hub.sandbox, 'deals', 'contacts')));
  });

  test('in another portal is refused', async () => {
    const whole = await hub.read(config, catalog);
    await hub.start({ portalId: 7 });
    config = hub.config(OPTIONS);
    const rest = await hub.read(config, catalog, lastStates(upToState(STREAM, whole, 1)));
    const [error] = errorsOf(rest);
    expect(error?.message).toContain('but the token is of the portal 7');
  });
});
