import type { ConfiguredStream, JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import {
  configure,
  hubflake,
  lastStates,
  messages,
  type Outcome,
  ofType,
  TestFolder,
} from '../support/processes/command.js';
import { judgeMessages } from '../support/schedules/judge.js';
import { catalogMistakes, readMistakes } from './protocol-rules.js';

const FUTURE = '9999-12-31T23:59:59.000Z';

let sandbox: Sandbox;
let folder: TestFolder;

beforeAll(async () => {
  sandbox = await startSandbox({
    counts: { contacts: 450, companies: 130 },
    limits: { burst: 5000, searchPerSecond: 1000 },
  });
  folder = new TestFolder();
});

afterAll(async () => {
  folder.remove();
  await sandbox.close();
});

const run = async (args: string[]): Promise<Outcome> => {
  const outcome = await hubflake(args, { environment: { HUBSPOT_BASE_URL: sandbox.url } });
  await judgeMessages(outcome.lines);
  return outcome;
};

/** A configuration with every kind of stream. */
function configOf(options: JsonObject): string {
  const association_streams = [{ from_object: 'contacts', to_object: 'companies' }];
  const credentials = { credentials_title: 'Private App Credentials', access_token: sandbox.token };
  return folder.write('config.json', { credentials, association_streams, ...options });
}

async function read(config: string, streams: ConfiguredStream[], states: object[] = []): Promise<Outcome> {
  const catalog = folder.write('catalog.json', { streams });
  const state = states.length > 0 ? ['--state', folder.write('state.json', states)] : [];
  return run(['read', '--config', config, '--catalog', catalog, ...state]);
}

const stateOf = (stream: string, state: JsonObject) => ({
  type: 'STREAM',
  stream: { stream_descriptor: { name: stream, namespace: null }, stream_state: state },
});

describe.each([
  ['as source-hubspot has it', {}],
  ['in columns, with deletions as changes', { layout: 'columns', deletes: 'cdc' }],
  ['without deletions, all as strings', { deletes: 'off', treat_numbers_and_booleans_as_strings: true }],
])('%s', (_, options) => {
  test('the catalog and two reads of everything break none of the rules', async () => {
    const config = configOf(options);
    const discovered = await run(['discover', '--config', config]);
    expect(catalogMistakes(ofType(discovered, 'CATALOG')[0]?.catalog.streams ?? [])).toEqual([]);
    // Every stream is asked for increments, as PyAirbyte does; association streams have none.
    const { streams } = configure(discovered);
    const first = await read(config, streams);
    expect([first.code, readMistakes(streams, first)]).toEqual([0, []]);
    const second = await read(config, streams, lastStates(first));
    expect([second.code, readMistakes(streams, second)]).toEqual([0, []]);
    expect(ofType(second, 'RECORD').length).toBeLessThan(ofType(first, 'RECORD').length);

    const fresh = streams.map((each) => ({ ...each, sync_mode: 'full_refresh' as const, generation_id: 1 }));
    const refresh = fresh.map((each) => ({ ...each, minimum_generation_id: 1, sync_id: 7 }));
    const whole = await read(config, refresh);
    expect([whole.code, readMistakes(refresh, whole)]).toEqual([0, []]);
  });
});

test('from each state on the way, what is left comes, and no more', async () => {
  const config = configOf({});
  const { streams } = configure(await run(['discover', '--config', config]), (name) => name === 'contacts');
  const all = await read(config, streams);
  const total = ofType(all, 'RECORD').length;
  let before = 0;
  for (const { state } of ofType(all, 'STATE')) {
    before += state.sourceStats?.recordCount ?? 0;
    const rest = await read(config, streams, [state]);
    expect(readMistakes(streams, rest)).toEqual([]);
    const ids = ofType(rest, 'RECORD').map(({ record }) => record.data.id);
    expect(ids).toHaveLength(total - before);
  }
  expect(before).toBe(total);
});

test('a state from the future reads nothing, and is answered by a state', async () => {
  const config = configOf({});
  const names = ['contacts', 'deals', 'owners', 'deal_pipelines', 'vehicles'];
  const discovered = await run(['discover', '--config', config]);
  const { streams } = configure(discovered, (name) => names.includes(name));
  const theirs = names.map((name) =>
    stateOf(name, { updatedAt: name === 'deal_pipelines' ? 253402300799000 : FUTURE }),
  );
  const ours = lastStates(await read(config, streams)).map((each) => {
    const { stream } = structuredClone(each) as unknown as ReturnType<typeof stateOf>;
    const own = stream.stream_state.hubflake as JsonObject;
    if (own.cursor !== undefined) own.cursor = FUTURE;
    return stateOf(stream.stream_descriptor.name, { ...stream.stream_state, updatedAt: FUTURE });
  });
  for (const states of [theirs, ours]) {
    const outcome = await read(config, streams, states);
    expect(outcome.code).toBe(0);
    expect(ofType(outcome, 'RECORD').map(({ record }) => `${record.stream} ${record.data.id}`)).toEqual([]);
    expect(readMistakes(streams, outcome)).toEqual([]);
  }
});

test('a catalog that no connector could have given is an error, and no record', async () => {
  const stream = { name: '__AIRBYTE__stream_that_does_not_exist', json_schema: {}, supported_sync_modes: [] };
  const invalid = { stream, sync_mode: 'INVALID', destination_sync_mode: 'INVALID' } as unknown as ConfiguredStream;
  const outcome = await read(configOf({}), [invalid]);
  expect(outcome.code).toBe(1);
  expect(ofType(outcome, 'TRACE').filter(({ trace }) => trace.type === 'ERROR')).toHaveLength(1);
  expect(ofType(outcome, 'RECORD')).toEqual([]);
});

test('each mistake would be noticed', async () => {
  const config = configOf({});
  const discovered = await run(['discover', '--config', config]);
  const { streams } = configure(discovered, (name) => name === 'companies');
  const [company] = streams.map(({ stream }) => stream);
  const catalogWith = (change: object) => catalogMistakes([{ ...company, ...change } as never]).join('\n');
  expect(catalogWith({ source_defined_primary_key: [['properties']] })).toContain('properties is no scalar');
  expect(catalogWith({ default_cursor_field: ['nothing'] })).toContain('nothing is not in the schema');
  expect(catalogWith({ supported_sync_modes: [] })).toContain('no sync mode');
  expect(catalogWith({ source_defined_cursor: false })).toContain('resumable without a cursor of its own');
  const schema = (own: JsonObject) => ({ json_schema: { ...company?.json_schema, ...own } });
  expect(catalogWith(schema({ additionalProperties: {} }))).toContain('additionalProperties that are not true');
  expect(catalogWith(schema({ type: ['null', 'any'] }))).toContain('has the type null,any');

  const outcome = await read(config, streams);
  const with_ = (change: (lines: string[]) => string[]) =>
    readMistakes(streams, { ...outcome, lines: change(outcome.lines) }).join('\n');
  const isOf = (type: string) => (line: string) => line.startsWith(`{"type":"${type}"`);
  const lastState = messages(outcome).findLastIndex(({ type }) => type === 'STATE');
  const aRecord = outcome.lines.find(isOf('RECORD')) as string;
  expect(with_((lines) => lines)).toBe('');
  expect(with_((lines) => lines.filter((line) => !line.includes('"RUNNING"')))).toContain('a record before RUNNING');
  expect(with_((lines) => lines.filter((line) => !isOf('STATE')(line)))).toContain('no state');
  expect(with_((lines) => [...lines, aRecord])).toContain('1 records behind the last state');
  expect(with_((lines) => [...lines.slice(0, lastState + 1), aRecord, ...lines.slice(lastState)])).toContain(
    'one state twice, records between',
  );
  expect(with_((lines) => lines.filter((line) => line !== aRecord))).toContain('by sourceStats');
  expect(with_((lines) => [aRecord.replace(/"id":"\d+"/, '"id":null'), ...lines])).toContain('a record without a key');
});
