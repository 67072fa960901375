/**
 * Dies at a named point when the environment asks for it: tests kill a run where it hurts most, and look at what the next one makes
 * of it. `HUBFLAKE_CRASH_AT` is a point's name, with `#n` behind it for the n-th time it is reached.
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
  // No handler runs and nothing is flushed: as the kernel would do it.
  if (reached === Number(armed[1] ?? 1)) process.kill(process.pid, 'SIGKILL');
}
