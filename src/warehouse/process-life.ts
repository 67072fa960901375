import { readFileSync } from 'node:fs';

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

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
