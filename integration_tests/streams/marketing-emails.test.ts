import { Ajv } from 'ajv';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf } from './catalog.js';

/** Marketing emails: all of them, though HubSpot leaves some out where it is asked for statistics, which move after an email is sent. */

const EMAILS = '/marketing/emails/:date';

let played: Played;
let emails: Collection;
beforeEach(async () => {
  played = await startPlayed({});
  emails = played.sandbox.portal.collectionAt(EMAILS);
});
afterEach(() => played.sandbox.close());

const read = (name: string, state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name] }, ...options });
const idsOf = (records: readonly JsonObject[]) => records.map(({ id }) => String(id)).sort();
const calls = () => played.sandbox.calls.counts().byKind.collection;

/** The last email that was published, so that HubSpot still counts; and one that is too old for that. */
function someIds(): { young: string; old: string } {
  const published = [...emails.truth().values()].filter(({ isPublished }) => isPublished).map(({ id }) => String(id));
  return { young: published.at(-1) as string, old: published[0] as string };
}

function count(id: string, open: number): void {
  const item = emails.list(false).find((each) => each.id === id);
  if (!item) throw new Error(`there is no email ${id}`);
  const { counted } = item.members as { counted: object };
  emails.put(id, { counted: { ...counted, open } }, item.updatedAt);
}

test('every email is there with its members, drafts too, and with statistics where there are any', async () => {
  const items = emails.truth();
  const { records, error } = await read('marketing_emails', null);
  expect(error).toBeNull();
  expect(idsOf(records)).toEqual([...items.keys()].sort());
  const { json_schema } = await catalogOf(played.sandbox, 'marketing_emails', {});
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(json_schema);
  for (const record of records) {
    const item = items.get(String(record.id)) as JsonObject;
    for (const [member, value] of Object.entries(item)) {
      const isTime = /(At|Date)$/.test(member);
      const found = record[member];
      expect([member, isTime ? Date.parse(String(found)) : found]).toEqual([
        member,
        isTime ? Date.parse(String(value)) : value,
      ]);
    }
    expect(record.stats === null).toBe(item.isPublished === false);
    expect([validate(record), validate.errors]).toEqual([true, null]);
  }
});

test('statistics that move bring their email, as long as it is young; nothing comes twice', async () => {
  const { young, old } = someIds();
  const first = await read('marketing_emails', null);
  expect((await read('marketing_emails', first.state)).records).toEqual([]);
  played.wait(600);
  count(young, 7_777);
  count(old, 7_777);
  played.sandbox.calls.reset();
  const second = await read('marketing_emails', first.state);
  // Live and archived ones, each with statistics and without; and the young ones.
  expect(calls()).toBe(5);
  expect(second.records).toEqual([expect.objectContaining({ id: young, archived: false })]);
  expect(second.records[0]?.stats).toMatchObject({ counters: { open: 7_777 } });
  expect((await read('marketing_emails', second.state)).records).toEqual([]);
  played.wait(600);
  emails.put(old, { name: 'updated' });
  const third = await read('marketing_emails', second.state);
  expect(third.records).toEqual([expect.objectContaining({ id: old, name: 'updated' })]);
  expect(third.records[0]?.stats).toMatchObject({ counters: { open: 7_777 } });
});

test('a draft that is updated comes, and what is archived becomes a tombstone, sent or not', async () => {
  const draft = [...emails.truth().values()].find(({ isPublished }) => !isPublished)?.id as string;
  const { old } = someIds();
  const first = await read('marketing_emails', null);
  played.wait(600);
  emails.put(draft, { subject: 'another' });
  const second = await read('marketing_emails', first.state);
  expect(second.records).toEqual([expect.objectContaining({ id: draft, subject: 'another' })]);
  played.wait(600);
  for (const id of [draft, old]) emails.archive(id);
  const third = await read('marketing_emails', second.state);
  expect(third.records.map(({ id, archived }) => [id, archived]).sort()).toEqual(
    [
      [draft, true],
      [old, true],
    ].sort(),
  );
  expect((await read('marketing_emails', third.state)).records).toEqual([]);
});

test.each(['incremental', 'full_refresh'] as const)('a read that is killed loses nothing (%s)', async (mode) => {
  const all = [...emails.truth().keys()].sort();
  for (const killAfter of [0, 3, 8, 10, 12, 13]) {
    const first = await read('marketing_emails', null, { killAfter, mode });
    const second = await read('marketing_emails', first.state, { mode });
    // What comes last of an email counts: it must have the statistics.
    const rows = new Map([...first.records, ...second.records].map((record) => [String(record.id), record]));
    expect([killAfter, [...rows.keys()].sort()]).toEqual([killAfter, all]);
    for (const { stats, isPublished } of rows.values()) expect(stats === null).toBe(isPublished === false);
    played.wait(10);
  }
});

test('statistics of their own: of each published email, again while it is young or when it was updated', async () => {
  const { young, old } = someIds();
  const published = [...emails.truth().values()].filter(({ isPublished }) => isPublished);
  const first = await read('marketing_email_statistics', null);
  expect(first.error).toBeNull();
  expect(first.records.map(({ emailId }) => emailId).sort()).toEqual(published.map(({ id }) => id).sort());
  expect(first.records[0]).toMatchObject({ counters: { sent: expect.any(Number) }, ratios: expect.any(Object) });
  count(young, 1);
  count(old, 1);
  played.wait(10);
  played.sandbox.calls.reset();
  const second = await read('marketing_email_statistics', first.state);
  expect(second.records).toEqual([expect.objectContaining({ emailId: young, archived: false })]);
  // The list of emails, and the young one.
  expect(calls()).toBe(2);
  played.wait(10);
  emails.put(old, { name: 'updated' });
  const third = await read('marketing_email_statistics', second.state);
  expect(third.records).toEqual([
    expect.objectContaining({ emailId: old, counters: expect.objectContaining({ open: 1 }) }),
  ]);
});
