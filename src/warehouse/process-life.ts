import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** When a process began, where the kernel tells; null where there is none that runs. */
export function startOf(pid: number): string | null {
  try {
    // The name in parentheses may hold anything; behind it the state is the first field, the start the 20th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' ? null : (fields[19] ?? '');
  } catch {
    return isThere(pid) ? '' : null;
  }
}

/**
 * What tells the machines apart on which a process id means one process, in eight hexadecimal digits. Containers may share
 * their host's name, but not its processes.
 */
export function machineId(): string {
  let processes = '';
  try {
    processes = readlinkSync('/proc/self/ns/pid');
  } catch {
    // No kernel with such.
  }
  return createHash('sha256').update(`${hostname()}\0${processes}`).digest('hex').slice(0, 8).toUpperCase();
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
