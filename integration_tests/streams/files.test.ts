import type { JsonObject } from '../../src/protocol/messages.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';

/** Files: HubSpot's search ends at 10,000 of them. */

let played: Played;
let files: Collection;
beforeEach(async () => {
  played = await startPlayed({});
  files = played.sandbox.portal.collectionAt('/files/:date/files/search');
});
afterEach(() => played.sandbox.close());

const read = (state: JsonObject | null) =>
  readInProcess(played.sandbox, 'files', state, { config: { include: ['files'] } });

test('more files than a search shows are all read, a hundred a call', async () => {
  for (let n = 0; n < 10_100; n += 1) files.put(String(200_001 + 7 * n), {});
  const count = files.truth().size;
  played.sandbox.calls.reset();
  const { records, state, error } = await read(null);
  expect([error, new Set(records.map(({ id }) => id)).size]).toEqual([null, count]);
  expect(played.sandbox.calls.counts().byKind.collection).toBe(Math.ceil(count / 100));
  played.wait(1);
  files.erase('200001');
  expect((await read(state)).records.map(({ id, archived }) => [id, archived])).toEqual([['200001', true]]);
});

test('a list in another order is refused, since its pages would leave out files', async () => {
  const results = ['7', '5'].map((id) => ({ id, createdAt: null, updatedAt: null }));
  const text = JSON.stringify({ results, paging: { next: { after: '2' } } });
  played.sandbox.faults.set([{ contains: '/files/search', fault: { type: 'body', text } }]);
  expect((await read(null)).error?.message).toContain('not in the order of ids');
});
