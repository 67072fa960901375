import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';

/** Those whom threads name: whom they are assigned to, and the visitors that their contacts are. HubSpot answers them by id alone. */

const THREADS = '/conversations/conversations/:date/threads';
const ACTORS = '/conversations/conversations/:date/actors/batch/read';

let played: Played;
beforeEach(async () => {
  played = await startPlayed({ counts: { '*': 0, contacts: 6 } });
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const read = (state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, 'conversation_actors', state, {
    config: { include: ['conversation_actors'] },
    ...options,
  });
const idsOf = (records: readonly JsonObject[]) => records.map(({ id }) => String(id)).sort();
const threadIds = () => [...collectionAt(THREADS).truth().keys()] as [string, string];

/** The actors of the portal whom a live thread names. */
function truth(): Record<string, unknown>[] {
  const named = [...collectionAt(THREADS).truth().values()].flatMap(({ assignedTo, associatedContactId }) => [
    assignedTo,
    `V-${associatedContactId}`,
  ]);
  return [...collectionAt(ACTORS).truth().values()].filter(({ id }) => named.includes(id));
}

test('has the actors whom threads name, each once, and no others', async () => {
  const { records, error } = await read(null);
  expect(error).toBeNull();
  expect(truth().length).toBeGreaterThan(3);
  expect(idsOf(records)).toEqual(
    truth()
      .map(({ id }) => id)
      .sort(),
  );
  for (const actor of truth()) expect(records).toContainEqual(expect.objectContaining(actor));
});

test('an agent is read each time, a visitor where their thread has a new message', async () => {
  const [thread] = threadIds();
  const agent = String(collectionAt(THREADS).truth().get(thread)?.assignedTo);
  const visitor = `V-${
    collectionAt(THREADS)
      .truth()
      .get(threadIds().at(-1) as string)?.associatedContactId
  }`;
  const first = await read(null);
  played.wait(10);
  for (const id of [agent, visitor]) collectionAt(ACTORS).put(id, { name: 'Somebody else' });
  played.sandbox.calls.reset();
  const second = await read(first.state);
  expect([idsOf(second.records), played.sandbox.calls.counts().byKind.collection]).toEqual([[agent], 2]);
  const latestMessageTimestamp = new Date(played.sandbox.portal.clock.now()).toISOString();
  collectionAt(THREADS).put(threadIds().at(-1) as string, { latestMessageTimestamp });
  const third = await read(second.state);
  expect(third.records).toEqual([expect.objectContaining({ id: visitor, name: 'Somebody else' })]);
  expect((await read(third.state)).records).toEqual([]);
});

test('one whom a thread names now is added, and one whom none does stays', async () => {
  const first = await read(null);
  played.wait(10);
  for (const id of threadIds()) collectionAt(THREADS).put(id, { assignedTo: 'L-77' });
  const second = await read(first.state);
  expect(second.records.map(({ id, type, archived }) => [id, type, archived])).toEqual([['L-77', 'BOT', undefined]]);
});

test('loses nothing to a kill, and has the same in columns', async () => {
  for (let killAfter = 1; killAfter <= truth().length + 1; killAfter += 1) {
    const first = await read(null, { killAfter });
    const second = await read(first.state);
    expect([killAfter, new Set(idsOf([...first.records, ...second.records])).size]).toEqual([
      killAfter,
      truth().length,
    ]);
  }
  const { records } = await read(null, { config: { include: ['conversation_actors'], layout: 'columns' } });
  expect(idsOf(records)).toEqual(
    truth()
      .map(({ id }) => id)
      .sort(),
  );
});
