import process from 'node:process';
import { monotonicNow } from '../../time.js';
import type { SyncProgress } from '../sync/run-sync.js';

const REDRAW_MS = 200;
const LINE_MS = 30_000;

/**
 * Shows the progress of a sync on stderr: one line that is redrawn on a terminal, elsewhere a plain line now and then, so that logs
 * show that it is alive.
 */
export class Progress implements SyncProgress {
  readonly #startedAt = monotonicNow();
  readonly #terminal: boolean;
  readonly #timer: NodeJS.Timeout;
  readonly #write: (text: string) => void;
  #records = 0;
  #calls = 0;
  #stream = '';

  constructor(terminal = process.stderr.isTTY === true, write = (text: string) => void process.stderr.write(text)) {
    this.#terminal = terminal;
    this.#write = write;
    this.#timer = setInterval(() => this.#show(), terminal ? REDRAW_MS : LINE_MS);
    this.#timer.unref();
  }

  records(stream: string, count: number): void {
    this.#stream = stream;
    this.#records += count;
  }

  calls(total: number): void {
    this.#calls = total;
  }

  /** Stops, and clears the terminal's line. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#terminal) this.#write('\r\x1b[K');
  }

  #show(): void {
    const seconds = (monotonicNow() - this.#startedAt) / 1000;
    const rate = Math.round(this.#records / Math.max(seconds, 0.001));
    const text = `${seconds.toFixed(0)} s  ${this.#stream}  ${this.#records.toLocaleString('en')} records  ${rate.toLocaleString('en')}/s  ${this.#calls.toLocaleString('en')} calls`;
    this.#write(this.#terminal ? `\r\x1b[K${text}` : `${text}\n`);
  }
}
