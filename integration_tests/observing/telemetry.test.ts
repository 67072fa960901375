import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SyncResult } from '../../src/commands/sync/sync-result.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { configure, hubflake, type Outcome, TestFolder } from '../support/processes/command.js';
import { deadUrl } from '../support/processes/ports.js';
import { attributesOf, OtlpReceiver, valuesBy } from './otlp-receiver.js';

/** What is exported by OpenTelemetry, as its own classes read it, and that it is never in a run's way. */

const TOKEN = 'pat-na1-of-the-telemetry';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const COLLECTOR_KEY = 'key-for-the-collector';

let sandbox: Sandbox;
let folder: TestFolder;
let receiver: OtlpReceiver;

beforeEach(async () => {
  folder = new TestFolder();
  receiver = new OtlpReceiver();
  await receiver.open();
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 120, companies: 30 },
    token: TOKEN,
    limits: { burst: 5000, searchPerSecond: 1000 },
  });
});

afterEach(async () => {
  await sandbox.close();
  await receiver.close();
  folder.remove();
});

const source = () => ({ credentials: { access_token: TOKEN }, layout: 'columns' });
const destination = () => ({ type: 'duckdb', path: folder.join('crm.duckdb') });
const pipeline = () =>
  folder.write('pipeline.json', {
    name: 'crm',
    source: source(),
    destination: destination(),
    streams: [{ name: 'contacts' }, { name: 'companies' }],
  });

const run = (args: readonly string[], environment: Record<string, string> = {}, input = ''): Promise<Outcome> =>
  hubflake(args, {
    input,
    environment: { HUBSPOT_BASE_URL: sandbox.url, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...environment },
  });

const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

/** How often each path of spans occurs. */
function paths(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const path of receiver.spans.map((span) => receiver.pathOf(span))) counts[path] = (counts[path] ?? 0) + 1;
  return counts;
}

