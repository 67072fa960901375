import type { JsonObject } from '../../src/protocol/messages.js';
import { FIVETRAN_RESOURCES } from '../../src/streams/fivetran/resources/registry.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { estimateOf } from '../streams/catalog.js';
import { configOf, type Run, readTable, readTogether } from './reading.js';
import { plain, Rows } from './rows.js';

/** Twelve tables of email events, which one reading feeds, and the changes of subscriptions. */

const EVENTS = '/email/public/v1/events';
const KINDS: Record<string, string> = {
  BOUNCE: 'bounce',
  CLICK: 'click',
  DEFERRED: 'deferred',
  DELIVERED: 'delivered',
  DROPPED: 'dropped',
  FORWARD: 'forward',
  OPEN: 'open',
  PRINT: 'print',
  SENT: 'sent',
  SPAMREPORT: 'spam_report',
  STATUSCHANGE: 'status_change',
};
const TABLES = ['email_event', ...Object.values(KINDS).map((kind) => `email_event_${kind}`)];

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const eventsIn = () => played.sandbox.portal.collectionAt(EVENTS);
const truth = () => [...eventsIn().truth().values()] as JsonObject[];
const idsOf = (rows: readonly JsonObject[] | undefined) => (rows ?? []).map(({ id }) => String(id)).sort();
const wantedIds = (table: string) =>
  idsOf(truth().filter(({ type }) => table === 'email_event' || table === `email_event_${KINDS[String(type)]}`));
const asked = () =>
  played.sandbox.calls
    .last(Number.POSITIVE_INFINITY)
    .map(({ url }) => url)
    .filter((url) => url.startsWith(EVENTS));
const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

/** Many events, by default of the last days, as many a day as one page does not have. */
function putMany(count: number, apartMs = 30_000): void {
  const now = played.sandbox.portal.clock.now();
  const types = [...Object.keys(KINDS), 'PROCESSED'];
  for (let n = 0; n < count; n += 1) {
    eventsIn().put(
      String(900_000 + n),
      { type: types[n % types.length], recipient: `r${n}@x.example` },
      now - n * apartMs,
    );
  }
  played.wait(1);
}

function expectAll({ records }: Run): void {
  for (const table of TABLES) expect([table, idsOf(records.get(table))]).toEqual([table, wantedIds(table)]);
}

test('every event has a row, and a row of its type', async () => {
  const run = await readTogether(played.sandbox, TABLES);
  expectAll(run);
  const rows = new Map((run.records.get('email_event') ?? []).map((row) => [row.id, row]));
  for (const event of truth()) {
    const of = (name: string) => (event[name] ?? {}) as JsonObject;
    const isSent = event.type === 'SENT';
    expect(rows.get(event.id)).toEqual({
      id: event.id,
      type: event.type,
      recipient: event.recipient,
      created: plain(event.created),
      email_campaign_id: event.emailCampaignId,
      app_id: event.appId,
      portal_id: event.portalId,
      filtered_event: event.filteredEvent,
      caused_by_id: of('causedBy').id ?? null,
      caused_by_created: plain(of('causedBy').created),
      obsoleted_by_id: null,
      obsoleted_by_created: null,
      // Whoever sends points at itself.
      sent_by_id: isSent ? event.id : of('sentBy').id,
      sent_by_created: plain(isSent ? event.created : of('sentBy').created),
      _fivetran_synced: expect.any(String),
    });
  }
  const [open, dropped] = ['OPEN', 'DROPPED'].map((type) => truth().find((event) => event.type === type)) as [
    JsonObject,
    JsonObject,
  ];
  const rowOf = (table: string, { id }: JsonObject) => run.records.get(table)?.find((row) => row.id === id);
  const opened = rowOf('email_event_open', open) as JsonObject;
  expect(JSON.parse(String(opened.browser))).toEqual(open.browser);
  expect(JSON.parse(String(opened.location))).toEqual(open.location);
  expect(opened).toEqual({
    id: open.id,
    browser: expect.any(String),
    ip_address: open.ipAddress,
    location: expect.any(String),
    user_agent: null,
    duration: String(open.duration),
    _fivetran_synced: expect.any(String),
  });
  expect(rowOf('email_event_dropped', dropped)).toEqual({
    id: dropped.id,
    bcc: json(dropped.bcc),
    cc: '[]',
    from: dropped.from,
    reply_to: '[]',
    subject: dropped.subject,
    drop_message: dropped.dropMessage,
    drop_reason: dropped.dropReason,
    _fivetran_synced: expect.any(String),
  });
});

