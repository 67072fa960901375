import { observed } from '../../activity.js';
import { log } from '../../log.js';
import { wantedOf } from './wanted.js';

/** A sync, or a round of a service, is an activity by itself. */
const ACTIVITIES_OF_THEIR_OWN = ['sync'];
/** The commands that work for long enough to be observed. */
const OBSERVED = ['read', 'write', 'plan', 'verify', ...ACTIVITIES_OF_THEIR_OWN];

/**
 * Does what a command does, with its spans and metrics exported if OpenTelemetry's variables ask for it. Where they do not, nothing of
 * OpenTelemetry is loaded. Nothing that goes wrong with it is an error.
 */
export async function withTelemetry<T>(command: string, body: () => Promise<T>): Promise<T> {
  const wanted = OBSERVED.includes(command) ? wantedOf(process.env) : null;
  if (!wanted) return body();
  for (const problem of wanted.problems) log.warn(problem);
  const stop = await started(wanted);
  try {
    return await (ACTIVITIES_OF_THEIR_OWN.includes(command) ? body() : observed('command', { name: command }, body));
  } finally {
    await stop();
  }
}

async function started(wanted: { traces: boolean; metrics: boolean }): Promise<() => Promise<void>> {
  try {
    const { startTelemetry } = await import('./start.js');
    return startTelemetry(wanted);
  } catch (error) {
    // For example an address or a header that is none.
    log.warn(
      `OpenTelemetry could not be started, so nothing is exported: ${error instanceof Error ? error.message : String(error)}`,
    );
    return async () => undefined;
  }
}
