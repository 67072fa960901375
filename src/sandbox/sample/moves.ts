import { fraction, hashText } from '../portal/random.js';
import type { Generator } from '../portal/types/properties.js';

/** How many of the steps on the way are taken, and how often one goes back a step and on again. */
const TAKEN = 0.7;
const BACK = 0.15;

/**
 * A property that came to its value step by step, as a deal goes through its stages.
 *
 * @param stepsOf what a record may go through, in order, up to its value; through all of it, if the value is none of them
 */
export function moving(name: string, generate: Generator, stepsOf: (id: number) => readonly string[]): Generator {
  const salt = hashText(`moves of ${name}`);
  const earlier = (id: number) => {
    const steps = stepsOf(id);
    const end = steps.indexOf(generate(id) ?? '');
    const before = end === -1 ? steps : steps.slice(0, end);
    const taken = before.filter((_, index) => index === 0 || fraction(salt + index, id) < TAKEN);
    const goesBack = taken.length > 1 && fraction(salt - 1, id) < BACK;
    return goesBack ? [...taken, ...taken.slice(-2)] : taken;
  };
  return Object.assign((id: number) => generate(id), generate.json && { json: generate.json }, { earlier });
}
