import process from 'node:process';
import { listenToLog, log } from '../../log.js';
import { progressLines, totals } from './progress-lines.js';
import { RunProgress } from './run-progress.js';

const REDRAW_MS = 150;
const LINE_MS = 30_000;
/**
 * Shows how a run gets on, on stderr: lines that are redrawn on a terminal, elsewhere a line of the log now and then, which shows that it
 * is alive.
 *
 * @returns stops, and takes the lines away
 */
export async function showProgress(): Promise<() => void> {
  const progress = new RunProgress();
  const stop = isTerminal() ? await draw(progress) : report(progress);
  return () => {
    stop();
    progress.close();
  };
}

/** Whether there is a terminal with room for lines: some say that they have no size. */
function isTerminal(): boolean {
  const { isTTY, columns, rows } = process.stderr;
  return isTTY === true && columns > 0 && rows > 0 && process.env.TERM !== 'dumb';
}

async function draw(progress: RunProgress): Promise<() => void> {
  // Only where it is needed: it takes as long to load as a command takes to start.
  const { createLogUpdate } = await import('log-update');
  const { stderr, env } = process;
  // The cursor stays, as what hides it would end the process by itself at a signal, to show it again.
  const update = createLogUpdate(stderr, { showCursor: true });
  const redraw = () => {
    const { columns, rows } = stderr;
    // The last column stays free: some terminals break the line behind it.
    const screen = { columns: columns - 1, rows, hasColours: !env.NO_COLOR };
    update(progressLines(progress.snapshot(), screen).join('\n'));
  };
  const timer = setInterval(redraw, REDRAW_MS);
  timer.unref();
  stderr.on('resize', redraw);
  // A line of the log takes their place; they come again below it.
  const stopListening = listenToLog(() => update.clear());
  return () => {
    clearInterval(timer);
    stderr.off('resize', redraw);
    stopListening();
    update.clear();
  };
}

function report(progress: RunProgress): () => void {
  const timer = setInterval(() => log.info(totals(progress.snapshot())), LINE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
