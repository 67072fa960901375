import { fileURLToPath } from 'node:url';
import { commandIn, run } from './command.js';

const python = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));
const script = fileURLToPath(new URL('../../python/terminal.py', import.meta.url));
const PATIENCE_SECONDS = 100;

/** What somebody at a terminal waits for, and then types. */
export type Step = [wait: string, type: string];

/** Keys, as terminals send them. */
export const KEYS = { enter: '\r', down: '\u001b[B', space: ' ', interrupt: '\u0003' };

export interface Played {
  /** All that was shown, without colours; what was drawn anew is there several times. */
  screen: string;
  code: number | null;
  signal: number | null;
}

/** Runs the built binary at a pseudo-terminal, in a folder. Throws where something is waited for in vain, with what was shown. */
export async function atTerminal(
  args: readonly string[],
  steps: readonly Step[],
  { cwd, environment = {} }: { cwd: string; environment?: Record<string, string> },
): Promise<Played> {
  const given = {
    argv: [process.execPath, ...commandIn(), ...args],
    cwd,
    env: { ...process.env, TERM: 'xterm-256color', CI: '', ...environment },
    steps: steps.map(([wait, type]) => ({ wait, type })),
    seconds: PATIENCE_SECONDS,
  };
  const { stdout, stderr } = await run(python, ['-B', script], { input: JSON.stringify(given) });
  if (stderr !== '') throw new Error(stderr);
  const { missed, ...played } = JSON.parse(stdout);
  if (missed !== null) throw new Error(`"${missed}" was waited for in vain:\n${played.screen}`);
  return played;
}
