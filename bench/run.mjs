// npm run bench [-- name…] [--runs=3] [--records=n] [--peers]: what hubflake costs beside a floor, in CPU seconds, since wall time on a
// shared machine says little. Each case is a module's of bench/cases; with names, only those cases run whose name has one of them.
//
// A case is {name, goal?, leastGoal?, timeGoal?, runs?, open}: `open()` gives {own, floor?, boundSeconds?, close?}, where `own` and
// `floor` run it once and give what that cost (kit/measure.mjs). They run in turn, several times, and the least of each is kept. Of the
// floor's CPU, `goal` is what it may be at most, `leastGoal` what it must be at least; `timeGoal` is what the time may be of
// `boundSeconds`. `--records` is passed to `open`, for cases that can be made shorter or longer (histories). With --peers, the programs
// of others run too (bench/peers), each as `own`, with hubflake as its floor; one that does not install on this machine is named and
// left out.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './kit/measure.mjs';
import { NotInstalled } from './kit/python.mjs';
import { best, table } from './kit/report.mjs';

const { values, positionals } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    records: { type: 'string' },
    peers: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

async function casesOf(folder) {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.mjs'));
  const modules = await Promise.all(files.sort().map((file) => import(join(root, folder, file))));
  return modules.flatMap(({ cases }) => cases);
}

async function runCase({ name, goal, leastGoal, timeGoal, runs = Number(values.runs), open }) {
  const { own, floor, boundSeconds, close } = await open(
    values.records === undefined ? {} : { records: Number(values.records) },
  );
  const costs = { own: [], floor: [] };
  try {
    for (let run = 0; run < runs; run += 1) {
      if (floor) costs.floor.push(await floor());
      costs.own.push(await own());
    }
  } finally {
    await close?.();
  }
  return {
    name,
    own: best(costs.own),
    ...(floor ? { floor: best(costs.floor), goal, leastGoal } : {}),
    ...(boundSeconds === undefined ? {} : { boundSeconds, timeGoal }),
  };
}

const all = [...(await casesOf('bench/cases')), ...(values.peers ? await casesOf('bench/peers') : [])];
const chosen = all.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
const rows = [];
const leftOut = [];
for (const each of chosen) {
  process.stderr.write(`${each.name} …\n`);
  try {
    rows.push(await runCase(each));
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    leftOut.push(`Not run: ${each.name}, since it does not install here (${error.message}).\n`);
  }
}

const machine = `${cpus().length} × ${cpus()[0]?.model}`;
const text = `node ${process.version}, ${machine}, least of ${values.runs} runs where a case sets no other number\n\n${table(rows)}\n${leftOut.join('')}`;
console.log(text);
const results = join(root, 'bench/results');
mkdirSync(results, { recursive: true });
writeFileSync(join(results, 'latest.md'), text);
writeFileSync(join(results, 'latest.json'), `${JSON.stringify({ node: process.version, machine, rows }, null, 2)}\n`);
