import process from 'node:process';
import { isOneOf } from '../../json.js';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** The exit codes for a process 1, whose unhandled signals the kernel ignores: 128 + the signal's number. */
const EXIT_CODE = { SIGTERM: 143, SIGINT: 130 };
const DEATH_TAKES_MS = 200;

/** Turns the first SIGTERM or SIGINT into an abort, so that the current step can finish; a second one kills the process. */
export class StopRequest {
  readonly #controller = new AbortController();
  readonly #onSignal = (signal: NodeJS.Signals) => {
    if (!isOneOf(STOP_SIGNALS, signal)) return;
    this.received = signal;
    this.#release();
    this.#controller.abort();
  };
  received: (typeof STOP_SIGNALS)[number] | null = null;

  constructor() {
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Stops for another reason, for example because the reader of the output is gone. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Re-raises the received signal, if any, since the calling process looks at how this one died. */
  async finish(): Promise<void> {
    this.#release();
    if (!this.received) return;
    process.kill(process.pid, this.received);
    await new Promise((resolve) => setTimeout(resolve, DEATH_TAKES_MS));
    process.exit(EXIT_CODE[this.received]);
  }

  #release(): void {
    for (const signal of STOP_SIGNALS) process.off(signal, this.#onSignal);
  }
}
