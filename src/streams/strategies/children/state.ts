import { log } from '../../../log.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, earlier, epochMs, type Instant } from '../../../time.js';
import { BEGINNING, ownState, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import { type LoadPosition, parseLoad } from '../resume.js';

const VERSION = 1;
/** The most parents whose children are remembered. With more, unchanged children are emitted again, and removed ones not noticed. */
const MOST_REMEMBERED = 10_000;
/** In place of a hash: it is uncertain what was emitted last. No hash is equal to it. */
export const UNCERTAIN = '?';

/** What a stream of children resumes from. */
export interface ChildrenState {
  portal: number | null;
  /** The latest emission time so far; it never decreases. */
  emittedAt: EpochMs;
  /** HubSpot's time when the last complete read began; null: there was none, or the stream has no increments. */
  cursor: Instant | null;
  /** A read of all parents in progress: when it began, and the cursor of the next page of HubSpot's list. */
  load: LoadPosition | null;
  /** By parent, the hashes of its children; null: there were too many. */
  seen: Record<string, Record<string, string>> | null;
}

/**
 * Reads a stream's state. source-hubspot's states of such streams contain nothing to resume from. Throws a StateError for another
 * version or portal.
 */
export function parseChildrenState(
  given: JsonObject | null,
  stream: string,
  portalId: number | null,
  identity: Readonly<Record<string, string>> = {},
): ChildrenState {
  const fresh: ChildrenState = { portal: portalId, emittedAt: epochMs(0), cursor: null, load: null, seen: {} };
  // Before 0.2 deal splits were read like a CRM object, which may have missed some.
  if (stateValue.object(given?.hubflake)?.fingerprint !== undefined) return fresh;
  const own = ownState(given, stream, VERSION, portalId);
  if (own === null) return fresh;
  const emittedAt = stateValue.time(own.emittedAt);
  const isSame = Object.entries(identity).every(([member, value]) => own[member] === value);
  if (!isSame) {
    log.info(`${stream} is read from the start: it is of other objects than before.`);
    return { ...fresh, emittedAt };
  }
  return {
    portal: portalId ?? stateValue.number(own.portal),
    emittedAt,
    cursor: stateValue.instant(own.cursor),
    load: parseLoad(own.load),
    seen: own.seen === null ? null : seenOf(own.seen),
  };
}

function seenOf(value: JsonValue | undefined): Record<string, Record<string, string>> {
  const parents = Object.entries(stateValue.object(value) ?? {}).map(([parent, children]) => [
    parent,
    Object.fromEntries(Object.entries(stateValue.object(children) ?? {}).map(([id, hash]) => [id, String(hash)])),
  ]);
  return Object.fromEntries(parents);
}

/** Remembers a parent's current children. */
export function rememberChildren(
  state: ChildrenState,
  parentId: string,
  hashes: Record<string, string>,
  noun: string,
): void {
  const { seen } = state;
  if (seen === null) return;
  if (Object.keys(hashes).length > 0) seen[parentId] = hashes;
  else delete seen[parentId];
  if (Object.keys(seen).length <= MOST_REMEMBERED) return;
  log.info(
    `More than ${MOST_REMEMBERED} records have ${noun}, too many to remember: unchanged ones are sent again, and removed ones are not noticed.`,
  );
  state.seen = null;
}

/**
 * The state as it is emitted.
 *
 * @param cursorField null: the stream has no increments, and nothing to remember for them
 */
export function childrenStateJson(
  { cursor, seen, portal, emittedAt, load }: ChildrenState,
  cursorField: string | null,
  lookbackMinutes: number,
  isComplete: boolean,
  identity: Readonly<Record<string, string>> = {},
): JsonObject {
  const publicCursor = cursor === null ? BEGINNING : earlier(cursor, lookbackMinutes);
  const increments: JsonObject = cursorField === null ? {} : { cursor, seen: structuredClone(seen) };
  return {
    ...(cursorField === null ? {} : { [cursorField]: publicCursor }),
    ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: { version: VERSION, portal, emittedAt, ...identity, load: load && { ...load }, ...increments },
  };
}
