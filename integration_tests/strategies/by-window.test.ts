import fc from 'fast-check';
import { burstCall } from '../../src/hubspot/client/calls.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { INSTANT, STRING } from '../../src/streams/layouts/property-schema.js';
import { byWindow } from '../../src/streams/strategies/by-window/by-window.js';
import type { WindowResource } from '../../src/streams/strategies/by-window/resource.js';
import type { EventOrder } from '../../src/streams/strategies/by-window/seen-order.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { Destination, type Played, startPlayed } from './play.js';

/**
 * Events that are read in windows of time, several at once, are all there in the end, also those that HubSpot shows late; and none comes
 * twice as long as no read is killed.
 */

const BY_TIME = '/made-up/events-by-time';
const BY_TYPE = '/made-up/events-of-types';
const BY_ID = '/made-up/events-by-id';
const OVERLAP = 90;
const TYPES = ['visit', 'call'];
const DAY = 24 * 60;

function declared(path: string, order: EventOrder, more: Partial<WindowResource> = {}) {
  return byWindow({
    name: 'events',
    group: 'marketing' as const,
    scopes: [['events.read']],
    key: 'id',
    cursor: 'occurredAt',
    schema: { id: STRING, name: STRING, occurredAt: INSTANT },
    endpoint: { kind: burstCall('events', 'made-up'), path, paging: 'after', limit: 2, what: 'events' },
    record: (item) => ({ id: String(item.id), name: String(item.name), occurredAt: String(item.updatedAt) }),
    window: (from, to) => ({ updatedAfter: from, updatedBefore: to }),
    order,
    sliceDays: 1,
    overlapMinutes: OVERLAP,
    keptDays: 90,
    ...more,
  });
}

const partitions = { parameter: 'type', values: async () => TYPES };
/** How HubSpot may answer, and what is said of it. */
const WAYS: Readonly<Record<string, { path: string; stream: ReturnType<typeof declared> }>> = {
  'newest first': { path: BY_TIME, stream: declared(BY_TIME, 'newest first') },
  'in an order that is not documented': { path: BY_TIME, stream: declared(BY_TIME, 'unknown') },
  'oldest first, but for late ones': { path: BY_ID, stream: declared(BY_ID, 'oldest first') },
  'as they arrive, which is not documented': { path: BY_ID, stream: declared(BY_ID, 'unknown') },
  'in another order than is documented': { path: BY_ID, stream: declared(BY_ID, 'newest first') },
  'a type at a time': { path: BY_TYPE, stream: declared(BY_TYPE, 'newest first', { partitions }) },
};

let played: Played;
const at = (path: string) => played.sandbox.portal.collectionAt(path);

beforeAll(async () => {
  const narrowed = { by: 'type', member: 'type', usual: '' };
  played = await startPlayed({
    collections: [
      { path: BY_TIME, scopes: [], isNewestFirst: true },
      { path: BY_TYPE, scopes: [], isNewestFirst: true, narrowed },
      { path: BY_ID, scopes: [] },
    ],
  });
});
afterAll(() => played.sandbox.close());
beforeEach(erase);

/** A busy hour has more events than a window should, and many of one moment. */
const history = fc.array(
  fc.record({ daysAgo: fc.nat(80), count: fc.constantFrom(1, 2, 30, 45), apartMs: fc.constantFrom(0, 1, 60_000) }),
  { maxLength: 3 },
);
const killAfter = fc.option(fc.nat(100));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('event'), minutesAgo: fc.nat(OVERLAP - 5) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('events'), minutesAgo: fc.nat(OVERLAP - 5) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('wait'), minutes: fc.constantFrom(5, 100, 4_000) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('sync'), killAfter }) },
);

function erase(): void {
  for (const path of [BY_TIME, BY_TYPE, BY_ID]) for (const item of at(path).list(false)) at(path).erase(item.id);
}

let lastId = 0;
function happen(path: string, minutesAgo: number, apartMs = 0, count = 1): void {
  const now = played.sandbox.portal.clock.now();
  for (let n = count; n > 0; n -= 1) {
    lastId += 1;
    const members = { name: `event ${lastId}`, type: TYPES[lastId % TYPES.length] };
    at(path).put(String(lastId), members, now - minutesAgo * 60_000 - n * apartMs);
  }
}

const idsOf = (records: Iterable<JsonObject>) => [...records].map(({ id }) => String(id)).sort();
const truth = (path: string) => [...at(path).truth().keys()].sort();

