import type { Health } from './health.js';
import { Metrics } from './metrics.js';

let health: Health;
let callsLeft: number | null;
let metrics: Metrics;

beforeEach(() => {
  health = { isWell: false, behindSeconds: null, late: [], failure: null };
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
