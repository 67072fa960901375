import { type EpochMs, epochMs } from '../../../time.js';

/** HubSpot's record ids are whole numbers. Other ids are not packed. */
const PACKABLE = /^(0|[1-9]\d{0,30})$/;

/** Whole numbers with up to this many digits are exact in a double. */
const EXACT_DIGITS = 15;

/** Whether an id can be in a packed list. */
export function isPackable(id: string): boolean {
  return PACKABLE.test(id);
}

/**
 * Packs ids into a short text for a state: ascending, each as its distance from the previous one, in base 36. Ids close to each
 * other take about three characters each. Ids that are not whole numbers are left out.
 */
export function packIds(ids: Iterable<string>): string {
  const steps: string[] = [];
  for (const [step] of withSteps(ids)) steps.push(step);
  return steps.join(' ');
}

/** The ids packed by {@link packIds}, ascending; none if the text is malformed. */
export function unpackIds(packed: string | undefined): string[] {
  if (packed === undefined || packed === '') return [];
  const ids: string[] = [];
  const walker = new StepWalker();
  for (const step of packed.split(' ')) {
    const id = walker.next(step);
    if (id === null) return [];
    ids.push(id);
  }
  return ids;
}

/** A packed text that every state contains, cached because its source rarely changes between states. */
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

  /** To be called when the source has changed. */
  invalidate(): void {
    this.#text = null;
  }
}

/** Packs times by id into a short text: the ids as {@link packIds} does, each with its distance from `from` in ms, in base 36. */
export function packTimes(times: ReadonlyMap<string, EpochMs>, from: EpochMs): string {
  const entries: string[] = [];
  for (const [step, id] of withSteps(times.keys())) {
    entries.push(`${step}.${Math.max(0, (times.get(id) ?? from) - from).toString(36)}`);
  }
  return entries.join(' ');
}

/** The times packed by {@link packTimes}; none if the text is malformed. */
export function unpackTimes(packed: string, from: EpochMs): Map<string, EpochMs> {
  const times = new Map<string, EpochMs>();
  const walker = new StepWalker();
  for (const entry of packed === '' ? [] : packed.split(' ')) {
    const [step = '', distance = ''] = entry.split('.');
    const id = walker.next(step);
    const time = epochMs(from + Number.parseInt(distance, 36));
    if (id === null || Number.isNaN(time)) return new Map();
    times.set(id, time);
  }
  return times;
}

/** The packable ids, ascending, each with its distance from the previous one in base 36. */
export function withSteps(ids: Iterable<string>): [step: string, id: string][] {
  const sorted = [...ids].filter(isPackable).sort(compareIds);
  // Numbers are much faster than bigints, and every page's state packs thousands of ids.
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

/** Restores ids from their distances. */
export class StepWalker {
  #at = 0n;

  /** @returns the id; null if the step is malformed */
  next(step: string): string | null {
    if (!/^[0-9a-z]{1,24}$/.test(step)) return null;
    let value = 0n;
    // Nine base 36 digits are exact in a double.
    for (let start = 0; start < step.length; start += 9) {
      const part = step.slice(start, start + 9);
      value = value * 36n ** BigInt(part.length) + BigInt(Number.parseInt(part, 36));
    }
    this.#at += value;
    return this.#at.toString();
  }
}

/** Compares packable ids. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
