// What a command costs that has next to nothing to do, beside Node alone.
import { measure } from '../kit/measure.mjs';

async function open() {
  return {
    own: () => measure('dist/main.js', ['spec']),
    floor: () => measure('bench/floors/nothing.mjs'),
  };
}

export const cases = [{ name: 'spec', goal: 2.5, open }];
