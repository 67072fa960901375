import type { JsonObject } from '../../../protocol/messages.js';
import { type EpochMs, earlier, epochMs, type Instant, instantOf } from '../../../time.js';
import { BEGINNING, ownState, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import { ContentMemory, cursorTime } from '../content-memory.js';
import { publicCursor } from '../resource.js';
import { type LoadPosition, parseLoad } from '../resume.js';

const VERSION = 1;

/** What a stream that is read by its cursor resumes from. */
export interface CursorState {
  emittedAt: EpochMs;
  /** HubSpot's time when the last complete read began; null: there was none. */
  cursor: Instant | null;
  /** A first load in progress: when it began, and the cursor of its next page. */
  load: LoadPosition | null;
  /** What was emitted of the items that the next increment reads again because of the lookback. */
  memory: ContentMemory;
}

/** Reads a state: ours, or source-hubspot's `{<cursor field>: <instant>}`. */
export function parseCursorState(
  given: JsonObject | null,
  { name, cursor }: { name: string; cursor: string },
  portalId: number | null,
): CursorState {
  const own = ownState(given, name, VERSION, portalId);
  if (own === null) {
    const publicCursor = cursorTime(given?.[cursor]);
    const isGiven = Number.isFinite(publicCursor) && given?.[REFRESH_COMPLETE] !== true;
    return {
      emittedAt: epochMs(0),
      cursor: isGiven ? instantOf(publicCursor) : null,
      load: null,
      memory: new ContentMemory(),
    };
  }
  return {
    emittedAt: stateValue.time(own.emittedAt),
    cursor: stateValue.instant(own.cursor),
    load: parseLoad(own.load),
    memory: ContentMemory.parse(own.seen, own.many) ?? new ContentMemory(),
  };
}

/** The state as it is emitted. @param more what the stream has to remember besides */
export function cursorStateJson(
  { emittedAt, cursor, load, memory }: CursorState,
  resource: { cursor: string; schema: JsonObject },
  portalId: number | null,
  lookbackMinutes: number,
  isComplete: boolean,
  more: JsonObject = {},
): JsonObject {
  return {
    ...publicCursor(resource, cursor === null ? BEGINNING : earlier(cursor, lookbackMinutes)),
    ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: {
      version: VERSION,
      portal: portalId,
      emittedAt,
      cursor,
      load: load && { ...load },
      ...memory.toJson(),
      ...more,
    },
  };
}
