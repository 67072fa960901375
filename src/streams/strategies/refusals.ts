import { MissingScopesError } from '../../errors.js';
import { isRefusal } from '../../hubspot/client/known-answers.js';
import { log } from '../../log.js';

/**
 * The parts of a stream that HubSpot refuses. A part that the token may not read, or that the portal does not have any more, is passed
 * over; a stream none of whose parts can be read fails.
 */
export class Refusals {
  readonly #stream: string;
  #first: unknown = null;
  #attempts = 0;
  #refused = 0;

  constructor(stream: string) {
    this.#stream = stream;
  }

  /**
   * Reads a part.
   *
   * @returns whether it was read, and if not, whether HubSpot does not have it any more. Throws what is no refusal
   */
  async attempt(read: () => Promise<void>): Promise<'read' | 'refused' | 'vanished'> {
    this.#attempts += 1;
    try {
      await read();
      return 'read';
    } catch (error) {
      if (!(error instanceof MissingScopesError) && !isRefusal(error, [400, 403, 404])) throw error;
      this.#refused += 1;
      this.#first ??= error;
      log.info(`${this.#stream}: ${error.message} What is there of it stays as it is.`);
      return isRefusal(error, [404]) ? 'vanished' : 'refused';
    }
  }

  /** Throws the first refusal if every part was refused; one part alone may just have vanished, unless the token lacks a scope. */
  check(): void {
    const isAlone = this.#attempts === 1 && !(this.#first instanceof MissingScopesError);
    if (this.#refused > 0 && this.#refused === this.#attempts && !isAlone) throw this.#first;
  }
}