describe.each(Object.entries(WAYS))('answered %s', (_, { path, stream }) => {
  const asked = () => played.sandbox.calls.last().filter(({ url }) => url.startsWith(path));

  test('whenever events happen, and wherever a sync is killed', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.array(step, { maxLength: 20 }), async (before, steps) => {
        erase();
        const oldestFirst = [...before].sort((a, b) => b.daysAgo - a.daysAgo);
        for (const { daysAgo, count, apartMs } of oldestFirst) happen(path, daysAgo * DAY + 5, apartMs, count);
        const destination = new Destination(played.sandbox, 'events', [stream]);
        let isUndisturbed = true;
        const sync = async (kill: number | null) => {
          const there = new Set(destination.rows.keys());
          const ids = idsOf(await destination.sync(kill));
          if (isUndisturbed) expect([...there, ...ids]).toEqual([...new Set([...there, ...ids])]);
          isUndisturbed = kill === null;
        };
        for (const each of steps) {
          played.wait('minutes' in each ? each.minutes : 1);
          if ('killAfter' in each) await sync(each.killAfter);
          else if ('minutesAgo' in each) happen(path, each.minutesAgo, 0, each.is === 'events' ? 25 : 1);
        }
        played.wait(1);
        await sync(null);
        expect([...destination.rows.keys()].sort()).toEqual(truth(path));
        expect(await destination.sync(null)).toEqual([]);
      }),
      randomRuns(30),
    );
  });

  test('windows grow over what is empty, and an increment asks for the overlap alone', async () => {
    happen(path, 80 * DAY);
    happen(path, 10);
    played.wait(1);
    const destination = new Destination(played.sandbox, 'events', [stream]);
    played.sandbox.calls.reset();
    expect(await destination.sync(null)).toHaveLength(2);
    const sets = path === BY_TYPE ? TYPES.length : 1;
    expect(asked().length).toBeLessThan(10 * sets);
    played.wait(5);
    happen(path, 1);
    played.wait(1);
    played.sandbox.calls.reset();
    expect(await destination.sync(null)).toHaveLength(1);
    expect(asked()).toHaveLength(sets);
  });

  test('a full refresh has every event once, wherever it was killed before', async () => {
    for (let n = 1; n <= 5; n += 1) happen(path, n * DAY, 60_000, 9);
    played.wait(1);
    const destination = new Destination(played.sandbox, 'events', [stream]);
    await destination.sync(null);
    expect(idsOf(await destination.refresh(null))).toEqual(truth(path));
    destination.state = null;
    destination.rows.clear();
    await destination.refresh(30);
    await destination.refresh(null);
    expect([...destination.rows.keys()].sort()).toEqual(truth(path));
  });
});

