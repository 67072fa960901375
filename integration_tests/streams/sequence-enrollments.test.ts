import { Ajv } from 'ajv';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { CollectionItem } from '../../src/sandbox/portal/collection.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf, probe } from './catalog.js';
import { timeOf } from './times.js';

/** In which sequence contacts are: HubSpot is asked of those that say they are in one, and answers the current enrollment alone. */

const NAME = 'sequence_enrollments';
const PATH = '/automation/sequences/:date/enrollments/contact/:contact';

let played: Played;
beforeEach(async () => {
  played = await startPlayed({ counts: { '*': 0, contacts: 60 } });
});
afterEach(() => played.sandbox.close());

const enrollments = () => played.sandbox.portal.collectionAt(PATH);
const contactOf = ({ members }: CollectionItem) => (members as { contact: string }).contact;
const read = (state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, NAME, state, { config: { include: [NAME] }, ...options });
const calls = () => {
  const { byKind } = played.sandbox.calls.counts();
  return { search: byKind.search ?? 0, enrollment: byKind.collection ?? 0 };
};

function enroll(contact: string, id: string, members: object = {}): void {
  enrollments().put(id, { contact, sequenceId: '1151', sequenceName: 'Sequence 1', ...members });
  played.sandbox.portal.edit('contacts', contact, { hs_sequences_is_enrolled: 'true' });
}

function unenroll(item: CollectionItem): void {
  enrollments().erase(item.id);
  played.sandbox.portal.edit('contacts', contactOf(item), { hs_sequences_is_enrolled: 'false' });
}

/** The records of the enrollments that there are. */
const truth = () =>
  enrollments()
    .list(false)
    .map((item): JsonObject => ({ ...enrollments().json(item), contactId: contactOf(item) }) as JsonObject);
const idsOf = (records: readonly JsonObject[]) => records.map(({ id }) => String(id)).sort();

test('has the enrollment of each contact in a sequence, as its catalog says, and asks of no other contact', async () => {
  const { records, error } = await read(null);
  expect(error).toBeNull();
  expect(truth().length).toBeGreaterThan(5);
  expect(idsOf(records)).toEqual(idsOf(truth()));
  expect(calls()).toEqual({ search: 1, enrollment: truth().length });
  const { json_schema } = await catalogOf(played.sandbox, NAME, {});
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(json_schema);
  for (const record of records) {
    const item = truth().find(({ id }) => id === record.id) ?? {};
    for (const [member, value] of Object.entries(item)) {
      expect([member, timeOf(record[member])]).toEqual([member, timeOf(value)]);
    }
    expect([validate(record), validate.errors]).toEqual([true, null]);
  }
});

test('who enters a sequence is added, who leaves it is gone, who is left alone costs no call', async () => {
  const first = await read(null);
  expect((await read(first.state)).records).toEqual([]);
  played.wait(120);
  const [left, moved, archived] = enrollments().list(false) as [CollectionItem, CollectionItem, CollectionItem];
  const enrolled = truth().map(({ contactId }) => contactId);
  const entering = played.sandbox.portal.truth('contacts').live.find(({ id }) => !enrolled.includes(id));
  unenroll(left);
  unenroll(moved);
  enroll(contactOf(moved), '990001', { sequenceName: 'Sequence 2' });
  enroll(String(entering?.id), '990002');
  played.sandbox.portal.archive('contacts', contactOf(archived));
  played.sandbox.calls.reset();
  const second = await read(first.state);
  expect(second.error).toBeNull();
  const gone = second.records.filter((each) => each.archived === true);
  expect(idsOf(gone)).toEqual([left.id, moved.id, archived.id].sort());
  expect(idsOf(second.records.filter((each) => each.archived !== true))).toEqual(['990001', '990002']);
  expect(calls()).toEqual({ search: 1, enrollment: 2 });
  expect((await read(second.state)).records).toEqual([]);
});

test('an enrollment that HubSpot has no more, though the contact still says so, stays for the time being', async () => {
  const first = await read(null);
  played.wait(120);
  const [item, other] = enrollments().list(false) as [CollectionItem, CollectionItem];
  for (const each of [item, other]) {
    enrollments().erase(each.id);
    played.sandbox.portal.edit('contacts', contactOf(each), { city: 'Elsewhere' });
  }
  const second = await read(first.state);
  expect([second.error, second.records]).toEqual([null, []]);
  for (const each of [item, other]) {
    played.sandbox.portal.edit('contacts', contactOf(each), { hs_sequences_is_enrolled: 'false' });
  }
  const third = await read(second.state);
  expect(third.records.map(({ id, archived }) => [id, archived]).sort()).toEqual([
    [item.id, true],
    [other.id, true],
  ]);
});

test('loses nothing to a kill, and has the same in columns', async () => {
  for (let killAfter = 1; killAfter <= truth().length + 1; killAfter += 3) {
    for (const mode of ['incremental', 'full_refresh'] as const) {
      const first = await read(null, { killAfter, mode });
      const second = await read(first.state, { mode });
      const found = new Set(idsOf([...first.records, ...second.records]));
      expect([killAfter, mode, [...found].sort()]).toEqual([killAfter, mode, idsOf(truth())]);
    }
    played.wait(1);
  }
  const { records } = await read(null, { config: { include: [NAME], layout: 'columns' } });
  expect(idsOf(records)).toEqual(idsOf(truth()));
  expect(records[0]).toMatchObject({ contact_id: expect.any(String), enrolled_by_email: expect.any(String) });
});

test('without the scope of sequences it is refused, whose name is said', async () => {
  played.sandbox.access.setScopes(['crm.objects.contacts.read']);
  const { error } = await read(null);
  expect([error?.code, error?.message]).toEqual(['HF-SCOPES', expect.stringContaining('automation.sequences.read')]);
});

test.each([0, 60])('of %i contacts, the probe finds out whether the token may read enrollments', async (contacts) => {
  await played.sandbox.close();
  played = await startPlayed({ counts: { '*': 0, contacts } });
  await expect(probe(played.sandbox, NAME)).resolves.toBeUndefined();
  played.sandbox.access.setScopes(['crm.objects.contacts.read']);
  await expect(probe(played.sandbox, NAME)).rejects.toThrow('automation.sequences.read');
});
