import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { SyncResult } from '../../src/commands/sync/sync-result.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { query } from '../support/duckdb.js';
import { hubflake, type Outcome, TestFolder } from '../support/processes/command.js';

let sandbox: Sandbox;
let folder: TestFolder;

beforeEach(async () => {
  folder = new TestFolder();
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 30, companies: 5 }, limits: 'off' });
});

afterEach(async () => {
  await sandbox.close();
  folder.remove();
});

const database = () => folder.join('w.duckdb');
const pipeline = () =>
  folder.write('pipeline.json', {
    name: 'crm',
    source: {
      credentials: { access_token: sandbox.token },
      objects: [{ object_type: 'contacts', properties: ['lastname'] }, { object_type: 'companies' }],
      layout: 'columns',
    },
    destination: { type: 'duckdb', path: database() },
  });

function sync(args: readonly string[], during?: (child: ChildProcess) => void): Promise<Outcome> {
  const environment = { HUBSPOT_BASE_URL: sandbox.url };
  return hubflake(['sync', '--config', pipeline(), ...args], { environment, ...(during ? { during } : {}) });
}

/** Starts a service. */
async function start(args: readonly string[]): Promise<{ child: ChildProcess; outcome: Promise<Outcome> }> {
  let outcome: Promise<Outcome> | null = null;
  const child = await new Promise<ChildProcess>((resolve) => {
    outcome = sync(args, resolve);
  });
  return { child, outcome: outcome as unknown as Promise<Outcome> };
}

/** Resolves with what stderr has once it matches. */
function logged(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = pattern.exec(text);
      if (found) resolve(found);
    });
    child.once('close', () => reject(new Error(`The service ended without saying ${pattern}: ${text}`)));
  });
}

/** Asks until `isRight`, for as long as a test takes. */
async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    await pause(200);
  }
}

