// npm run bench: what hubflake costs beside a floor, in CPU seconds, since wall time on a shared machine says little. The
// sandbox runs in a process of its own; each command is run several times, in turn with its floor, and the least is kept.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hubflake-bench-'));
const RUNS = 3;
const RECORD = '{"type":"RECORD"';
const RECORDS = 20_000;
/** The sample's contacts have some properties of their own; these make about a hundred. */
const FURTHER_PROPERTIES = 70;

const write = (name, content) => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

/** Runs node on a script; what it cost, and how many records it wrote. */
async function measure(script, args, env) {
  const cost = join(folder, 'cost.json');
  const child = spawn(process.execPath, ['--import', join(root, 'bench/measure.mjs'), join(root, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env, BENCH_COST: cost },
  });
  let records = 0;
  let bytes = 0;
  let lineStart = Buffer.alloc(0);
  child.stdout.on('data', (chunk) => {
    bytes += chunk.length;
    // A line's beginning may be cut by a chunk's end.
    const text = Buffer.concat([lineStart, chunk]);
    for (let at = text.indexOf(RECORD); at !== -1; at = text.indexOf(RECORD, at + 1)) records += 1;
    lineStart = Buffer.from(text.subarray(-(RECORD.length - 1)));
  });
  const startedAt = performance.now();
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return { ...JSON.parse(readFileSync(cost, 'utf8')), seconds: (performance.now() - startedAt) / 1000, records, bytes };
}

/** The run of several that cost the least CPU, and the largest memory of all. */
function best(runs) {
  const least = runs.reduce((a, b) => (a.cpuSeconds <= b.cpuSeconds ? a : b));
  return { ...least, maxRssMb: Math.max(...runs.map((run) => run.maxRssMb)) };
}

async function startSandbox() {
  const args = ['sandbox', '--contacts', String(RECORDS), '--properties', String(FURTHER_PROPERTIES), '--no-limits'];
  const child = spawn(process.execPath, [join(root, 'dist/main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(chunk.toString())));
  return { ...JSON.parse(line), stop: () => child.kill() };
}

async function main() {
  const sandbox = await startSandbox();
  const env = { HUBSPOT_BASE_URL: sandbox.url };
  const rows = [];
  try {
    for (const layout of ['airbyte', 'columns']) {
      const config = write('config.json', { credentials: { access_token: sandbox.token }, layout, burst_share: 1 });
      const stream = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh'] };
      const catalog = write('catalog.json', {
        streams: [{ stream, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }],
      });
      const floors = [];
      const reads = [];
      for (let run = 0; run < RUNS; run += 1) {
        floors.push(await measure('bench/floors/read.mjs', [sandbox.url, sandbox.token, layout], env));
        reads.push(await measure('dist/main.js', ['read', '--config', config, '--catalog', catalog], env));
      }
      rows.push({ what: `read, layout ${layout}`, own: best(reads), floor: best(floors) });
    }
  } finally {
    sandbox.stop();
  }
  report(rows);
}

function report(rows) {
  const perMillion = ({ cpuSeconds, records }) => (cpuSeconds / records) * 1e6;
  console.log(
    `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${RECORDS.toLocaleString('en')} contacts, least of ${RUNS} runs\n`,
  );
  console.log('| | CPU s per million records | floor | ratio | peak RSS | floor RSS | records |');
  console.log('|---|---|---|---|---|---|---|');
  for (const { what, own, floor } of rows) {
    const cells = [
      what,
      perMillion(own).toFixed(0),
      perMillion(floor).toFixed(0),
      (perMillion(own) / perMillion(floor)).toFixed(2),
      `${own.maxRssMb.toFixed(0)} MB`,
      `${floor.maxRssMb.toFixed(0)} MB`,
      own.records,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  const results = join(root, 'bench/results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'latest.json'), `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
