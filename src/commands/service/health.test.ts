import { monotonicMs } from '../../time.js';
import { HealthLog } from './health.js';

const EVERY_MS = 60_000;
const STREAMS = ['contacts', 'owners'];
const at = (round: number) => monotonicMs(round * EVERY_MS);

let log: HealthLog;

beforeEach(() => {
  log = new HealthLog(EVERY_MS);
});

/** Ends a round in which everything was read. @param unfinished the streams that are still being loaded */
function ended(round: number, unfinished: readonly string[], failed: readonly string[] = []): void {
  const counts = { records: 0, inserted: 0, updated: 0, marked: 0, removed: 0, calls: 1 };
  const streams = STREAMS.map((stream) => {
    return { stream, table: stream, ...counts, complete: ![...unfinished, ...failed].includes(stream) };
  });
  const errors = failed.map((stream) => ({ stream, code: 'HF-SCOPES', kind: 'config_error', message: 'No scope.' }));
  log.ended(at(round), { streams, errors }, new Set(STREAMS));
}

test('a first load that takes its turns over several rounds is not well until it is complete', () => {
  for (const round of [0, 1]) {
    ended(round, ['contacts']);
    const message = 'It is still being loaded, in turns with the other streams.';
    expect(log.at(at(round))).toMatchObject({
      isWell: false,
      late: [{ stream: 'contacts', behindSeconds: null, code: null, message }],
    });
  }
  ended(2, []);
  expect(log.at(at(2))).toMatchObject({ isWell: true, late: [] });
});

test('a stream that was up to date, and is loaded anew, is late after three intervals', () => {
  ended(0, []);
  for (const round of [1, 2, 3]) ended(round, ['contacts']);
  expect(log.at(at(3)).isWell).toBe(true);
  ended(4, ['contacts']);
  expect(log.at(at(4))).toMatchObject({ isWell: false, late: [{ stream: 'contacts', behindSeconds: 240 }] });
});

test('a failure is told of in place of what is unfinished', () => {
  ended(0, ['owners'], ['contacts']);
  expect(log.at(at(0)).late).toMatchObject([
    { stream: 'contacts', code: 'HF-SCOPES' },
    { stream: 'owners', code: null },
  ]);
  expect(log.failures).toMatchObject([{ stream: 'contacts' }]);
});

test('a round under way says how long it takes, and why HubSpot is asked again', () => {
  log.began(at(0));
  expect(log.at(at(1))).toMatchObject({ isWell: false, round: { seconds: 60, repeats: null } });
  log.repeats('HubSpot answered 502');
  expect(log.at(at(2)).round).toEqual({ seconds: 120, repeats: 'HubSpot answered 502' });
  log.repeats(null);
  expect(log.at(at(2)).round).toMatchObject({ repeats: null });
  ended(0, []);
  expect(log.at(at(2)).round).toBeNull();
  log.began(at(3));
  log.failed({ code: 'HF-WAREHOUSE', message: 'It is gone.' });
  expect(log.at(at(3)).round).toBeNull();
});
