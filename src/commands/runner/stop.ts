import process from 'node:process';
import { isOneOf } from '../../json.js';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** As process 1, where the kernel ignores signals that are not handled, dying of one takes an exit code: 128 + 15. */
const EXIT_CODE = { SIGTERM: 143, SIGINT: 130 };
const DEATH_TAKES_MS = 200;

/** Turns the first SIGTERM or SIGINT into an abort, so that the step under way can be finished; a second one kills at once. */
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

  /** Stops for another reason, for example because nobody reads the output any more. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Dies of the signal that was received, if any: what called us looks at how we died. */
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
