import { Ajv } from 'ajv';
import type { JsonObject } from '../../src/protocol/messages.js';
import { Destination, type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf } from './catalog.js';
import { timeOf } from './times.js';

/** What the e-mail addresses of contacts are subscribed to: by the contacts that were modified, and by the changes of subscriptions. */

const NAME = 'subscription_statuses';
const CONFIG = { include: [NAME] };

let played: Played;
beforeEach(async () => {
  played = await startPlayed({ counts: { '*': 0, contacts: 30 } });
  // The sample's changes of subscriptions are over by then.
  played.wait(24 * 60);
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const statuses = () => collectionAt('/communication-preferences/:date/statuses/batch/read');
const emailOf = (id: number) => String((statuses().list(false)[id]?.members as JsonObject | undefined)?.email);
const read = (state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, NAME, state, { config: CONFIG, ...options });
const keyOf = (record: JsonObject) => `${record.subscriberIdString} ${record.subscriptionId}`;
const contacts = () => played.sandbox.portal.truth('contacts', { properties: ['email'] }).live;

/** A record with its time as epoch ms: HubSpot writes whole seconds in two ways. */
const timed = (record: JsonObject | undefined) => record && { ...record, timestamp: timeOf(record.timestamp) };

/** The statuses of the addresses that contacts have now, by their keys. */
function truth(): Map<string, JsonObject> {
  const addresses = contacts().map(({ properties }) => properties.email);
  return new Map(
    statuses()
      .list(false)
      .filter(({ members }) => addresses.includes((members as { email: string }).email))
      .map((item): [string, JsonObject] => {
        const times = { timestamp: timeOf(statuses().json(item).timestamp as string) };
        const record = {
          ...statuses().json(item),
          ...times,
          subscriberIdString: (item.members as { email: string }).email,
        };
        return [keyOf(record as JsonObject), record as JsonObject];
      }),
  );
}

let changes = 0;
/** Somebody subscribes or unsubscribes, which modifies no contact. */
function change(email: string, status: string): void {
  const item = statuses()
    .list(false)
    .find(({ members }) => (members as { email: string }).email === email);
  changes += 1;
  statuses().put(item?.id ?? String(990_000 + changes), { email, subscriptionId: '2101', status });
  const timeline = collectionAt('/email/public/v1/subscriptions/timeline');
  timeline.put(String(900_000 + changes), { recipient: email, changes: [{ change: status, subscriptionId: 2101 }] });
}

test('has the statuses of the addresses of contacts, as its catalog says, and of no others', async () => {
  const { records, error } = await read(null);
  expect(error).toBeNull();
  expect(truth().size).toBeGreaterThan(20);
  expect(truth().size).toBeLessThan(statuses().truth().size);
  expect(records.map(keyOf).sort()).toEqual([...truth().keys()].sort());
  const { json_schema } = await catalogOf(played.sandbox, NAME, {});
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(json_schema);
  for (const record of records) {
    expect(timed(record)).toEqual(truth().get(keyOf(record)));
    expect([validate(record), validate.errors]).toEqual([true, null]);
  }
});

test('a change of a subscription is seen though the contact was not modified; one of nobody is not asked for', async () => {
  const first = await read(null);
  played.wait(120);
  change(emailOf(0), 'SUBSCRIBED');
  change('nobody@sandbox.example', 'SUBSCRIBED');
  change('stranger@sandbox.example', 'UNSUBSCRIBED');
  played.wait(120);
  const second = await read(first.state);
  expect(second.error).toBeNull();
  expect(second.records.map((each) => [each.subscriberIdString, each.status])).toEqual([[emailOf(0), 'SUBSCRIBED']]);
  expect((await read(second.state)).records).toEqual([]);
});

test('a contact that takes an address brings its statuses, and one that leaves one takes nothing away', async () => {
  const first = await read(null);
  played.wait(120);
  const { portal } = played.sandbox;
  const [one, other] = contacts();
  portal.edit('contacts', String(one?.id), { email: 'nobody@sandbox.example' });
  portal.edit('contacts', String(other?.id), { city: 'Elsewhere' });
  portal.edit('contacts', String(contacts()[2]?.id), { email: null });
  const second = await read(first.state);
  expect(second.records.map(({ subscriberIdString }) => subscriberIdString)).toEqual(
    Array(2).fill('nobody@sandbox.example'),
  );
});

test('loses nothing to a kill, whatever changes in between', async () => {
  for (let killAfter = 1; killAfter < 40; killAfter += 6) {
    const destination = new Destination(played.sandbox, NAME, undefined, CONFIG, keyOf);
    await destination.sync(killAfter);
    played.wait(90);
    change(emailOf(killAfter), 'SUBSCRIBED');
    await destination.sync(2);
    played.wait(90);
    change(emailOf(killAfter + 2), 'UNSUBSCRIBED');
    played.sandbox.portal.edit('contacts', String(contacts()[3]?.id), { city: `After ${killAfter}` });
    await destination.sync(null);
    for (const [key, row] of truth())
      expect([killAfter, key, timed(destination.rows.get(key))]).toEqual([killAfter, key, row]);
    played.wait(90);
  }
});

test('contacts are asked for by the hundred, those that changed by one call for all', async () => {
  await played.sandbox.close();
  // The sample's contacts were modified later than this portal's time.
  played = await startPlayed({});
  for (let n = 1; n <= 150; n += 1) played.sandbox.portal.create('contacts', { email: `c${n}@sandbox.example` });
  const calls = () => {
    const { collection = 0, batchRead = 0, search = 0 } = played.sandbox.calls.counts().byKind;
    return { collection, batchRead, search };
  };
  played.wait(24 * 60);
  const first = await read(null);
  // The statuses, and the timeline; the addresses; what changed meanwhile.
  expect(calls()).toEqual({ collection: 2 + 1, batchRead: 2, search: 1 });
  played.wait(120);
  for (const n of [1, 2, 150]) change(`c${n}@sandbox.example`, 'NOT_SPECIFIED');
  played.wait(1);
  played.sandbox.calls.reset();
  const second = await read(first.state);
  expect(second.records).toHaveLength(3);
  // The timeline and one batch of statuses; whose the addresses are, and what they are now.
  expect(calls()).toEqual({ collection: 2, batchRead: 2, search: 1 });
});

test('a start date leaves out what changed before it, columns have snake_case names, and a scope that lacks is named', async () => {
  const start_date = '2026-03-01T12:00:00Z';
  change(emailOf(0), 'SUBSCRIBED');
  const late = await read(null, { config: { ...CONFIG, start_date, layout: 'columns' } });
  expect(late.records.map(({ subscriber_id_string }) => subscriber_id_string)).toEqual([emailOf(0)]);
  played.sandbox.access.setScopes(['crm.objects.contacts.read', 'content']);
  const { error } = await read(null);
  expect([error?.code, error?.message]).toEqual([
    'HF-SCOPES',
    expect.stringContaining('communication_preferences.statuses.batch.read'),
  ]);
});
