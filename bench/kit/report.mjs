// The table of a run of the benchmark.

const COLUMNS = [
  ['', ({ name }) => name],
  ['CPU s per million records', ({ own }) => (own.records > 0 ? perMillion(own).toFixed(0) : '')],
  ['CPU s', ({ own }) => own.cpuSeconds.toFixed(2)],
  ['ratio to the floor', cpuRatio],
  ['seconds', ({ own }) => own.seconds.toFixed(1)],
  ['ratio to the bound', timeRatio],
  ['peak RSS', ({ own }) => megabytes(own)],
  ['floor RSS', ({ floor }) => (floor ? megabytes(floor) : '')],
  ['calls', ({ own }) => (own.calls === undefined ? '' : String(own.calls))],
  ['records', ({ own }) => (own.records > 0 ? own.records.toLocaleString('en') : '')],
];

/** @param rows what the cases gave: name, own, and floor or boundSeconds, with their goals */
export function table(rows) {
  const lines = [COLUMNS.map(([title]) => title), COLUMNS.map(() => '---')];
  for (const row of rows) lines.push(COLUMNS.map(([, cell]) => cell(row)));
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The run of several that cost the least CPU, and the largest memory of all. */
export function best(costs) {
  const least = costs.reduce((a, b) => (a.cpuSeconds <= b.cpuSeconds ? a : b));
  return { ...least, maxRssMb: Math.max(...costs.map((cost) => cost.maxRssMb)) };
}

function perMillion({ cpuSeconds, records }) {
  return (cpuSeconds / records) * 1e6;
}

function megabytes({ maxRssMb }) {
  return `${maxRssMb.toFixed(0)} MB`;
}

function cpuRatio({ own, floor, goal, leastGoal }) {
  if (!floor) return '';
  const perRecord = own.records > 0 && floor.records > 0;
  const ratio = perRecord ? perMillion(own) / perMillion(floor) : own.cpuSeconds / floor.cpuSeconds;
  const cost = perRecord ? perMillion(floor).toFixed(0) : floor.cpuSeconds.toFixed(2);
  return leastGoal === undefined ? withGoal(ratio, cost, goal) : withLeast(ratio, cost, leastGoal);
}

function timeRatio({ own, boundSeconds, timeGoal }) {
  return boundSeconds === undefined
    ? ''
    : withGoal(own.seconds / boundSeconds, `${boundSeconds.toFixed(1)} s`, timeGoal);
}

function withGoal(ratio, of, goal) {
  const verdict = goal === undefined ? '' : ratio <= goal ? `, at most ${goal}` : `, **more than ${goal}**`;
  return `${ratio.toFixed(2)} of ${of}${verdict}`;
}

function withLeast(ratio, of, goal) {
  return `${ratio.toFixed(2)} of ${of}${ratio >= goal ? `, at least ${goal}` : `, **less than ${goal}**`}`;
}