test('the twelve take the calls of one, in the first run and in the next', async () => {
  await readTable(played.sandbox, 'email_event', null);
  // Where the last one ends is when the run began.
  const begun = () => asked().map((url) => url.replace(/&endTimestamp=\d+/, ''));
  const alone = begun();
  played.sandbox.calls.reset();
  const first = await readTogether(played.sandbox, TABLES);
  expect(begun()).toEqual(alone);
  played.wait(30);
  const { clock } = played.sandbox.portal;
  eventsIn().put('900001', { type: 'OPEN' });
  // One that comes late.
  eventsIn().put('900008', { type: 'CLICK' }, clock.now() - 80 * 60_000);
  played.wait(1);
  played.sandbox.calls.reset();
  const second = await readTogether(played.sandbox, TABLES, first.states);
  const came = Object.fromEntries(
    [...second.records].flatMap(([table, rows]) => (rows.length === 0 ? [] : [[table, rows.length]])),
  );
  expect(came).toEqual({ email_event: 2, email_event_open: 1, email_event_click: 1 });
  expect(asked()).toHaveLength(1);
  const third = await readTogether(played.sandbox, TABLES, second.states);
  expect([...third.records.values()].flat()).toEqual([]);
});

test('nothing is asked twice where windows take many pages, though some tables wait for others', async () => {
  putMany(15_000);
  // More than are read at once.
  const run = await readTogether(
    played.sandbox,
    FIVETRAN_RESOURCES.map(({ name }) => name),
  );
  expectAll(run);
  expect(asked().length).toBeGreaterThan(15);
  expect(asked().filter((url, index, all) => all.indexOf(url) !== index)).toEqual([]);
});

test('what plan says is the fewest calls', async () => {
  const { burst } = (await estimateOf(played.sandbox, 'email_event_open', configOf(['email_event_open']))).calls;
  await readTogether(played.sandbox, TABLES);
  expect(burst).toBeGreaterThan(5);
  expect(burst).toBeLessThanOrEqual(asked().length);
});

test('a table is read by itself as well, and its types are told without those of HubSpot', async () => {
  const bounces = new Rows(played.sandbox, 'email_event_bounce');
  await bounces.sync();
  expect(Object.keys(bounces.all).sort()).toEqual(wantedIds('email_event_bounce'));
  eventsIn().put('900001', { type: 'BOUNCE', category: 'OTHER' });
  played.wait(5);
  expect(await bounces.sync()).toMatchObject([{ category: 'OTHER' }]);
  expect(await bounces.sync()).toEqual([]);
});

test('one whose destination fails does not stop the others, and has all in the next run', async () => {
  const [failing = '', ...others] = TABLES;
  const first = await readTogether(played.sandbox, TABLES, new Map(), [failing]);
  for (const table of others) expect([table, idsOf(first.records.get(table))]).toEqual([table, wantedIds(table)]);
  expect(first.records.get(failing)?.length).toBeLessThanOrEqual(10);
  played.wait(10);
  const second = await readTogether(played.sandbox, TABLES, first.states);
  const both = [...(first.records.get(failing) ?? []), ...(second.records.get(failing) ?? [])];
  expect([...new Set(idsOf(both))]).toEqual(wantedIds(failing));
  expect(others.flatMap((table) => second.records.get(table) ?? [])).toEqual([]);
  // From here on they are at one position again.
  played.wait(10);
  played.sandbox.calls.reset();
  await readTogether(played.sandbox, TABLES, second.states);
  expect(asked()).toHaveLength(1);
});

