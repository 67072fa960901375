// Makes the report page of the JSON in it. Behind elements.js and charts.js, in one script.

/** @typedef {import('../report-data.js').ReportData} ReportData */

/** @type {ReportData} */
const report = JSON.parse(document.getElementById('data')?.textContent ?? '');
const main = document.querySelector('main') ?? document.body;

/** The headings of notes, the most urgent first, and how they are marked. */
const NOTE_KINDS = /** @type {const} */ ([
  ['failed', 'Failed', 'bad'],
  ['scopes', 'Scopes that the token lacks', 'running'],
  ['leftOut', 'Left out', 'running'],
  ['changed', 'Values that could not be kept', 'running'],
  ['warning', 'Warnings', 'running'],
  ['columns', 'New columns', 'quiet'],
  ['note', 'Notes', 'quiet'],
]);

function header() {
  const { command, pipeline, startedAt, endedAt, verdict } = report;
  const title = `${pipeline}: ${command}`;
  document.title = title;
  const span = endedAt === null ? 'and goes on' : `for ${lasting((endedAt - startedAt) / 1000)}`;
  return make(
    'header',
    make('h1', title),
    make('p.soft', `Began ${when(startedAt)}, ${span}.`),
    make(`p.verdict.${verdict.is}`, verdict.text),
  );
}

function figures() {
  const list = make('dl.figures');
  for (const { label, value, unit } of report.figures) {
    const shown = typeof value === 'number' ? count(value) : value;
    const group = make('div', make('dt', label), make('dd', shown));
    if (unit) group.append(make('dd.soft', unit));
    list.append(group);
  }
  return list;
}

function notes() {
  const section = make('section', make('h2', 'What to look at'));
  for (const [kind, heading, mark] of NOTE_KINDS) {
    const some = report.notes.filter(({ about }) => about === kind);
    if (some.length === 0) continue;
    const list = make('ul.notes');
    for (const { text, advice, count: times } of some) {
      const item = make(`li.is-${mark}`, make('p', times > 1 ? `${text} (${count(times)} times)` : text));
      if (advice) item.append(make('p.soft', advice));
      list.append(item);
    }
    section.append(make('h3', heading), list);
  }
  if (report.notesLeftOut > 0) section.append(make('p.soft', `And ${count(report.notesLeftOut)} more.`));
  return section;
}

/** @param {TimelineData} timeline */
function callsSection(timeline) {
  const { burst, burstSeconds, searchesASecond } = report.limits;
  const parts = timeline.calls.length;
  const most = { burst: Math.max(...timeline.burst), searches: Math.max(...timeline.searches) };
  const limit = (/** @type {number} */ value) => Array.from({ length: parts }, () => value);
  const section = make(
    'section',
    make('h2', 'Calls against the limits'),
    make('p.soft', `Peak of each ${lasting(timeline.seconds)}.`),
  );
  const burstText = `Calls in ${burstSeconds} seconds: at most ${count(most.burst)}${burst === null ? '' : ` of ${count(burst)}`}`;
  const pair = make('div.pair');
  section.append(pair);
  const add = (/** @type {string} */ text, /** @type {HTMLElement} */ drawing) =>
    pair.append(make('div', make('h3', text), drawing));
  add(
    burstText,
    chart(burstText, timeline, [
      { label: `calls in ${burstSeconds} s`, values: timeline.burst, colour: 'first', isFilled: true },
      ...(burst === null ? [] : [{ label: 'limit', values: limit(burst), colour: 'limit', isLimit: true }]),
    ]),
  );
  if (most.searches > 0) {
    const searchText = `Searches a second: at most ${count(most.searches)} of ${searchesASecond}`;
    add(
      searchText,
      chart(searchText, timeline, [
        { label: 'searches in 1 s', values: timeline.searches, colour: 'third', isFilled: true },
        { label: 'limit', values: limit(searchesASecond), colour: 'limit', isLimit: true },
      ]),
    );
  }
  return section;
}

function quotaSection() {
  const { quota } = report;
  if (quota === null) return null;
  const { max, left, ours } = quota;
  const section = make('section', make('h2', 'Calls of the day'));
  if (max === null) {
    section.append(make('p', `${count(left)} are left to all apps of the portal. This run has made ${count(ours)}.`));
    return section;
  }
  const used = Math.max(0, max - left);
  const meter = document.createElement('meter');
  Object.assign(meter, { min: 0, max, value: used, low: max * 0.8, high: max * 0.95, optimum: 0 });
  const text = `${count(used)} of ${count(max)} are used by all apps of the portal, ${count(ours)} of them by this run; ${count(left)} are left.`;
  meter.setAttribute('aria-label', text);
  section.append(meter, make('p', text));
  return section;
}

function timeSection() {
  const { time, timeline, startedAt, endedAt } = report;
  const lasts = Math.max(0.001, ((endedAt ?? Date.now()) - startedAt) / 1000);
  const table = tableSection({
    heading: 'Where time went',
    about:
      'By the clock: seconds in which at least one went on; several kinds go on at once. Added up: the seconds of each.',
    columns: [
      { label: 'what', is: 'text' },
      { label: 'by the clock, s', is: 'number' },
      { label: 'of the run, %', is: 'number' },
      { label: 'added up, s', is: 'number' },
      { label: 'times', is: 'number' },
    ],
    rows: time.map(({ what, clock, sum, times }) => [
      what,
      Math.round(clock * 100) / 100,
      Math.min(100, Math.round((100 * clock) / lasts)),
      Math.round(sum * 100) / 100,
      times,
    ]),
  });
  if (timeline) {
    const atOnce = (/** @type {number[]} */ values) => values.map((seconds) => seconds / timeline.seconds);
    table.append(
      make('h3', 'How many at once, on average'),
      chart('How many calls, waits, pauses and commits went on at once', timeline, [
        { label: 'answering', values: atOnce(timeline.answering), colour: 'first', isFilled: true },
        { label: 'waiting for limits', values: atOnce(timeline.waiting), colour: 'second' },
        { label: 'pauses', values: atOnce(timeline.pausing), colour: 'third' },
        { label: 'commits', values: atOnce(timeline.committing), colour: 'fourth' },
      ]),
    );
  }
  return table;
}

const [streams, ...others] = report.tables;
main.replaceChildren(
  header(),
  figures(),
  ...(report.notes.length > 0 ? [notes()] : []),
  ...(streams ? [tableSection(streams)] : []),
  ...(report.timeline ? [callsSection(report.timeline), timeSection()] : []),
  ...[quotaSection()].filter((section) => section !== null),
  ...others.map(tableSection),
  make('footer', `hubflake ${report.version}. Times are this browser's. Charts: uPlot.`),
);

const redraw = () => {
  for (const draw of drawn) draw();
};
redraw();
for (const query of ['(prefers-color-scheme: dark)', 'print']) matchMedia(query).addEventListener('change', redraw);
