/** Ids of records are whole numbers to HubSpot; what is not one is not packed. */
const PACKABLE = /^(0|[1-9]\d{0,30})$/;

/** Whole numbers of so many digits are exact in a double. */
const EXACT_DIGITS = 15;

/** Whether an id can be in a packed list. */
export function isPackable(id: string): boolean {
  return PACKABLE.test(id);
}

/**
 * Ids as one short text for a state: ascending, each as its distance from the one before, in base 36. Of ids that lie close
 * together one takes three characters or so. Ids that are no whole numbers are left out.
 */
export function packIds(ids: Iterable<string>): string {
  const steps: string[] = [];
  for (const [step] of withSteps(ids)) steps.push(step);
  return steps.join(' ');
}

/** The ids of {@link packIds}, ascending. What is no such text gives none. */
export function unpackIds(packed: unknown): string[] {
  if (typeof packed !== 'string' || packed === '') return [];
  const ids: string[] = [];
  const walker = new StepWalker();
  for (const step of packed.split(' ')) {
    const id = walker.next(step);
    if (id === null) return [];
    ids.push(id);
  }
  return ids;
}

/** A packed text that goes into every state, though what it is made of changes now and then only: it is made anew when it has. */
export class PackedText {
  readonly #make: () => string;
  #text: string | null = null;

  constructor(make: () => string) {
    this.#make = make;
  }

  get text(): string {
    this.#text ??= this.#make();
    return this.#text;
  }

  /** What it is made of has changed. */
  changed(): void {
    this.#text = null;
  }
}

/** Instants by id as one short text: each with its distance from `from` (epoch ms) in milliseconds, in base 36. */
export function packTimes(times: ReadonlyMap<string, number>, from: number): string {
  const entries = withSteps(times.keys()).map(([step, id]) => {
    return `${step}.${Math.max(0, (times.get(id) as number) - from).toString(36)}`;
  });
  return entries.join(' ');
}

/** The instants of {@link packTimes}. What is no such text gives none. */
export function unpackTimes(packed: unknown, from: number): Map<string, number> {
  const times = new Map<string, number>();
  const walker = new StepWalker();
  for (const entry of typeof packed === 'string' && packed !== '' ? packed.split(' ') : []) {
    const [step = '', distance = ''] = entry.split('.');
    const id = walker.next(step);
    const time = from + Number.parseInt(distance, 36);
    if (id === null || Number.isNaN(time)) return new Map();
    times.set(id, time);
  }
  return times;
}

/** The packable ones of `ids`, ascending, each with its distance from the one before in base 36. */
export function withSteps(ids: Iterable<string>): [step: string, id: string][] {
  const sorted = [...ids].filter(isPackable).sort(byNumber);
  // Ids come in the thousands, and states after every page.
  if ((sorted.at(-1)?.length ?? 0) <= EXACT_DIGITS) {
    let last = 0;
    return sorted.map((id) => {
      const value = Number(id);
      const step = (value - last).toString(36);
      last = value;
      return [step, id];
    });
  }
  let before = 0n;
  return sorted.map((id) => {
    const value = BigInt(id);
    const step = (value - before).toString(36);
    before = value;
    return [step, id];
  });
}

/** A packable id in base 36. */
export function inBase36(id: string): string {
  return id.length <= EXACT_DIGITS ? Number(id).toString(36) : BigInt(id).toString(36);
}

/** Makes ids of distances again. */
export class StepWalker {
  #at = 0n;

  /** @returns the id; null where the step is not one */
  next(step: string): string | null {
    if (!/^[0-9a-z]{1,24}$/.test(step)) return null;
    let value = 0n;
    // Nine digits of base 36 are exact as a number.
    for (let start = 0; start < step.length; start += 9) {
      const part = step.slice(start, start + 9);
      value = value * 36n ** BigInt(part.length) + BigInt(Number.parseInt(part, 36));
    }
    this.#at += value;
    return this.#at.toString();
  }
}

/** Orders packable ids. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
