import { machineId, startOf } from '../loader/process-life.js';
import { TIMEOUTS } from './session/session.js';

/** Suffixes for the names of a run's own tables, by which other runs can tell whether it is still alive. */

/** Several statements of a commit in a row, each up to its timeout. */
const LONGEST_COMMIT_MS = 6 * TIMEOUTS.statement;

const NAME = /^([0-9A-F]{8})_(\d+)_(\d*)_[0-9A-F]+_([0-9A-Z]+)/;

/** Machine, process, when that began, the run, and now: letters, digits and underscores. @param run its id, in hexadecimal digits */
export function runName(run: string): string {
  const now = Math.floor(Date.now() / 1000).toString(36);
  return `${machineId()}_${process.pid}_${startOf(process.pid) ?? ''}_${run}_${now}`.toUpperCase();
}

/**
 * Whether the run of a name is known to be gone: its process was on this machine and no longer runs, or the name is older than any
 * commit can last.
 */
export function isGone(name: string, now = Date.now()): boolean {
  const [, machine, pid, started, made] = NAME.exec(name) ?? [];
  if (machine === undefined || made === undefined) return false;
  if (machine === machineId()) return startOf(Number(pid)) !== started;
  return now - Number.parseInt(made, 36) * 1000 > LONGEST_COMMIT_MS;
}
