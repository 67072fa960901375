/**
 * What HubSpot says of a portal itself: its account, custom objects, properties, scopes. A single run asks once for each. A service keeps the
 * answers from round to round, and asks again when its pace says so.
 */
export class KeptAnswers {
  readonly #answers = new Map<string, Promise<unknown>>();
  /** Whether an answer is to be asked for again; null: none is kept here. */
  isDue: ((what: string) => boolean) | null = null;

  /**
   * The answer to a question.
   *
   * @param what tells the question from every other
   * @param ask asks HubSpot
   * @param isLasting whether an answer is worth keeping
   * @returns with whether it was asked for now
   */
  async get<T>(
    what: string,
    ask: () => Promise<T>,
    isLasting: (answer: T) => boolean = () => true,
  ): Promise<{ answer: T; isNew: boolean }> {
    if (this.isDue === null) return { answer: await ask(), isNew: true };
    const isDue = this.isDue(what);
    const known = this.#answers.get(what);
    // The cast holds: a question always has the same type of answer.
    if (known && !isDue) return { answer: (await known) as T, isNew: false };
    const asked = ask();
    this.#answers.set(what, asked);
    const forget = () => this.#answers.delete(what);
    asked.then((answer) => isLasting(answer) || forget(), forget);
    return { answer: await asked, isNew: true };
  }
}
