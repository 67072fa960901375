import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

const SAMPLE_MS = 50;

/** The memory that a process holds now, as Linux counts it; 0 where that cannot be seen. */
export function residentBytes(pid: number): number {
  return counted(pid, 'VmRSS');
}

/** The most memory that a process has held at once. */
export class PeakMemory {
  bytes = 0;

  /** Watches a process until it ends. What Linux counts only grows, so that nothing is missed but in the last moment. */
  watch(child: ChildProcess): void {
    const timer = setInterval(() => {
      this.bytes = Math.max(this.bytes, counted(child.pid as number, 'VmHWM'));
    }, SAMPLE_MS);
    child.on('close', () => clearInterval(timer));
  }
}

function counted(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  try {
    const line = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