test('a service brings changes, says how it is, and ends with SIGTERM behind its round', async () => {
  const { child, outcome } = await start([
    '--every',
    '10s',
    '--listen',
    '0',
    '--json',
    '--report',
    folder.join('report.html'),
  ]);
  const [, url = ''] = await logged(child, /(http:\/\/127\.0\.0\.1:\d+\/)/);
  const health = async () => {
    const response = await fetch(`${url}healthz`);
    return { status: response.status, ...((await response.json()) as { isWell: boolean; late: unknown[] }) };
  };
  await until(health, ({ isWell }) => isWell);
  expect(await health()).toMatchObject({ status: 200, late: [], failure: null });

  const [contact] = sandbox.portal.truth('contacts').live;
  sandbox.portal.edit('contacts', contact?.id as string, { lastname: 'Served' });
  const rows = () =>
    query(database(), `SELECT count(*)::INTEGER AS n FROM contacts WHERE lastname = 'Served'`).catch(() => []);
  await until(rows, ([row]) => row?.n === 1);

  const metrics = await until(
    async () => (await fetch(`${url}metrics`)).text(),
    (text) => /hubflake_rows_total\{stream="contacts",change="updated"\} 1/.test(text),
  );
  expect(metrics).toMatch(/^hubflake_freshness_seconds_count\{stream="contacts"\} 1$/m);
  expect(metrics).toMatch(/^hubflake_late_streams 0$/m);
  expect(metrics).not.toContain(sandbox.token);
  const page = await fetch(url);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const [, data = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(await page.text()) ?? [];
  expect(JSON.parse(data)).toMatchObject({ pipeline: 'crm', endedAt: null, verdict: { is: 'good' } });
  expect(data).toContain('["contacts",');
  expect(data).not.toContain(sandbox.token);
  expect(readFileSync(folder.join('report.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*contacts/i);
  expect((await fetch(`${url}other`)).status).toBe(404);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);

  child.kill('SIGTERM');
  const { signal, lines, stderr } = await outcome;
  expect(signal).toBe('SIGTERM');
  const results = lines.map((line) => JSON.parse(line) as SyncResult);
  const records = results.map(({ streams }) => streams.map(({ stream, records: n }) => [stream, n]));
  // Rounds that bring nothing are not told of.
  expect(records).toHaveLength(2);
  expect(records[1]).toEqual([
    ['contacts', 1],
    ['companies', 0],
  ]);
  expect(stderr).not.toMatch(/ERROR/);
});

test('a stream that fails for more than three intervals makes the service unwell', async () => {
  const { child, outcome } = await start(['--every', '10s', '--listen', '127.0.0.1:0']);
  const [, url = ''] = await logged(child, /(http:\/\/127\.0\.0\.1:\d+\/)/);
  const health = async () => {
    const response = await fetch(`${url}healthz`);
    return {
      status: response.status,
      body: (await response.json()) as { isWell: boolean; late: { stream: string }[] },
    };
  };
  await until(health, ({ status }) => status === 200);
  sandbox.faults.set([{ objectType: 'companies', fault: { type: 'error', status: 403, category: 'MISSING_SCOPES' } }]);
  const { body } = await until(health, ({ status }) => status === 503);
  expect(body).toMatchObject({ isWell: false, late: [{ stream: 'companies', code: 'HF-SCOPES' }] });
  sandbox.faults.set([]);
  await until(health, ({ status }) => status === 200);
  child.kill('SIGTERM');
  await outcome;
});

test('while HubSpot is down in the first round, the service says what it waits for', async () => {
  sandbox.faults.set([{ fault: { type: 'status', status: 503 } }]);
  const { child, outcome } = await start(['--every', '10s', '--listen', '0']);
  const [, url = ''] = await logged(child, /(http:\/\/127\.0\.0\.1:\d+\/)/);
  const health = async () => {
    const response = await fetch(`${url}healthz`);
    const { round } = (await response.json()) as { round: { seconds: number; repeats: string | null } | null };
    return { status: response.status, repeats: round?.repeats ?? null };
  };
  const { status, repeats } = await until(health, (each) => each.repeats !== null);
  expect(status).toBe(503);
  expect(repeats).toMatch(/^HubSpot answered 503/);
  child.kill('SIGTERM');
  await outcome;
});

test.each([
  [['--every', '5s'], /--every is 5s; the shortest interval is 10s/],
  [['--every', 'often'], /--every should be a number with its unit, as 60s, 5m or 1h, but is "often"/],
  [['--every', '60'], /--every should be a number with its unit/],
  [['--every', '25h'], /the longest interval is 24h/],
  [['--listen', '8080'], /--listen is for a service. Add --every/],
  [
    ['--every', '60s', '--report', '/nowhere/report.html'],
    /The report \/nowhere\/report\.html cannot be written: there is no such folder/,
  ],
  [['--every', '60s', '--listen', 'nowhere'], /--listen should be a host and a port/],
  [['--every', '60s', '--listen', '127.0.0.1:70000'], /--listen should be a host and a port/],
  [['--every', '60s', '--listen', '192.0.2.1:0'], /192\.0\.2\.1:0 cannot be listened on/],
])('%j is refused in one sentence, before anything is read', async (args, message) => {
  const { code, stderr, stdout } = await sync(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(message);
  expect(stderr.match(/ERROR/g)).toHaveLength(1);
  expect(sandbox.calls.counts().total).toBe(0);
});

test('a port in use is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await sync(['--every', '60s', '--listen', `127.0.0.1:${port}`]);
  other.close();
  expect(code).toBe(1);
  expect(stderr).toContain(`the port ${port} of 127.0.0.1 is in use`);
});

test('a refused token ends the service at once, with exit code 1', async () => {
  sandbox.faults.set([{ fault: { type: 'unauthorized', category: 'INVALID_AUTHENTICATION' } }]);
  const { code, stderr } = await sync(['--every', '10s']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/HF-CREDENTIALS/);
});
