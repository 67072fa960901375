import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { commandIn, hubflake, run, TestFolder } from '../support/processes/command.js';

/** How a sync looks on a terminal, by an emulator of one, and where there is none. */

const TOKEN = 'pat-na1-of-the-terminal';
const root = fileURLToPath(new URL('../../', import.meta.url));

let sandbox: Sandbox;
let folder: TestFolder;

beforeEach(async () => {
  folder = new TestFolder();
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 7000, companies: 300 },
    token: TOKEN,
    latencyMs: 40,
    limits: { burst: 5000, searchPerSecond: 1000 },
  });
  // A line of the log each time.
  sandbox.faults.add({ kind: 'list', every: 12, fault: { type: 'status', status: 502 } });
});

afterEach(async () => {
  await sandbox.close();
  folder.remove();
});

const args = () => [
  'sync',
  '--config',
  folder.write('pipeline.json', {
    name: 'crm',
    source: { credentials: { access_token: TOKEN }, layout: 'columns' },
    destination: { type: 'duckdb', path: folder.join('crm.duckdb') },
    streams: [{ name: 'contacts' }, { name: 'companies' }],
  }),
];

interface Shown {
  code: number;
  raw: string;
  /** What is on the screen after each time that it was drawn on. */
  frames: { columns: number; lines: string[] }[];
  /** What is on the screen, and above it, in the end. */
  left: string[];
  stdout: string;
}

async function onTerminal(columns: number, later: number, environment: Record<string, string> = {}): Promise<Shown> {
  const terminal = [
    `${root}integration_tests/python/screen.py`,
    String(columns),
    '12',
    String(later),
    folder.join('out'),
  ];
  const outcome = await run(`${root}.venv/bin/python`, [...terminal, process.execPath, ...commandIn(), ...args()], {
    environment: { HUBSPOT_BASE_URL: sandbox.url, TERM: 'xterm-256color', NO_COLOR: '', ...environment },
  });
  expect(outcome.stderr).toBe('');
  return { ...JSON.parse(outcome.stdout), stdout: readFileSync(folder.join('out'), 'utf8') };
}

const LOG = /^INFO HubSpot .*trying again in/;
const STREAM = /^(contacts|companies) +[━─]+ +\d+ % +[\d,]+ of [\d,]+ +[\d,]+\/s$/;
const TOTALS = /^\d+ s {2}[\d,]+ records {2}[\d,]+\/s {2}[\d,]+ calls/;
const GREEN = '\u001b[32m';

test('a line a running stream and one of all, below the lines of the log, which stay whole; nothing of it is left', async () => {
  const { code, frames, left, raw, stdout } = await onTerminal(110, 110);
  expect(code).toBe(0);
  expect(stdout).toContain('contacts');
  expect(raw).toContain(GREEN);
  const lines = frames.flatMap((frame) => frame.lines).filter((line) => line !== '');
  expect(lines.some((line) => STREAM.test(line))).toBe(true);
  expect(lines.some((line) => /\d+ of 5,000 left in 10 s/.test(line))).toBe(true);
  for (const line of lines) expect(line).toMatch(/^(contacts|companies) |^\d+ s {2}|^INFO |^\S.*trying|^.*s\.$/);
  // At most one line of totals at a time: none was left standing.
  for (const frame of frames) expect(frame.lines.filter((line) => TOTALS.test(line)).length).toBeLessThanOrEqual(1);
  expect(
    frames.some((frame) => frame.lines.some((line) => LOG.test(line)) && frame.lines.some((line) => TOTALS.test(line))),
  ).toBe(true);
  const logged = [...raw.matchAll(/INFO [^\r\n]*/g)].map(([line]) => line);
  expect(logged.length).toBeGreaterThan(2);
  expect(left.join('')).toBe(logged.join(''));
});

test('follows the width of the window, and has no colours where NO_COLOR is set', async () => {
  const { frames, raw } = await onTerminal(110, 50, { NO_COLOR: '1' });
  const narrow = frames.filter(({ columns }) => columns === 50);
  expect(narrow.length).toBeGreaterThan(2);
  const totals = narrow.flatMap(({ lines }) => lines).filter((line) => TOTALS.test(line));
  expect(totals.length).toBeGreaterThan(2);
  for (const line of totals) expect(line.length).toBeLessThanOrEqual(49);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for
  expect(raw).not.toMatch(/\u001b\[\d*m/);
});

test('a terminal that can do nothing, and a pipe, get plain lines', async () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for
  expect((await onTerminal(110, 110, { TERM: 'dumb' })).raw).not.toMatch(/\u001b/);
  const { stderr } = await hubflake(args(), { environment: { HUBSPOT_BASE_URL: sandbox.url } });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for
  expect(stderr).not.toMatch(/[\u001b\r]/);
});

test('as JSON, each line of the log says its stream, its phase and, of an error, its code; the protocol keeps its own', async () => {
  sandbox.faults.set([]);
  sandbox.faults.add({ kind: 'list', objectType: 'contacts', nth: 2, fault: { type: 'status', status: 502 } });
  sandbox.faults.add({ kind: 'list', objectType: 'companies', fault: { type: 'error', status: 400 } });
  const { stderr, code } = await hubflake([...args(), '--log-format', 'json'], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
  });
  expect(code).toBe(1);
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(lines).toContainEqual({
    time,
    level: 'info',
    message: expect.stringContaining('trying again'),
    stream: 'contacts',
    phase: 'archived',
  });
  expect(lines).toContainEqual({
    time,
    level: 'error',
    message: expect.stringMatching(/^companies: /),
    stream: 'companies',
    code: 'HF-REQUEST',
  });
  const spec = await hubflake(['spec', '--log-format', 'json']);
  expect(spec.code).toBe(0);
  expect(spec.lines.map((line) => JSON.parse(line).type)).toEqual(['LOG', 'SPEC']);
  expect(spec.stderr).toBe('');
});
