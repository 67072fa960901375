import { currentStream, observe, observed, onBehalfOf, trackStreams } from './activity.js';

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
