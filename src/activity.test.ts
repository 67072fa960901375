import { currentStream, hear, observe, observed, onBehalfOf, tell, trackStreams } from './activity.js';

test('an observer hears of the start, of what was learned on the way, and of the end', async () => {
  const heard: unknown[] = [];
  const stop = observe('batch', {
    start: ({ stream, inserted }) => heard.push(['start', stream, inserted]),
    end: ({ stream, inserted }) => heard.push(['end', stream, inserted]),
    failed: (_, error) => heard.push(['failed', error]),
  });
  const batch = { stream: 'contacts', table: 'CONTACTS', rows: 2, bytes: 10, modifiedAt: [], inserted: 0 };
  expect(
    await observed('batch', batch, async () => {
      batch.inserted = 2;
      return 'done';
    }),
  ).toBe('done');
  const error = new Error('no');
  await expect(observed('batch', batch, () => Promise.reject(error))).rejects.toBe(error);
  stop();
  await observed('batch', batch, async () => undefined);
  expect(heard).toEqual([
    ['start', 'contacts', 0],
    ['end', 'contacts', 2],
    ['start', 'contacts', 2],
    ['failed', error],
    ['end', 'contacts', 2],
  ]);
});

test('on whose behalf something is done is known across awaits, side by side, once it is tracked', async () => {
  expect(await onBehalfOf('deals', async () => currentStream())).toBeNull();
  trackStreams();
  const seen = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return currentStream();
  };
  expect(await Promise.all([onBehalfOf('deals', seen), onBehalfOf('contacts', seen), seen()])).toEqual([
    'deals',
    'contacts',
    null,
  ]);
});

test("an observer that throws is in nobody else's way", async () => {
  const heard: string[] = [];
  const stops = [
    observe('pause', {
      start: () => {
        throw new Error('an observer');
      },
      end: () => heard.push('end'),
    }),
    hear('records', () => {
      throw new Error('another one');
    }),
    hear('records', () => heard.push('records')),
  ];
  const pause = { stream: null, what: 'contacts', why: 'a test', milliseconds: 1 };
  const done = await observed('pause', pause, async () => {
    tell('records', { stream: 'contacts', count: 1 });
    return 'done';
  });
  for (const stop of stops) stop();
  expect([done, heard]).toEqual(['done', ['records', 'end']]);
});
