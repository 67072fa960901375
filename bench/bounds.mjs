// npm run bench:bounds [-- name…]: what `write` takes of memory and disk, however many records come and however slow the
// warehouse is. Not part of the benchmark, since it takes minutes. Ends with 1 where a bound is not kept.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newPath, root, writeJson } from './kit/measure.mjs';
import { catalogOf } from './kit/messages.mjs';
import { startStub, stubConfig } from './kit/stub.mjs';

const SAMPLE_MS = 250;
const MEGABYTE = 1024 * 1024;

/** A file is closed, not cut: the blocks under way when the bound is reached still go into it. */
const SPOOL_SLACK_MB = 2;

const CASES = [
  { name: '10,000,000 small records, Snowflake', records: 10_000_000, shape: 'small', rss: 300, disk: 2048 },
  {
    name: '1,000,000 small records, Snowflake that takes 1 s for each MB',
    records: 1_000_000,
    shape: 'small',
    slowness: 1000,
    config: { flush_mb: 2, spool_max_mb: 6 },
    rss: 300,
    disk: 6 + SPOOL_SLACK_MB,
  },
  { name: '200,000 wide records, Snowflake', records: 200_000, shape: 'wide', rss: 300, disk: 2048 },
  { name: '1,000,000 wide records, DuckDB', records: 1_000_000, shape: 'wide', duckdb: true, rss: 600, disk: 2048 },
  { name: '1,000,000 small records, DuckDB', records: 1_000_000, shape: 'small', duckdb: true, rss: 600, disk: 2048 },
  {
    name: '1,000,000 small records again, DuckDB',
    records: 1_000_000,
    shape: 'small',
    duckdb: true,
    runs: 2,
    rss: 700,
    disk: 2048,
  },
  // What is documented for so many columns (decision 13), and the program itself.
  ...[500, 1000, 2000].flatMap((properties) =>
    [1, 2].map((runs) => ({
      name: `3,000 records of ${properties} properties${runs > 1 ? ' again' : ''}, DuckDB`,
      records: 3000,
      shape: `${properties}`,
      duckdb: true,
      runs,
      rss: 150 + 150 + 0.75 * properties + 128,
      disk: 2048,
    })),
  ),
];

/** Megabytes of a process in memory, now; null when it has ended. */
function residentMb(pid) {
  try {
    return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return null;
  }
}

function sizeMb(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    // A file may go between the two calls.
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes / MEGABYTE;
}

/** Pipes messages into `write`; samples of its memory and its spool. */
async function run(config, spool, { records, shape }) {
  const cost = newPath('cost.json');
  const source = spawn(process.execPath, [join(root, 'bench/kit/messages.mjs'), `${records}`, shape], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const args = ['write', '--config', config, '--catalog', writeJson('catalog.json', catalogOf(shape))];
  const program = [join(root, 'dist/main.js'), ...args];
  const child = spawn(process.execPath, ['--import', join(root, 'bench/kit/cost.mjs'), ...program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, BENCH_COST: cost },
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  source.stdout.pipe(child.stdin);
  const samples = [];
  const timer = setInterval(() => {
    const rss = residentMb(child.pid);
    if (rss !== null) samples.push({ rss, disk: sizeMb(spool) });
  }, SAMPLE_MS);
  const startedAt = performance.now();
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  const states = out.split('\n').filter((line) => line.startsWith('{"type":"STATE"')).length;
  if (code !== 0 || states !== Math.floor(records / 10_000))
    throw new Error(`it ended with ${code}, ${states} states: ${out.slice(-2000)}`);
  return { samples, seconds: (performance.now() - startedAt) / 1000, ...JSON.parse(readFileSync(cost, 'utf8')) };
}

async function measure({ duckdb, slowness, config: settings, runs = 1, ...shape }) {
  const spool = newPath('spool');
  mkdirSync(spool);
  const stub = duckdb ? null : await startStub(slowness);
  const more = { ...settings, spool_dir: spool };
  const destination = duckdb ? { type: 'duckdb', path: newPath('bench.duckdb'), ...more } : stubConfig(stub.host, more);
  try {
    const config = writeJson('config.json', destination);
    for (let earlier = 1; earlier < runs; earlier += 1) await run(config, spool, shape);
    return await run(config, spool, shape);
  } finally {
    stub?.close();
  }
}

const highest = (samples, what) => Math.max(...samples.map((sample) => sample[what]));

const chosen = process.argv.slice(2);
const rows = [];
for (const each of CASES.filter(({ name }) => chosen.length === 0 || chosen.some((part) => name.includes(part)))) {
  process.stderr.write(`${each.name} …\n`);
  const { samples, seconds, cpuSeconds, maxRssMb } = await measure(each);
  // Of the second and the last fifth: what grows with the records shows between them.
  const fifth = Math.ceil(samples.length / 5);
  rows.push({
    name: each.name,
    rss: maxRssMb,
    rssBound: each.rss,
    early: highest(samples.slice(fifth, 2 * fifth + 1), 'rss'),
    late: highest(samples.slice(-fifth), 'rss'),
    disk: highest(samples, 'disk'),
    diskBound: each.disk,
    cpuSeconds,
    seconds,
  });
}

const within = (value, bound) => `${value.toFixed(0)} of ${bound}${value <= bound ? '' : ' **too much**'}`;
const titles = ['', 'peak RSS, MB', 'RSS in the 2nd fifth', 'in the last', 'peak spool, MB', 'CPU s', 's'];
const lines = rows.map((row) => [
  row.name,
  within(row.rss, row.rssBound),
  row.early.toFixed(0),
  row.late.toFixed(0),
  within(row.disk, row.diskBound),
  row.cpuSeconds.toFixed(1),
  row.seconds.toFixed(0),
]);
const table = [titles, titles.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
console.log(table);
mkdirSync(join(root, 'bench/results'), { recursive: true });
writeFileSync(join(root, 'bench/results/bounds.md'), `${table}\n`);
if (rows.some(({ rss, rssBound, disk, diskBound }) => rss > rssBound || disk > diskBound)) process.exitCode = 1;