test('the spans of a sync are within each other as what they stand for, and its metrics are what its result says', async () => {
  const outcome = await run(['sync', '--json', '--config', pipeline()], {
    TRACEPARENT: `00-${TRACE_ID}-${PARENT_ID}-01`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${COLLECTOR_KEY}`,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=tests',
  });
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  const result: SyncResult = JSON.parse(outcome.stdout);
  expect(receiver.refused).toEqual([]);
  expect(receiver.requests[0]?.headers?.Authorization ?? receiver.requests[0]?.headers?.authorization).toBe(
    COLLECTOR_KEY,
  );
  expect(receiver.resource).toMatchObject({ 'service.name': 'hubflake', 'deployment.environment.name': 'tests' });

  const { spans } = receiver;
  const [root] = spans.filter(({ name }) => name === 'hubflake sync');
  expect(root && hex(root.parentSpanId ?? '')).toBe(PARENT_ID);
  expect([...new Set(spans.map(({ traceId }) => hex(traceId)))]).toEqual([TRACE_ID]);
  expect(paths()).toMatchObject({
    'hubflake sync': 1,
    'hubflake sync > GET account': 1,
    'hubflake sync > read contacts': 1,
    'hubflake sync > read contacts > phase load': 1,
    'hubflake sync > read contacts > phase load > GET list': 2,
    'hubflake sync > read contacts > phase changes > POST search': 1,
    'hubflake sync > read contacts > commit contacts': 1,
    'hubflake sync > read companies > commit companies': 1,
  });
  const calls = spans.filter(({ kind }) => kind === 'SPAN_KIND_CLIENT');
  expect(calls).toHaveLength(result.calls.total);
  for (const call of calls) {
    expect(attributesOf(call)).toMatchObject({ 'server.address': '127.0.0.1', 'http.response.status_code': '200' });
    expect(call.events?.map(({ name }) => name)).toEqual(['sent']);
  }

  const { metrics } = receiver;
  expect(valuesBy(metrics.get('hubflake.records'), 'hubflake.stream')).toEqual(
    Object.fromEntries(result.streams.map(({ stream, records }) => [stream, records])),
  );
  expect(valuesBy(metrics.get('hubflake.calls'), 'hubflake.call.kind')).toEqual(result.calls.byKind);
  expect(valuesBy(metrics.get('hubflake.rows'), 'hubflake.change')).toMatchObject({
    inserted: result.streams.reduce((sum, { inserted }) => sum + inserted, 0),
  });
  const counted = (name: string) =>
    metrics.get(name)?.histogram?.dataPoints.reduce((sum, { count }) => sum + Number(count), 0);
  expect(counted('http.client.request.duration')).toBe(result.calls.total);
  expect(counted('hubflake.call.wait')).toBe(result.calls.total);
  expect(counted('hubflake.commit.duration')).toBe(2);
  expect(Number(metrics.get('hubflake.quota.remaining')?.gauge?.dataPoints[0]?.asDouble)).toBeGreaterThan(0);
});

/** All that spans may say. What is not here could be a token, a value or an id. */
const ATTRIBUTES = [
  'error.type',
  'http.request.method',
  'http.request.resend_count',
  'http.response.body.size',
  'http.response.status_code',
  'hubflake.batch.bytes',
  'hubflake.batch.inserted',
  'hubflake.batch.marked',
  'hubflake.batch.rows',
  'hubflake.batch.updated',
  'hubflake.call.budget',
  'hubflake.call.kind',
  'hubflake.pause.seconds',
  'hubflake.phase',
  'hubflake.pipeline',
  'hubflake.stream',
  'hubflake.streams',
  'hubflake.table',
  'server.address',
];

test('what fails is marked by its code or status; neither the token nor a value nor an id of a record is exported', async () => {
  sandbox.faults.add({ kind: 'list', objectType: 'contacts', nth: 1, fault: { type: 'status', status: 502 } });
  sandbox.faults.add({ kind: 'list', objectType: 'companies', fault: { type: 'error', status: 400 } });
  const outcome = await run(['sync', '--config', pipeline()]);
  expect(outcome.code).toBe(1);
  const failed = receiver.spans.filter(({ status }) => status?.code === 'STATUS_CODE_ERROR');
  const types = failed.map((span) => `${span.name} ${attributesOf(span)['error.type']}`);
  expect(types).toEqual(
    expect.arrayContaining(['GET list 502', 'GET list 400', 'phase archived HF-REQUEST', 'read companies HF-REQUEST']),
  );
  expect(receiver.spans.some((span) => attributesOf(span)['http.request.resend_count'] === '1')).toBe(true);
  expect(valuesBy(receiver.metrics.get('hubflake.failures'), 'hubflake.stream')).toEqual({ companies: 1 });
  for (const span of receiver.spans) {
    for (const key of Object.keys(attributesOf(span))) expect(ATTRIBUTES).toContain(key);
  }
  const exported = JSON.stringify(receiver.requests);
  expect(exported).not.toContain(TOKEN);
  expect(exported).not.toContain('@');
});

test('read and write are observed, too, and say nothing of it on stdout', async () => {
  const config = folder.write('source.json', source());
  const discovered = await hubflake(['discover', '--config', config], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
  });
  const catalog = folder.write(
    'catalog.json',
    configure(discovered, (name) => name === 'contacts'),
  );
  const read = await run(['read', '--config', config, '--catalog', catalog]);
  expect(read.code).toBe(0);
  expect(paths()).toMatchObject({ 'hubflake read > read contacts > phase load > GET list': 2 });
  const records = read.lines.filter((line) => line.startsWith('{"type":"RECORD"')).length;
  expect(valuesBy(receiver.metrics.get('hubflake.records'), 'hubflake.stream')).toEqual({ contacts: records });
  receiver.requests.length = 0;
  const to = folder.write('destination.json', destination());
  const written = await run(['write', '--config', to, '--catalog', catalog], {}, read.stdout);
  expect(written.code).toBe(0);
  expect(paths()).toEqual({ 'hubflake write': 1, 'hubflake write > commit contacts': 1 });
  expect(read.stdout + written.stdout).not.toContain('OpenTelemetry');
});

test.each([
  ['cannot be reached', async () => ({ url: await deadUrl(), close: () => {} }), /ECONNREFUSED/],
  ['never answers', silent, /took longer than 5 s/],
  ['refuses everything', refusing, /\(.*\)/],
])('a collector that %s takes one warning, and nothing else', async (_, open, why) => {
  const collector = await open();
  const outcome = await run(['sync', '--json', '--config', pipeline()], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    ...(why.source.includes('5 s') ? { OTEL_EXPORTER_OTLP_TIMEOUT: '60000' } : {}),
  });
  collector.close();
  expect(outcome.code).toBe(0);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ errors: [] });
  const lines = outcome.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^WARN OpenTelemetry's data could not be exported/);
  expect(lines[0]).toMatch(why);
});

test('what asks for another exporter or another protocol is told so, and the sync goes on', async () => {
  const outcome = await run(['sync', '--config', pipeline()], {
    OTEL_TRACES_EXPORTER: 'zipkin',
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
  });
  expect(outcome.code).toBe(0);
  expect(outcome.stderr.trim().split('\n')).toEqual([
    expect.stringContaining('OTEL_TRACES_EXPORTER names "zipkin"'),
    expect.stringContaining('metrics are not exported by "grpc"'),
  ]);
  expect(receiver.requests).toEqual([]);
});

test('nothing of OpenTelemetry is loaded where nothing asks for it', async () => {
  const spy = folder.write(
    'spy.cjs',
    `process.on('exit', () => process.stderr.write(JSON.stringify(Object.keys(require('node:module')._cache).filter((path) => path.includes('@opentelemetry')).length)));`,
  );
  const loaded = async (environment: Record<string, string>) => {
    const config = folder.write('source.json', source());
    const catalog = folder.write('catalog.json', { streams: [] });
    const { stderr } = await hubflake(['read', '--config', config, '--catalog', catalog], {
      environment: { HUBSPOT_BASE_URL: sandbox.url, NODE_OPTIONS: `--require ${spy}`, ...environment },
    });
    return Number(stderr);
  };
  expect(await loaded({})).toBe(0);
  expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED: 'true' })).toBe(0);
  expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })).toBeGreaterThan(0);
});

async function listening(answer: (end: (status: number) => void) => void) {
  const server = createServer((_, response) => answer((status) => response.writeHead(status).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

function silent() {
  return listening(() => undefined);
}

function refusing() {
  return listening((end) => end(403));
}
