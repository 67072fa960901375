import type { Health } from './health.js';
import { Metrics } from './metrics.js';

let health: Health;
let callsLeft: number | null;
let metrics: Metrics;

beforeEach(() => {
  health = { isWell: false, behindSeconds: null, late: [], failure: null, round: null };
  callsLeft = null;
  metrics = new Metrics(
    () => health,
    () => callsLeft,
  );
});

afterEach(() => metrics.close());

const lines = async () => (await metrics.text()).text.split('\n').filter((line) => line.startsWith('hubflake_'));

test('a round that leaves a stream unfinished is not complete', async () => {
  const counts = { table: '', records: 0, inserted: 0, updated: 0, marked: 0, removed: 0, calls: 1 };
  const streams = [
    { stream: 'contacts', complete: false, ...counts },
    { stream: 'companies', complete: true, ...counts },
  ];
  const calls = { total: 2, repeats: 0, least: 2, byKind: {} };
  metrics.ended({ pipeline: 'crm', streams, errors: [], calls, seconds: 1 });
  expect(await lines()).toContain('hubflake_rounds_total{status="incomplete"} 1');
  metrics.ended({ pipeline: 'crm', streams: streams.slice(1), errors: [], calls, seconds: 1 });
  expect(await lines()).toContain('hubflake_rounds_total{status="complete"} 1');
});

test('what is not known is not 0: calls left are missing, and before the first good round the process is behind since its start', async () => {
  const reading = async (name: string) => {
    const line = (await lines()).find((each) => each.startsWith(`${name} `));
    return line === undefined ? null : Number(line.split(' ')[1]);
  };
  expect(await reading('hubflake_daily_calls_left')).toBeNull();
  expect(await reading('hubflake_behind_seconds')).toBeGreaterThan(0);
  callsLeft = 0;
  health = { ...health, behindSeconds: 0 };
  expect(await reading('hubflake_daily_calls_left')).toBe(0);
  expect(await reading('hubflake_behind_seconds')).toBe(0);
  callsLeft = null;
  expect(await reading('hubflake_daily_calls_left')).toBeNull();
});
