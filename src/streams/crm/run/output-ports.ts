import { DailyLimitError } from '../../../errors.js';
import type { EpochMs } from '../../../time.js';
import type { Emit, ObjectOutput, OutputPort } from './object-output.js';

/** Records encoded before the first of them is emitted: those of a whole page would survive a garbage collection. */
const RECORDS_AT_ONCE = 20;

type Step = (port: OutputPort & { emit: Emit }) => Promise<void> | undefined;

/** The outputs of a reading, each with where its records and states go. */
export class OutputPorts {
  readonly #ports: readonly (OutputPort & { emit: Emit })[];

  /**
   * @param open called before records are emitted
   * @param emittedAt their emission time
   */
  constructor(ports: readonly OutputPort[], open: () => Promise<void>, emittedAt: () => EpochMs) {
    const emitterOf =
      (port: OutputPort): Emit =>
      async (items, encode, isCompared = false) => {
        if (items.length === 0) return;
        await open();
        for (let start = 0; start < items.length; start += RECORDS_AT_ONCE) {
          const records = items.slice(start, start + RECORDS_AT_ONCE).map(encode);
          await port.records(records, emittedAt(), isCompared);
        }
      };
    this.#ports = ports.map((port) => Object.assign(port, { emit: emitterOf(port) }));
  }

  [Symbol.iterator]() {
    return this.#ports[Symbol.iterator]();
  }

  some(condition: (output: ObjectOutput) => boolean): boolean {
    return this.#ports.some(({ output }) => condition(output));
  }

  /** Does something for each output, of which one may fail by itself. */
  async each(step: Step): Promise<void> {
    for (const port of this.#ports) await port.attempt(async () => step(port));
  }

  /** The same, where none fails as the day's calls are used up: that is thrown. */
  async eachWithinDay(step: Step): Promise<void> {
    let limit: DailyLimitError | null = null;
    await this.each(async (port) => {
      try {
        await step(port);
      } catch (error) {
        if (!(error instanceof DailyLimitError)) throw error;
        limit = error;
      }
    });
    if (limit !== null) throw limit;
  }
}
