import type { Given } from './given.js';

export interface Option {
  type: 'string' | 'boolean' | 'number';
  describe: string;
  default?: boolean;
}

/** A command of the command line. Its modules are imported when it runs, so that `spec` does not load what `sync` needs. */
export interface Command<Io> {
  describe: string;
  options: Record<string, Option>;
  /** Command lines without the program's name, with a description. */
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
