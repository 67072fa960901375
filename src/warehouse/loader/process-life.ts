import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { partsOf } from '../error-parts.js';

/** When a process started, in the kernel's ticks; empty where the kernel does not say, null where no such process runs. */
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
 * Identifies the machine that process ids belong to, in eight hexadecimal digits. Containers may share a host name, but not processes;
 * after a reboot ids are used again.
 */
export function machineId(): string {
  const parts = [hostname(), known(() => readlinkSync('/proc/self/ns/pid')), known(bootId)];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8).toUpperCase();
}

/** Of the kernel's present run. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** What a kernel tells, where it does. */
function known(ask: () => string): string {
  try {
    return ask();
  } catch {
    return '';
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return partsOf(error).code === 'EPERM';
  }
}
