import { styleText } from 'node:util';
import type { RunningStream, Snapshot } from './run-progress.js';

/** How much room there is, and whether colours are wanted. */
export interface Screen {
  columns: number;
  rows: number;
  hasColours: boolean;
}

const LONGEST_NAME = 28;
const LONGEST_BAR = 30;
/** Below that a bar says nothing. */
const SHORTEST_BAR = 6;
/** Whether there are colours was asked before: of stderr, not of stdout. */
const ANY = { validateStream: false };
/** What is left free for the log, and the line of totals. */
const OTHER_ROWS = 3;

/** A line a running stream, and one of all, none longer than the screen is wide. */
export function progressLines(snapshot: Snapshot, screen: Screen): string[] {
  const most = Math.max(1, screen.rows - OTHER_ROWS);
  const shown = [...snapshot.running].sort((a, b) => b.records - a.records).slice(0, most);
  const nameWidth = Math.min(LONGEST_NAME, Math.max(0, ...shown.map(({ name }) => name.length)));
  const hidden = snapshot.running.length - shown.length;
  return [
    ...shown.map((stream) => streamLine(stream, nameWidth, screen)),
    cut(totals(snapshot, hidden), screen.columns),
  ];
}

function streamLine({ name, records, expected, rate }: RunningStream, nameWidth: number, screen: Screen): string {
  const start = cut(name, nameWidth).padEnd(nameWidth);
  const of = expected === null ? '' : ` of ${count(expected)}`;
  const end = `${count(records)}${of}  ${count(rate)}/s`;
  const room = Math.min(LONGEST_BAR, screen.columns - start.length - end.length - '  100 %    '.length);
  if (expected === null || expected === 0 || room < SHORTEST_BAR) return cut(`${start}  ${end}`, screen.columns);
  const share = Math.min(1, records / expected);
  const full = Math.round(share * room);
  const [done, left] = ['━'.repeat(full), '─'.repeat(room - full)];
  const bar = screen.hasColours ? `${styleText('green', done, ANY)}${styleText('gray', left, ANY)}` : `${done}${left}`;
  return `${start}  ${bar}  ${`${Math.floor(100 * share)} %`.padStart(5)}  ${end}`;
}

/** A run in a line. @param hidden running streams that have none of their own */
export function totals({ seconds, records, rate, calls, window, running, ended }: Snapshot, hidden = 0): string {
  return [
    `${Math.floor(seconds)} s`,
    `${count(records)} records`,
    `${count(rate)}/s`,
    `${count(calls)} calls`,
    ...(window === null ? [] : [`${count(window.left)} of ${count(window.max)} left in 10 s`]),
    `${running.length} ${running.length === 1 ? 'stream' : 'streams'} running${hidden > 0 ? ` (${hidden} not shown)` : ''}, ${ended} ended`,
  ].join('  ');
}

/** At most so many characters. What would move the cursor is left out, since names are others'. */
function cut(given: string, width: number): string {
  const text = given.replace(/\p{Cc}/gu, '');
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
