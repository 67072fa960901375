import fc from 'fast-check';
import { burstCall } from '../../src/hubspot/client/calls.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { INSTANT, STRING } from '../../src/streams/layouts/property-schema.js';
import { byWindow } from '../../src/streams/strategies/by-window.js';
import { Destination, type Played, startPlayed } from './play.js';

/** Events that are read in windows of time are all there in the end, also those that HubSpot shows late. */

const PATH = '/made-up/events';
const OVERLAP = 90;
const events = byWindow({
  name: 'events',
  group: 'marketing' as const,
  scopes: [['events.read']],
  key: 'id',
  cursor: 'occurredAt',
  schema: { id: STRING, name: STRING, occurredAt: INSTANT },
  endpoint: { kind: burstCall('events', 'made-up'), path: PATH, paging: 'after', limit: 2, what: 'events' },
  record: (item) => ({ id: String(item.id), name: String(item.name), occurredAt: String(item.updatedAt) }),
  window: (from, to) => ({ updatedAfter: from, updatedBefore: to }),
  sliceDays: 1,
  overlapMinutes: OVERLAP,
  keptDays: 90,
});

let played: Played;
let items: Collection;

beforeAll(async () => {
  played = await startPlayed({ collections: [{ path: PATH, scopes: [] }] });
  items = played.sandbox.portal.collections[0] as Collection;
});
afterAll(() => played.sandbox.close());
beforeEach(erase);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('event'), minutesAgo: fc.nat(OVERLAP - 5) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('wait'), minutes: fc.constantFrom(5, 100, 4_000) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('sync'), killAfter: fc.option(fc.nat(12)) }) },
);

function erase(): void {
  for (const item of items.list(false)) items.erase(item.id);
}

function happen(id: number, minutesAgo: number): void {
  items.put(String(id), { name: `event ${id}` }, played.sandbox.portal.clock.now() - minutesAgo * 60_000);
}

test('whenever events happen, and wherever a sync is killed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      erase();
      const destination = new Destination(played.sandbox, 'events', [events]);
      for (const [index, each] of steps.entries()) {
        played.wait('minutes' in each ? each.minutes : 1);
        if ('killAfter' in each) await destination.sync(each.killAfter);
        else if ('minutesAgo' in each) happen(index, each.minutesAgo);
      }
      played.wait(1);
      await destination.sync(null);
      expect([...destination.rows.keys()].sort()).toEqual([...items.truth().keys()].sort());
      expect(await destination.sync(null)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('windows grow over what is empty, and an increment asks for the overlap alone', async () => {
  happen(1, 80 * 24 * 60);
  happen(2, 10);
  played.wait(1);
  const destination = new Destination(played.sandbox, 'events', [events]);
  played.sandbox.calls.reset();
  expect(await destination.sync(null)).toHaveLength(2);
  const asked = () => played.sandbox.calls.last().filter(({ url }) => url.startsWith(PATH)).length;
  expect(asked()).toBeLessThan(10);
  played.wait(5);
  happen(3, 1);
  played.wait(1);
  played.sandbox.calls.reset();
  expect(await destination.sync(null)).toMatchObject([{ id: '3' }]);
  expect(asked()).toBe(1);
});

test('a full refresh has every event once', async () => {
  for (let n = 1; n <= 5; n += 1) happen(n, n * 24 * 60);
  played.wait(1);
  const destination = new Destination(played.sandbox, 'events', [events]);
  await destination.sync(null);
  destination.state = null;
  expect(await destination.refresh(null)).toHaveLength(5);
});