describe('a portal with many events', () => {
  const newest = WAYS['newest first']?.stream as ReturnType<typeof declared>;
  const destination = (stream = newest) => new Destination(played.sandbox, 'events', [stream]);
  /** How many pages of each window were asked for. */
  const pagesOfWindows = () => {
    const pages = new Map<string, number>();
    for (const { url } of played.sandbox.calls.last()) {
      if (!url.startsWith(BY_TIME)) continue;
      const query = new URLSearchParams(url.split('?')[1]);
      const window = `${query.get('updatedAfter')} ${query.get('updatedBefore')}`;
      pages.set(window, (pages.get(window) ?? 0) + 1);
    }
    return [...pages.values()];
  };
  beforeEach(() => {
    // 150 pages of an hour, eighty days ago, and as many of it in the month before.
    happen(BY_TIME, 80 * DAY, 12_000, 150);
    played.wait(1);
    played.sandbox.calls.reset();
  });

  test('of a window with many pages no more than ten are asked for at one go', async () => {
    expect(await destination().sync(null)).toHaveLength(150);
    expect(Math.max(...pagesOfWindows())).toBe(10);
    // The last page of each is read again with its rest.
    expect(pagesOfWindows().reduce((sum, pages) => sum + pages, 0)).toBeLessThan(120);
  });

  test('several windows are read at once', async () => {
    erase();
    happen(BY_TIME, 60 * DAY, 3_600_000, 150);
    played.sandbox.calls.reset();
    expect(await destination().sync(null)).toHaveLength(150);
    const windows = played.sandbox.calls.last().flatMap(({ url }) => /updatedBefore=([^&]+)/.exec(url)?.[1] ?? []);
    // Calls of a window behind which another one was asked for in between.
    const returned = windows.filter(
      (each, index) => index > 0 && windows[index - 1] !== each && windows.indexOf(each) < index - 1,
    );
    expect(returned.length).toBeGreaterThan(5);
  });

  test('unless all of them are of one moment', async () => {
    erase();
    happen(BY_TIME, 60 * DAY, 0, 50);
    played.sandbox.calls.reset();
    expect(await destination().sync(null)).toHaveLength(50);
    expect(Math.max(...pagesOfWindows())).toBe(25);
  });

  test('nor are those of one moment lost, of which the tenth page has only some', async () => {
    erase();
    happen(BY_TIME, 60 * DAY, 0, 5);
    happen(BY_TIME, 60 * DAY - 1, 1000, 16);
    expect(await destination().sync(null)).toHaveLength(21);
  });

  test('a kill loses the windows that are being read, and no state has a position within one', async () => {
    const killed = destination();
    await killed.sync(null);
    const all = pagesOfWindows().reduce((sum, pages) => sum + pages, 0);
    killed.state = null;
    played.wait(1);
    await killed.sync(140);
    const own = killed.state as unknown as { hubflake: JsonObject };
    expect(Object.keys(own.hubflake).sort()).toEqual(
      ['done', 'emittedAt', 'portal', 'readAt', 'seen', 'until', 'version'].sort(),
    );
    played.wait(1);
    played.sandbox.calls.reset();
    await killed.sync(null);
    expect(pagesOfWindows().reduce((sum, pages) => sum + pages, 0)).toBeLessThan(all / 2);
    expect([...killed.rows.keys()].sort()).toEqual(truth(BY_TIME));
  });

  test('one window that fails fails the read, whatever becomes of the others', async () => {
    const fault = { type: 'error', status: 403, category: 'MISSING_SCOPES' } as const;
    for (const nth of [1, 20, 40, 60]) {
      played.wait(1);
      played.sandbox.faults.set([{ contains: BY_TIME, nth, fault }]);
      await expect(destination().sync(null)).rejects.toMatchObject({ code: 'HF-SCOPES' });
    }
    played.sandbox.faults.set([]);
  });

  test('what is remembered are the events of the overlap', async () => {
    happen(BY_TIME, 10, 1000, 5);
    played.wait(1);
    const loaded = destination();
    await loaded.sync(null);
    const remembered = () => Object.keys((loaded.state as unknown as { hubflake: { seen: JsonObject } }).hubflake.seen);
    expect(remembered()).toHaveLength(5);
    played.wait(2 * OVERLAP);
    happen(BY_TIME, 1);
    await loaded.sync(null);
    expect(remembered()).toHaveLength(1);
  });

  test('of many remembered events, of which a state has no times, none comes again', async () => {
    happen(BY_TIME, 10, 1000, 5);
    played.wait(1);
    const loaded = destination();
    await loaded.sync(null);
    const { hubflake } = loaded.state as unknown as { hubflake: { seen: JsonObject } };
    const many = Object.entries(hubflake.seen).map(([id, value]) => `${id} ${String(value).slice(0, 8)}`);
    loaded.state = { hubflake: { ...hubflake, seen: null, many: many.join(' ') } };
    for (let n = 0; n < 3; n += 1) {
      played.wait(1);
      expect(await loaded.sync(null)).toEqual([]);
    }
  });

  test.each(['an earlier version', 'source-hubspot'])('the state of %s is gone on with', async (whose) => {
    const moved = destination();
    await moved.sync(null);
    const { occurredAt, hubflake } = moved.state as JsonObject;
    const { readAt: _, done: __, ...earlier } = hubflake as JsonObject;
    moved.state = whose === 'source-hubspot' ? { occurredAt: occurredAt ?? null } : { hubflake: earlier };
    played.wait(60);
    happen(BY_TIME, 100);
    played.wait(1);
    played.sandbox.calls.reset();
    expect(await moved.sync(null)).toHaveLength(1);
    expect(pagesOfWindows()).toEqual([1]);
  });
});

test('of a list in the order of arrival, one that is late is not lost where its window is divided', async () => {
  const stream = WAYS['oldest first, but for late ones']?.stream as ReturnType<typeof declared>;
  happen(BY_ID, 60 * DAY, 60_000, 25);
  happen(BY_ID, 60 * DAY + 15);
  happen(BY_ID, 60 * DAY - 300, 60_000, 250);
  expect(await new Destination(played.sandbox, 'events', [stream]).sync(null)).toHaveLength(276);
});

test('of types of events one that HubSpot refuses stays as it is, and a new one is read from the start', async () => {
  let types = ['visit'];
  const stream = declared(BY_TYPE, 'newest first', { partitions: { parameter: 'type', values: async () => types } });
  happen(BY_TYPE, 30 * DAY, 1000, 10);
  played.wait(1);
  const destination = new Destination(played.sandbox, 'events', [stream]);
  expect(await destination.sync(null)).toHaveLength(5);
  types = ['visit', 'call'];
  const fault = { type: 'error', status: 403, category: 'MISSING_SCOPES' } as const;
  played.sandbox.faults.set([{ contains: 'type=call', fault }]);
  expect(await destination.sync(null)).toEqual([]);
  played.sandbox.faults.set([]);
  expect(await destination.sync(null)).toHaveLength(5);
  expect(await destination.sync(null)).toEqual([]);
  played.sandbox.faults.set([{ contains: BY_TYPE, fault }]);
  await expect(destination.sync(null)).rejects.toMatchObject({ code: 'HF-SCOPES' });
  played.sandbox.faults.set([]);
});
