import { DuckDBInstance } from '@duckdb/node-api';
import { query } from '../support/duckdb.js';
import { hubflake, type Outcome, ofType, TestFolder } from '../support/processes/command.js';

/** `write` with states that are of all streams at once, in the form in which Airbyte's own client writes its lines. */

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

const stream = (name: string, mode: string) => ({
  stream: { name, json_schema: { properties: { id: { type: 'string' } } }, supported_sync_modes: ['incremental'] },
  sync_mode: 'incremental',
  destination_sync_mode: mode,
  primary_key: [['id']],
});
// As Airbyte's own client writes them: every key of the envelope, with null.
const line = (type: string, body: object) =>
  JSON.stringify({ type, record: null, state: null, log: null, trace: null, control: null, ...body });
const row = (name: string, id: string) =>
  line('RECORD', {
    record: { namespace: null, stream: name, data: { id }, emitted_at: 1e12, meta: null, file_reference: null },
  });
const global = (n: number) =>
  line('STATE', {
    state: {
      type: 'GLOBAL',
      stream: null,
      global_: null,
      global: { shared_state: { n }, stream_states: [] },
      data: null,
      sourceStats: { recordCount: 2.0, rejectedRecordCount: null },
      destinationStats: null,
    },
  });
const status = (name: string, value: string) =>
  line('TRACE', {
    trace: {
      type: 'STREAM_STATUS',
      emitted_at: 1700000000000.5,
      error: null,
      estimate: null,
      stream_status: { stream_descriptor: { name, namespace: null }, status: value, reasons: null },
      analytics: null,
    },
  });
const log = line('LOG', { log: { level: 'INFO', message: 'on its way', stack_trace: null } });
const play = (catalogued: object[], lines: string[]) =>
  hubflake(
    [
      'write',
      '--config',
      folder.write('d.json', { type: 'duckdb', path: folder.join('w.duckdb') }),
      '--catalog',
      folder.write('c.json', { streams: catalogued }),
    ],
    { input: `${lines.join('\n')}\n` },
  );
const numbers = (outcome: Outcome) =>
  ofType(outcome, 'STATE').map(({ state }) => [state.global?.shared_state?.n, state.destinationStats?.recordCount]);

test('states of all streams come out once, in order, with the records of all streams since the one before', async () => {
  const outcome = await play(
    [stream('a', 'append_dedup'), stream('b', 'append')],
    [
      row('a', '1'),
      log,
      row('b', '1'),
      global(1),
      row('b', '2'),
      global(2),
      status('a', 'COMPLETE'),
      status('b', 'COMPLETE'),
    ],
  );
  expect(outcome.code).toBe(0);
  expect(numbers(outcome)).toEqual([
    [1, 2],
    [2, 1],
  ]);
  const echoed = JSON.parse(outcome.lines.find((each) => each.includes('"GLOBAL"')) as string);
  expect(echoed.state).toMatchObject({ global_: null, sourceStats: { recordCount: 2, rejectedRecordCount: null } });
});

test('states of all streams wait for what is replaced as a whole', async () => {
  const both = [stream('a', 'append'), stream('whole', 'overwrite')];
  const lines = [row('a', '1'), row('whole', '1'), global(1), status('a', 'COMPLETE')];
  const unfinished = await play(both, [...lines, status('whole', 'INCOMPLETE')]);
  expect([unfinished.code, numbers(unfinished)]).toEqual([1, []]);
  const finished = await play(both, [...lines, status('whole', 'COMPLETE')]);
  expect([finished.code, numbers(finished)]).toEqual([0, [[1, 2]]]);
});

test('states of all streams are held back by a stream that failed, which the others survive', async () => {
  const instance = await DuckDBInstance.create(folder.join('w.duckdb'));
  const connection = await instance.connect();
  await connection.run('CREATE TABLE a (mine INTEGER)');
  connection.closeSync();
  instance.closeSync();
  const outcome = await play(
    [stream('a', 'append_dedup'), stream('b', 'append')],
    [row('a', '2'), row('b', '1'), global(1), status('a', 'COMPLETE'), status('b', 'COMPLETE')],
  );
  expect([outcome.code, numbers(outcome)]).toEqual([1, []]);
  expect(await query(folder.join('w.duckdb'), 'SELECT id FROM b')).toEqual([{ id: '1' }]);
});
