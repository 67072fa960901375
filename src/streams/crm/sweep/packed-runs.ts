/**
 * Runs of ids as one text for a state, ascending: each id as its distance from the one before, in base 36, separated by
 * commas; after the last id of a run a point and the run's hash, which is empty if it is not known. Runs are separated
 * by spaces. The text is read and written run by run, as the ids of a million records would take a hundred megabytes.
 */

/** Some records whose ids follow each other, and a hash of their contents. */
export interface Run {
  /** Ascending: all of them, or only the last one. */
  ids: readonly bigint[];
  /** null: not known. */
  hash: string | null;
}

/** Reads runs one by one. */
export class RunReader {
  readonly #text: string;
  #at = 0;
  #last = 0n;
  #head: Run | null | undefined;

  /** @param text is read up to the first entry that is no run */
  constructor(text: string) {
    this.#text = text;
  }

  /** The next run; null: there is none. */
  peek(): Run | null {
    this.#head ??= this.#parse();
    return this.#head;
  }

  next(): Run | null {
    const run = this.peek();
    this.#head = undefined;
    return run;
  }

  /** Has another run in place of the next one. */
  replace(run: Run): void {
    this.next();
    this.#head = run;
  }

  /** The text of the runs that were not read yet. @param before the id before them */
  rest(before: bigint): string {
    const head = this.peek();
    if (head === null) return '';
    const rest = this.#text.slice(this.#at);
    return rest === '' ? encode(head, before) : `${encode(head, before)} ${rest}`;
  }

  #parse(): Run | null {
    if (this.#at >= this.#text.length) return null;
    const end = this.#text.indexOf(' ', this.#at);
    const entry = this.#text.slice(this.#at, end === -1 ? undefined : end);
    const isOurs = FORM.test(entry);
    this.#at = end === -1 || !isOurs ? this.#text.length : end + 1;
    if (!isOurs) return null;
    const [steps = '', hash = ''] = entry.split('.');
    const ids = steps.split(',').map((step) => {
      this.#last += fromBase36(step);
      return this.#last;
    });
    return { ids, hash: hash === '' ? null : hash };
  }
}

/** Writes runs one by one. */
export class RunWriter {
  #text = '';
  #last = 0n;
  /** How many ids were written. */
  ids = 0;

  /** The last id. */
  get last(): bigint {
    return this.#last;
  }

  get text(): string {
    return this.#text;
  }

  add(run: Run): void {
    this.#text += `${this.#text === '' ? '' : ' '}${encode(run, this.#last)}`;
    this.#last = run.ids.at(-1) ?? this.#last;
    this.ids += run.ids.length;
  }
}

/** The runs without their hashes. */
export function withoutHashes(text: string): string {
  return text.replaceAll(/\.[^ ]*/g, '.');
}

const FORM = /^[0-9a-z]+(?:,[0-9a-z]+)*\.[\w-]*$/;

function encode({ ids, hash }: Run, before: bigint): string {
  let last = before;
  const steps = ids.map((id) => {
    const step = (id - last).toString(36);
    last = id;
    return step;
  });
  return `${steps.join(',')}.${hash ?? ''}`;
}

/** Numbers are much faster than bigints: up to so many digits in base 36, they are exact. */
const EXACT = 10;

function fromBase36(text: string): bigint {
  if (text.length <= EXACT) return BigInt(Number.parseInt(text, 36));
  return [...text].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n);
}
