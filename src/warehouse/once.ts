/** Runs something once and shares its result. After a failure, the next caller runs it again. */
export class Once<T> {
  #doing: Promise<T> | null = null;

  do(body: () => Promise<T>): Promise<T> {
    if (this.#doing) return this.#doing;
    const doing = body();
    this.#doing = doing;
    doing.catch(() => {
      this.#doing = null;
    });
    return doing;
  }
}
