import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';

/** What is archived of deals as a stream of its own, for those who had it from source-hubspot. */

let played: Played;
let archived: string[];
beforeEach(async () => {
  played = await startPlayed({});
  const { portal } = played.sandbox;
  const deals = Array.from({ length: 250 }, (_, n) => portal.create('deals', { dealname: `deal ${n}`, amount: '1.5' }));
  archived = deals.slice(0, 220);
  portal.archive('deals', archived);
  played.wait(300);
});
afterEach(() => played.sandbox.close());

const read = (state: Parameters<typeof readInProcess>[2], options: object = {}) =>
  readInProcess(played.sandbox, 'deals_archived', state, { config: { include: ['deals_archived'] }, ...options });
const idsOf = (records: readonly { id?: unknown }[]) => records.map(({ id }) => String(id)).sort();

test('all that is archived comes once, with its properties; then what is archived since', async () => {
  const first = await read(null);
  expect(first.error).toBeNull();
  expect(idsOf(first.records)).toEqual([...archived].sort());
  expect(first.records[0]).toMatchObject({ archived: true, properties_amount: 1.5, companies: [] });
  expect((await read(first.state)).records).toEqual([]);
  played.wait(10);
  const [later] = played.sandbox.portal.truth('deals').live.map(({ id }) => id) as [string];
  played.sandbox.portal.archive('deals', later);
  const second = await read(first.state);
  expect(idsOf(second.records)).toEqual([later]);
  expect((await read(second.state)).records).toEqual([]);
});

test.each([1, 101, 102, 205, 221])(
  'a read that is killed behind %d messages goes on at its page',
  async (killAfter) => {
    for (const mode of ['incremental', 'full_refresh'] as const) {
      const first = await read(null, { killAfter, mode });
      const second = await read(first.state, { mode });
      expect(new Set(idsOf([...first.records, ...second.records]))).toEqual(new Set(archived));
      if (killAfter > 101) expect(second.records.length).toBeLessThan(archived.length);
    }
  },
);

test('in columns, and from a start date', async () => {
  const at = new Date(played.sandbox.portal.clock.now()).toISOString();
  played.wait(5);
  const [later] = played.sandbox.portal.truth('deals').live.map(({ id }) => id) as [string];
  played.sandbox.portal.archive('deals', later);
  const config = { include: ['deals_archived'], layout: 'columns', start_date: at };
  const { records } = await read(null, { config });
  expect(records).toEqual([expect.objectContaining({ id: later, archived: true, archived_at: expect.any(String) })]);
});

test('more properties than fit in a URL are all read', async () => {
  const { portal } = played.sandbox;
  for (let n = 0; n < 500; n += 1) {
    portal.addProperty('deals', { name: `a_property_with_quite_a_long_name_${n}`, type: 'string', label: `${n}` });
  }
  const deal = portal.create('deals', { dealname: 'wide', a_property_with_quite_a_long_name_499: 'the last' });
  portal.archive('deals', deal);
  const { records, error } = await read(null);
  expect(error).toBeNull();
  expect(records).toHaveLength(archived.length + 1);
  const wide = records.find(({ id }) => id === deal);
  expect(wide).toMatchObject({ archived: true, properties_a_property_with_quite_a_long_name_499: 'the last' });
  expect(wide?.archivedAt).toEqual(expect.any(String));
});

test('in the mode in which tombstones delete rows, a row here is none', async () => {
  const { records } = await read(null, { config: { include: ['deals_archived'], deletes: 'cdc' } });
  expect(records.every((record) => !('_ab_cdc_deleted_at' in record))).toBe(true);
});
