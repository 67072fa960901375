import { MissingScopesError, type RequestError } from '../../errors.js';
import { isRefusal } from '../../hubspot/client/error-kinds.js';
import { log } from '../../log.js';

/** Whether an error says that the token may not read something, or that the portal does not have it. */
export function isUnavailable(error: unknown): error is MissingScopesError | RequestError {
  return error instanceof MissingScopesError || isRefusal(error, [400, 403, 404]);
}

/**
 * The parts of a stream that HubSpot refuses. A part that the token may not read, or that the portal does not have any more, is passed
 * over; a stream none of whose parts can be read fails.
 */
export class Refusals {
  readonly #stream: string;
  readonly #mayVanish: boolean;
  #first: MissingScopesError | RequestError | null = null;
  #attempts = 0;
  #refused = 0;
  #vanished = 0;

  /** @param mayVanish whether all parts may be gone (404) although the stream can be read */
  constructor(stream: string, mayVanish = false) {
    this.#stream = stream;
    this.#mayVanish = mayVanish;
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
      if (!isUnavailable(error)) throw error;
      this.#refused += 1;
      this.#first ??= error;
      if (!isRefusal(error, [404])) return 'refused';
      this.#vanished += 1;
      return 'vanished';
    }
  }

  /**
   * Says which parts were passed over, to be called at the end. Throws the first refusal if every part was refused; one part alone may
   * just have vanished, unless the token lacks a scope.
   */
  check(): void {
    if (this.#first === null) return;
    const isAlone = this.#attempts === 1 && !(this.#first instanceof MissingScopesError);
    const isUsual = this.#mayVanish && this.#vanished === this.#refused;
    if (this.#refused === this.#attempts && !isAlone && !isUsual) throw this.#first;
    const others = this.#refused - 1;
    const more = others === 0 ? '' : ` ${others} more cannot be read either.`;
    log.info(`${this.#stream}: ${this.#first.message}${more} Existing rows stay as they are.`);
  }
}