test('tables whose states a kill has left apart are read together, from where the last of them is', async () => {
  // Over twenty years, so that each window has some.
  putMany(9_000, 19 * 3_600_000);
  const first = await readTogether(played.sandbox, TABLES);
  // Of each table another one of its states was committed, and the records before it; of the first one, the latest.
  const states = new Map<string, JsonObject>();
  const rows = new Map<string, JsonObject[]>();
  for (const [index, [table, events]] of [...first.events].entries()) {
    const places = events.flatMap(({ type }, place) => (type === 'state' ? [place] : []));
    expect(places.length).toBeGreaterThan(TABLES.length);
    const before = events.slice(0, (places.at(-2 - index) ?? 0) + 1);
    const last = before.at(-1);
    if (last?.type === 'state') states.set(table, last.state);
    rows.set(
      table,
      before.flatMap((event) => (event.type === 'record' ? [event.data] : [])),
    );
  }
  expect(new Set([...states.values()].map((state) => (state.hubflake as JsonObject).until)).size).toBeGreaterThan(6);
  played.wait(5);
  played.sandbox.calls.reset();
  const second = await readTogether(played.sandbox, TABLES, states);
  expect(asked().filter((url, index, all) => all.indexOf(url) !== index)).toEqual([]);
  for (const table of TABLES) {
    const came = idsOf([...(rows.get(table) ?? []), ...(second.records.get(table) ?? [])]);
    expect([table, [...new Set(came)].sort()]).toEqual([table, wantedIds(table)]);
  }
  // What is read again for others is not emitted again.
  const { until } = (states.get('email_event') as { hubflake: JsonObject }).hubflake;
  const again = second.records.get('email_event')?.filter(({ created }) => `${created}Z` < String(until));
  expect(again).toEqual([]);
  played.wait(5);
  played.sandbox.calls.reset();
  const third = await readTogether(played.sandbox, TABLES, second.states);
  expect([asked().length, [...third.records.values()].flat()]).toEqual([1, []]);
});

test('a table that comes later reads all of it, and shares with the others from then on', async () => {
  const [last = '', ...others] = [...TABLES].reverse();
  const first = await readTogether(played.sandbox, others);
  played.wait(60);
  const second = await readTogether(played.sandbox, TABLES, first.states);
  expect(idsOf(second.records.get(last))).toEqual(wantedIds(last));
  expect(others.flatMap((table) => second.records.get(table) ?? [])).toEqual([]);
  played.wait(60);
  played.sandbox.calls.reset();
  await readTogether(played.sandbox, TABLES, second.states);
  expect(asked()).toHaveLength(1);
});

test.each([1, 40, 120])('a read that is killed behind %d messages goes on', async (killAfter) => {
  const first = await readTable(played.sandbox, 'email_event_sent', null, { killAfter });
  const second = await readTable(played.sandbox, 'email_event_sent', first.state);
  const ids = new Set(idsOf([...first.records, ...second.records]));
  expect([...ids]).toEqual(wantedIds('email_event_sent'));
});

test('each change of a subscription is a row, and none comes again', async () => {
  const timeline = played.sandbox.portal.collectionAt('/email/public/v1/subscriptions/timeline');
  const at = played.sandbox.portal.clock.now() - 3_600_000;
  const causedByEvent = { id: 'an-event', created: at };
  timeline.put(
    '700001',
    {
      recipient: 'a@sandbox.example',
      portalId: 1,
      changes: [
        { change: 'UNSUBSCRIBED', changeType: 'SUBSCRIPTION_STATUS', source: 'S', subscriptionId: 2101, causedByEvent },
        { change: 'BOUNCED', changeType: 'PORTAL_BOUNCE', source: 'S' },
      ],
    },
    at,
  );
  const changes = new Rows(played.sandbox, 'email_subscription_change');
  await changes.sync();
  const there = [...timeline.truth().values()].flatMap((moment) => moment.changes as JsonObject[]);
  expect(Object.keys(changes.all)).toHaveLength(there.length);
  const own = Object.values(changes.all).filter(({ recipient }) => recipient === 'a@sandbox.example');
  const common = {
    _fivetran_id: expect.any(String),
    recipient: 'a@sandbox.example',
    timestamp: plain(at),
    source: 'S',
  };
  expect(own).toHaveLength(2);
  expect(own).toContainEqual({
    ...common,
    ...{ email_subscription_id: 2101, portal_id: 1, change: 'UNSUBSCRIBED', change_type: 'SUBSCRIPTION_STATUS' },
    caused_by_event_id: 'an-event',
  });
  expect(own).toContainEqual({
    ...common,
    ...{ email_subscription_id: null, portal_id: 1, change: 'BOUNCED', change_type: 'PORTAL_BOUNCE' },
    caused_by_event_id: null,
  });
  expect(await changes.sync()).toEqual([]);
});
