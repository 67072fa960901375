/**
 * An AbortController that is aborted with another signal as well, until it is released. `AbortSignal.any` does the same, but leaves a trace in the
 * other signal for as long as that lives, which a service cannot afford in each round.
 */
export class LinkedAbort extends AbortController {
  readonly #to: AbortSignal | undefined;
  readonly #onAbort = () => this.abort(this.#to?.reason);

  constructor(to: AbortSignal | undefined) {
    super();
    this.#to = to;
    if (to?.aborted) this.#onAbort();
    to?.addEventListener('abort', this.#onAbort, { once: true });
  }

  release(): void {
    this.#to?.removeEventListener('abort', this.#onAbort);
  }
}
