import type { Given } from './given.js';

export interface Option {
  type: 'string' | 'boolean' | 'number';
  describe: string;
  default?: boolean;
}

/** A command as the command line knows it. It loads what it needs when it is run. */
export interface Command<Io> {
  describe: string;
  options: Record<string, Option>;
  /** Command lines without the program's name, and what they do. */
  examples: readonly (readonly [line: string, text?: string])[];
  /** Returns the exit code. */
  run(io: Io, given: Given): Promise<number>;
}

export function text(describe: string): Option {
  return { type: 'string', describe };
}

export function flag(describe: string): Option {
  return { type: 'boolean', describe };
}

export function number(describe: string): Option {
  return { type: 'number', describe };
}
