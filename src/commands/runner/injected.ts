import type { StreamDeclaration } from '../../streams/core/stream.js';
import type { MonotonicMs } from '../../time.js';
import type { Timeouts } from '../../warehouse/snowflake/session/session.js';

/** What a program that runs commands can replace: nothing of it is an option of the command line. */
export interface Injected {
  /** The streams that are not CRM objects; those of `streams/registry.ts` by default. */
  streams?: readonly StreamDeclaration[];
  /** Timeouts and pauses of Snowflake's sessions that are not the usual ones. */
  timeouts?: Partial<Timeouts>;
  /** The clock of a service, by which it waits. */
  time?: {
    monotonic(): MonotonicMs;
    /** Resolves after so many milliseconds of that clock, or once the signal is aborted. */
    sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  };
}
