/**
 * Kills the process at a named point if the environment asks for it: tests crash a run at its most delicate points, and check what
 * the next run makes of it. `HUBFLAKE_CRASH_AT` is a point's name, optionally followed by `#n` for the n-th time it is reached.
 */
export type CrashPoint =
  | 'after-spool'
  | 'after-put'
  | 'after-copy'
  | 'after-ddl'
  | 'after-remember'
  | 'before-rows'
  | 'after-write'
  | 'before-commit'
  | 'after-commit'
  | 'before-state'
  | 'after-swap';

const armed = process.env.HUBFLAKE_CRASH_AT?.split('#');
let reached = 0;

export function crashPoint(name: CrashPoint): void {
  if (armed === undefined || armed[0] !== name) return;
  reached += 1;
  // SIGKILL: no handler runs and nothing is flushed.
  if (reached === Number(armed[1] ?? 1)) process.kill(process.pid, 'SIGKILL');
}
