import { existsSync, readFileSync } from 'node:fs';
import type { SyncForecast } from '../../src/commands/sync/run-plan.js';
import type { SyncResult } from '../../src/commands/sync/sync-result.js';
import type { VerifyResult } from '../../src/commands/verify/run-verify.js';
import type { ReportData, ReportTable } from '../../src/observing/report/report-data.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { hubflake, type RunOptions, TestFolder } from '../support/processes/command.js';

/** `--report` says what the result says, and is never in its way. */

const TOKEN = 'pat-na1-of-the-report';

let sandbox: Sandbox;
let folder: TestFolder;
/** What happens at each call of a test. */
let onCall = () => {};

beforeEach(async () => {
  folder = new TestFolder();
  onCall = () => {};
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 120, companies: 30 },
    token: TOKEN,
    onCall: () => onCall(),
    limits: { burst: 5000, searchPerSecond: 1000 },
  });
});

afterEach(async () => {
  await sandbox.close();
  folder.remove();
});

function pipeline(streams: readonly string[] = ['contacts', 'companies', 'owners']): string {
  return folder.write('pipeline.json', {
    name: 'crm',
    source: { credentials: { access_token: TOKEN }, layout: 'columns' },
    destination: { type: 'duckdb', path: folder.join('crm.duckdb') },
    streams: streams.map((name) => ({ name })),
  });
}

const run = (args: readonly string[], options: RunOptions = {}) =>
  hubflake([...args, '--config', pipeline()], { environment: { HUBSPOT_BASE_URL: sandbox.url }, ...options });

/** The data of a page. */
function report(name = 'report.html'): ReportData {
  const page = readFileSync(folder.join(name), 'utf8');
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '');
}

const tableOf = ({ tables }: ReportData, heading: string): ReportTable => {
  const found = tables.find((table) => table.heading === heading);
  if (!found) throw new Error(`There is no table ${heading}.`);
  return found;
};

/** A column of a table by its first cells. */
const column = ({ columns, rows }: ReportTable, label: string) => {
  const index = columns.findIndex((each) => each.label === label);
  return Object.fromEntries(rows.map((row) => [String(row[0]), row[index]]));
};

test('of a sync: its streams, its calls as the sandbox counts them, and what HubSpot says of the day', async () => {
  const outcome = await run(['sync', '--json', '--report', folder.join('report.html')]);
  expect(outcome.code).toBe(0);
  const result: SyncResult = JSON.parse(outcome.stdout);
  const data = report();
  expect(data).toMatchObject({ command: 'sync', pipeline: 'crm', verdict: { is: 'good' } });
  for (const { stream, records, inserted } of result.streams) {
    expect(column(tableOf(data, 'Streams'), 'records')[stream]).toBe(records);
    expect(column(tableOf(data, 'Streams'), 'inserted')[stream]).toBe(inserted);
  }
  const kinds = column(tableOf(data, 'Calls to HubSpot'), 'calls');
  expect(kinds).toEqual(result.calls.byKind);
  const made = Object.values(kinds).reduce<number>((sum, calls) => sum + Number(calls), 0);
  expect(sandbox.calls.counts().total).toBe(made);
  expect(data.timeline?.calls.reduce((sum, calls) => sum + calls, 0)).toBe(made);
  expect(data.limits.burst).toBe(5000);
  expect(data.quota).toMatchObject({ max: expect.any(Number), ours: made });
  expect(Object.values(column(tableOf(data, 'Streams'), 'calls')).every((calls) => Number(calls) > 0)).toBe(true);
});

test('of a plan and of a verification: their rows', async () => {
  const planned = await run(['plan', '--json', '--report', folder.join('report.html')]);
  const { streams: forecasts, calls }: SyncForecast = JSON.parse(planned.stdout);
  expect(planned.code).toBe(0);
  expect(forecasts).toHaveLength(3);
  const rows = Object.fromEntries(forecasts.map((each) => [each.stream, each.rows]));
  expect(column(tableOf(report(), 'Streams'), 'rows at most')).toEqual(rows);
  expect(report().figures).toContainEqual({ label: 'Calls a sync', value: calls.total, unit: expect.any(String) });
  expect((await run(['sync'])).code).toBe(0);
  const verified = await run(['verify', '--json', '--report', folder.join('report.html')]);
  const { streams }: VerifyResult = JSON.parse(verified.stdout);
  expect(streams).toHaveLength(2);
  expect(report()).toMatchObject({ command: 'verify', verdict: { is: 'good', text: 'The tables equal HubSpot.' } });
  const portal = Object.fromEntries(streams.map((each) => [each.stream, each.portal]));
  expect(column(tableOf(report(), 'Streams'), 'in HubSpot')).toEqual(portal);
});

test('a path that cannot be written is said before HubSpot is asked anything', async () => {
  const outcome = await run(['sync', '--report', folder.join('none/report.html')]);
  expect(outcome).toMatchObject({ code: 1, stdout: '' });
  expect(outcome.stderr.trim().split('\n')).toEqual([
    expect.stringMatching(
      /^ERROR The report .*none\/report\.html cannot be written: there is no such folder\. .* \[HF-CONFIG\]$/,
    ),
  ]);
  expect(sandbox.calls.counts().total).toBe(0);
  expect(existsSync(folder.join('crm.duckdb'))).toBe(false);
});

test('a report that cannot be written in the end hides nothing of the result', async () => {
  const other = new TestFolder();
  onCall = () => other.remove();
  const outcome = await run(['sync', '--json', '--report', other.join('report.html')]);
  expect(outcome.code).toBe(0);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ pipeline: 'crm', errors: [] });
  expect(outcome.stderr).toMatch(/WARN The report .* could not be written: there is no such folder\./);
});

test('a sync that fails as a whole has a report, too, with its error', async () => {
  const refused = folder.write('refused.json', {
    ...JSON.parse(readFileSync(pipeline(), 'utf8')),
    source: { credentials: { access_token: 'pat-na1-another-one' } },
  });
  const outcome = await hubflake(['sync', '--config', refused, '--report', folder.join('report.html')], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
  });
  expect(outcome.code).toBe(1);
  expect(report().verdict).toEqual({ is: 'bad', text: expect.stringContaining('[HF-CREDENTIALS]') });
  expect(readFileSync(folder.join('report.html'), 'utf8')).not.toContain('pat-na1-another-one');
});
