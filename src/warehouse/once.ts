/** Something that is done once for all. What has failed is tried again by whoever needs it next, and fails nobody else for good. */
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
