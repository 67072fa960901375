import fc from 'fast-check';
import { randomRuns } from '../support/schedules/random-runs.js';
import { Destination, type Played, startPlayed } from './play.js';

/** What hangs on records ends as it is in the portal, wherever syncs are killed. associations/associations.test.ts has what is read whole each time. */

const DEALS = 6;
let played: Played;
let deals: string[];

beforeAll(async () => {
  played = await startPlayed({});
  deals = Array.from({ length: DEALS }, (_, n) => played.sandbox.portal.create('deals', { dealname: `deal ${n}` }));
});
afterAll(() => played.sandbox.close());

const deal = fc.nat(DEALS - 1);
const sync = fc.record({ is: fc.constant('sync'), killAfter: fc.option(fc.nat(10)) });
const wait = fc.record({ is: fc.constant('wait'), minutes: fc.constantFrom(10, 100) });

describe('splits, by the deals that were modified', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ is: fc.constant('split'), deal, percent: fc.constantFrom('10', '50') }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('drop'), deal }) },
    { weight: 1, arbitrary: wait },
    { weight: 3, arbitrary: sync },
  );

  test('whatever happens to them, and wherever a sync is killed', async () => {
    const { portal } = played.sandbox;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        for (const id of [...truth().keys()]) portal.archive('deal_splits', id);
        const destination = new Destination(played.sandbox, 'deal_splits', undefined);
        for (const each of steps) {
          played.wait('minutes' in each ? each.minutes : 1);
          if ('killAfter' in each) await destination.sync(each.killAfter);
          else if ('percent' in each) split(deals[each.deal] ?? '', each.percent);
          else if ('deal' in each) drop(deals[each.deal] ?? '');
        }
        played.wait(1);
        await destination.sync(null);
        expect(percentsOf(destination)).toEqual(Object.fromEntries(truth()));
        expect(await destination.sync(null)).toEqual([]);
      }),
      randomRuns(40),
    );
  });

  test('wherever a sync is killed that has something to add and something to mark', async () => {
    const [first = '', second = ''] = deals;
    for (let killAfter = 0; killAfter <= 8; killAfter += 1) {
      for (const id of [...truth().keys()]) played.sandbox.portal.archive('deal_splits', id);
      split(first, '10');
      split(second, '10');
      played.wait(1);
      const destination = new Destination(played.sandbox, 'deal_splits', undefined);
      await destination.sync(null);
      played.wait(1);
      drop(first);
      split(second, '50');
      played.wait(1);
      await destination.sync(killAfter);
      played.wait(1);
      for (let n = 0; n < 2; n += 1) drop(second);
      played.wait(1);
      await destination.sync(null);
      expect([killAfter, percentsOf(destination)]).toEqual([killAfter, Object.fromEntries(truth())]);
    }
  });

  test('what changes on pages that an interrupted first load had read', async () => {
    const { portal } = played.sandbox;
    const more = Array.from({ length: 220 }, (_, n) => portal.create('deals', { dealname: `deal ${n}` }));
    for (const id of [...truth().keys()]) portal.archive('deal_splits', id);
    for (const id of [deals[0], more[90], more[219]]) split(id ?? '', '10');
    played.wait(100);
    const destination = new Destination(played.sandbox, 'deal_splits', undefined);
    const isSaved = () => (destination.state?.hubflake as { load?: { after?: string } } | undefined)?.load?.after;
    for (let killAfter = 1; !isSaved(); killAfter += 1) await destination.sync(killAfter);
    const refreshed = new Destination(played.sandbox, 'deal_splits', undefined);
    refreshed.state = destination.state;
    // What a full refresh emits is all that there is, also the splits that the load had emitted.
    expect((await refreshed.refresh(null)).length).toBe(truth().size);
    played.wait(1);
    drop(deals[0] ?? '');
    played.wait(100);
    await destination.sync(null);
    expect(percentsOf(destination)).toEqual(Object.fromEntries(truth()));
    portal.archive('deals', more);
  });

  function split(dealId: string, percent: string): void {
    const { portal } = played.sandbox;
    portal.create('deal_splits', { hs_deal_id: dealId, hs_deal_split_percentage: percent });
    touch(dealId);
  }

  function drop(dealId: string): void {
    const { portal } = played.sandbox;
    const all = portal.truth('deal_splits', { properties: ['hs_deal_id'] }).live;
    const id = all.find((each) => each.properties.hs_deal_id === dealId)?.id;
    if (id === undefined) return;
    portal.archive('deal_splits', id);
    touch(dealId);
  }

  function touch(dealId: string): void {
    played.sandbox.portal.edit('deals', dealId, { dealname: `touched ${played.sandbox.portal.clock.now()}` });
  }

  function truth(): Map<string, number> {
    const all = played.sandbox.portal.truth('deal_splits', { properties: ['hs_deal_split_percentage'] }).live;
    return new Map(all.map(({ id, properties }) => [id, Number(properties.hs_deal_split_percentage)]));
  }

  function percentsOf(destination: Destination): object {
    const rows = [...destination.live()];
    return Object.fromEntries(
      rows.map(([id, data]) => [
        id,
        (data.properties as { hs_deal_split_percentage: number }).hs_deal_split_percentage,
      ]),
    );
  }
});
