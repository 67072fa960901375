// Runs a program of this repository as a process of its own, and says what it cost.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hubflake-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const RECORD = '{"type":"RECORD"';
const STATE = '{"type":"STATE"';
let files = 0;

/** The path of a new file of the benchmark, which goes when it ends. */
export function newPath(name) {
  files += 1;
  return join(folder, `${files}-${name}`);
}

/** Writes a value as JSON into a new file; its path. */
export function writeJson(name, value) {
  const path = newPath(name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/**
 * Runs node on a script of the repository.
 *
 * @param options.env more of the environment
 * @param options.input the file that is its stdin
 * @returns {Promise<{cpuSeconds: number, maxRssMb: number, seconds: number, records: number, bytes: number}>} `records`: RECORD
 *   lines in what it wrote
 */
export function measure(script, args = [], options = {}) {
  const own = ['--import', join(root, 'bench/kit/cost.mjs'), join(root, script)];
  return measureProgram(process.execPath, [...own, ...args], options);
}

/**
 * The same of any program that writes what it cost to the file BENCH_COST names.
 *
 * @param options.record what a RECORD line begins with
 * @param options.count what is counted of the stream of what it writes, while it flows; by default RECORD lines and bytes
 */
export async function measureProgram(
  program,
  args,
  { env = {}, input, record = RECORD, count = (stream) => countRecords(stream, record) } = {},
) {
  const cost = newPath('cost.json');
  const child = spawn(program, args, {
    stdio: [input === undefined ? 'ignore' : openSync(input), 'pipe', 'inherit'],
    env: { ...process.env, ...env, BENCH_COST: cost },
  });
  const counted = count(child.stdout);
  const startedAt = performance.now();
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  const seconds = (performance.now() - startedAt) / 1000;
  return { ...JSON.parse(readFileSync(cost, 'utf8')), seconds, ...counted };
}

/** Runs `read`, and gives the last state of each of its streams, as the next run takes them. */
export function readStates(args, env) {
  const { stdout, status } = spawnSync(process.execPath, [join(root, 'dist/main.js'), 'read', ...args], {
    env: { ...process.env, ...env },
    maxBuffer: 4 * 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`read ended with ${status}`);
  const states = new Map();
  for (let at = stdout.indexOf(STATE); at !== -1; at = stdout.indexOf(STATE, at + 1)) {
    const { state } = JSON.parse(stdout.subarray(at, stdout.indexOf('\n', at)).toString());
    states.set(state.stream.stream_descriptor.name, state);
  }
  return [...states.values()];
}

/** Counts RECORD lines and bytes of a stream while it flows. */
function countRecords(stream, record) {
  const counted = { records: 0, bytes: 0 };
  let lineStart = Buffer.alloc(0);
  stream.on('data', (chunk) => {
    counted.bytes += chunk.length;
    // A line's beginning may be cut by a chunk's end.
    const text = Buffer.concat([lineStart, chunk]);
    for (let at = text.indexOf(record); at !== -1; at = text.indexOf(record, at + 1)) counted.records += 1;
    lineStart = Buffer.from(text.subarray(-(record.length - 1)));
  });
  return counted;
}
