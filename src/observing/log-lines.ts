import { AsyncLocalStorage } from 'node:async_hooks';
import { currentStream, type Phase, trackStreams, within } from '../activity.js';
import type { LogDetails, LogLevel } from '../log.js';
import { epochNow, instantOf } from '../time.js';

/** A line of a log, without its end. */
export type LineOf = (level: LogLevel, message: string, details: LogDetails) => string;

export const textLine: LineOf = (level, message) => `${level.toUpperCase()} ${message}`;

/**
 * Lines of JSON: `time` (ISO 8601), `level`, `message`, and where they are known `stream`, `phase` and the `code` of an
 * error. From now on, streams and phases are tracked, so that lines can name them.
 */
export function jsonLines(): LineOf {
  trackStreams();
  const phases = new AsyncLocalStorage<Phase>();
  within('phase', phases, ({ phase }) => phase);
  return (level, message, { stream = currentStream() ?? undefined, code }) =>
    JSON.stringify({ time: instantOf(epochNow()), level, message, stream, phase: phases.getStore(), code });
}
