import { isRefusal } from '../../hubspot/client/error-kinds.js';
import { log } from '../../log.js';
import type { JsonValue } from '../../protocol/messages.js';
import type { Instant } from '../../time.js';
import type { StreamRun } from '../core/stream.js';
import { BEGINNING, REFRESH_COMPLETE, stateValue } from '../core/stream-state.js';

/**
 * Reads a stream, unless an earlier attempt of the same job has finished its full refresh: then its state is emitted again.
 *
 * @returns the fewest calls for what was read
 */
export async function unlessRefreshed(
  { state, mode, sink }: StreamRun,
  stream: string,
  read: () => Promise<number>,
): Promise<number> {
  if (mode !== 'full_refresh' || state?.[REFRESH_COMPLETE] !== true) return read();
  await sink.state(stream, state);
  return 0;
}

/** A read of everything in progress. */
export interface LoadPosition {
  /** HubSpot's time when it began. */
  startedAt: Instant;
  /** The cursor of the next page of HubSpot's list; null: the first. */
  after: string | null;
  /** Whether it is a full refresh. */
  isRefresh: boolean;
}

export function parseLoad(value: JsonValue | undefined): LoadPosition | null {
  const load = stateValue.object(value);
  if (load === null) return null;
  const startedAt = stateValue.instant(load.startedAt) ?? BEGINNING;
  return { startedAt, after: stateValue.text(load.after), isRefresh: load.isRefresh === true };
}

/**
 * The load that a run resumes or begins. A full refresh resumes no load of an increment, whose first pages are not part of it.
 *
 * @param isFirst whether an increment has nothing to begin from
 * @returns null: the run reads an increment
 */
export function loadOf(
  before: LoadPosition | null,
  { isRefresh, isFirst }: { isRefresh: boolean; isFirst: boolean },
  startedAt: Instant,
): LoadPosition | null {
  if (before && (before.isRefresh || !isRefresh)) return before;
  return isRefresh || isFirst ? { startedAt, after: null, isRefresh } : null;
}

/**
 * Reads from where an earlier run stopped. If HubSpot rejects that position, the read starts from scratch.
 *
 * @param after HubSpot's cursor; null: the start
 * @param hasBegun whether something was read, so that a rejection is not of this position
 */
export async function resume<T>(
  stream: string,
  after: string | null,
  read: (after: string | null) => Promise<T>,
  hasBegun: () => boolean = () => false,
): Promise<T> {
  try {
    return await read(after);
  } catch (error) {
    if (after === null || hasBegun() || !isRefusal(error, [400])) throw error;
    log.warn(`HubSpot no longer accepts where the read of ${stream} stopped; it starts anew.`);
    return read(null);
  }
}
