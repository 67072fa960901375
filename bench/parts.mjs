// npm run bench:parts [-- name…]: what `read` takes of memory and calls, and how long its states are, for streams that HubSpot answers a part
// at a time: members of 50,000 lists, submissions of 500 forms. Not part of the benchmark, since it takes minutes. Ends with 1 where a
// bound is not kept.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startManyParts } from './kit/many-parts.mjs';
import { measure, newPath, root, writeJson } from './kit/measure.mjs';

const MEGABYTE = 1024 * 1024;
const RECORD = Buffer.from('{"type":"RECORD"');
const STATE = Buffer.from('{"type":"STATE"');

/** A few lists that are long, and many short ones: two million members in all. */
const LONG = [200_000, 200_000, 200_000, 200_000];
const LISTS = [...LONG, ...Array.from({ length: 50_000 - LONG.length }, () => 24)];
const FORMS = Array.from({ length: 500 }, () => 400);

const CASES = [
  {
    name: 'list_memberships: 50,000 lists, 2,000,000 members',
    stream: 'list_memberships',
    portal: { lists: LISTS },
    records: LISTS.reduce((sum, size) => sum + size),
    steps: [
      { name: 'first load', rss: 650, calls: 55_000 },
      { name: 'nothing changed', records: 0, rss: 300, calls: 110 },
      {
        name: '100 lists grew',
        records: 100,
        rss: 300,
        calls: 210,
        change: (portal) => {
          for (let list = 0; list < 100; list += 1) portal.join(list * 500);
        },
      },
    ],
  },
  {
    name: 'form_submissions: 500 forms, 200,000 submissions',
    stream: 'form_submissions',
    portal: { forms: FORMS },
    records: FORMS.reduce((sum, size) => sum + size),
    steps: [
      { name: 'first load', rss: 250, calls: 4_100 },
      { name: 'nothing changed', records: 0, rss: 250, calls: 600 },
    ],
  },
];

/** Counts messages of a stream while it flows, and keeps the last state. */
function countMessages(stream) {
  const counted = { records: 0, states: 0, stateMb: 0, longestMb: 0, last: null };
  let pieces = [];
  const take = (line) => {
    if (line.subarray(0, RECORD.length).equals(RECORD)) counted.records += 1;
    if (!line.subarray(0, STATE.length).equals(STATE)) return;
    counted.states += 1;
    counted.stateMb += line.length / MEGABYTE;
    counted.longestMb = Math.max(counted.longestMb, line.length / MEGABYTE);
    counted.last = line;
  };
  stream.on('data', (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const rest = chunk.subarray(start, end);
      take(pieces.length === 0 ? rest : Buffer.concat([...pieces, rest]));
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  });
  return counted;
}

/** Runs the steps of a case, each from the state of the one before. */
async function run({ name, stream, portal: parts, records, steps }) {
  const portal = await startManyParts(parts);
  const credentials = { access_token: 'pat-na1-many-parts' };
  const config = writeJson('config.json', { credentials, burst_share: 1, include: [stream] });
  const streams = [
    {
      stream: { name: stream, json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] },
      sync_mode: 'incremental',
      destination_sync_mode: 'append_dedup',
    },
  ];
  const args = ['read', '--config', config, '--catalog', writeJson('catalog.json', { streams })];
  const env = { HUBSPOT_BASE_URL: portal.url };
  const rows = [];
  let state = [];
  try {
    for (const step of steps) {
      step.change?.(portal);
      portal.counts.calls = 0;
      process.stderr.write(`${name}, ${step.name} …\n`);
      const cost = await measure('dist/main.js', [...args, ...state], { env, count: countMessages });
      const wanted = step.records ?? records;
      if (cost.records !== wanted) throw new Error(`${step.name}: ${cost.records} records instead of ${wanted}`);
      const path = newPath('state.json');
      writeFileSync(path, JSON.stringify([JSON.parse(cost.last).state]));
      state = ['--state', path];
      rows.push({ ...cost, calls: portal.counts.calls, name: `${name}, ${step.name}`, bounds: step });
    }
  } finally {
    portal.close();
  }
  return rows;
}

const chosen = process.argv.slice(2);
const rows = [];
for (const each of CASES.filter(({ name }) => chosen.length === 0 || chosen.some((part) => name.includes(part)))) {
  rows.push(...(await run(each)));
}

const within = (value, bound) => `${value.toFixed(0)} of ${bound}${value <= bound ? '' : ' **too much**'}`;
const titles = ['', 'records', 'peak RSS, MB', 'calls', 'states', 'all of them, MB', 'the longest, MB', 'CPU s', 's'];
const lines = rows.map((row) => [
  row.name,
  row.records.toLocaleString('en'),
  within(row.maxRssMb, row.bounds.rss),
  within(row.calls, row.bounds.calls),
  row.states,
  row.stateMb.toFixed(1),
  row.longestMb.toFixed(1),
  row.cpuSeconds.toFixed(1),
  row.seconds.toFixed(0),
]);
const table = [titles, titles.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
console.log(table);
mkdirSync(join(root, 'bench/results'), { recursive: true });
writeFileSync(join(root, 'bench/results/parts.md'), `${table}\n`);
if (rows.some(({ maxRssMb, calls, bounds }) => maxRssMb > bounds.rss || calls > bounds.calls)) process.exitCode = 1;
