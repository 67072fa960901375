import { log } from '../../log.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { earlier } from '../core/instants.js';
import { ownState, REFRESH_COMPLETE, stateValue } from '../core/stream-state.js';

const VERSION = 1;
/** Parents whose children are remembered. Past it, unchanged children are emitted again, and removed ones are not noticed. */
const MOST_REMEMBERED = 10_000;
/** The cursor of a state before anything was read, as source-hubspot has it. */
const BEGINNING = '2006-06-01T00:00:00.000Z';
/** In the place of a hash: what was emitted last is not known. No hash is equal to it. */
export const UNSURE = '?';

/** What a stream of children goes on from. */
export interface ChildrenState {
  portal: number | null;
  /** The latest time of emission so far, epoch ms; it never falls. */
  emittedAt: number;
  /** HubSpot's time when the last complete read began; null before there is one, and of a stream without increments. */
  cursor: string | null;
  /** A read of all parents under way: when it began, and where HubSpot's list of them goes on. */
  load: { startedAt: string; after: string | null } | null;
  /** By parent, the hash of each of its children; null: there were too many. */
  seen: Record<string, Record<string, string>> | null;
}

/**
 * Reads a stream's state. What source-hubspot keeps of such streams holds nothing that a read could go on from. Throws a StateError
 * for one of another version or portal.
 */
export function parseChildrenState(
  given: JsonObject | null,
  stream: string,
  portalId: number | null,
  identity: Readonly<Record<string, string>> = {},
): ChildrenState {
  const fresh: ChildrenState = { portal: portalId, emittedAt: 0, cursor: null, load: null, seen: {} };
  // Before 0.2 deal splits were read as if they were a CRM object; what that state says is not known to be whole.
  if (stateValue.object(given?.hubflake)?.fingerprint !== undefined) return fresh;
  const own = ownState(given, stream, VERSION, portalId);
  if (own === null) return fresh;
  const emittedAt = stateValue.number(own.emittedAt) ?? 0;
  const isSame = Object.entries(identity).every(([member, value]) => own[member] === value);
  if (!isSame) {
    log.info(`${stream} is read from the start: it is of other objects than before.`);
    return { ...fresh, emittedAt };
  }
  const load = stateValue.object(own.load);
  return {
    portal: portalId ?? stateValue.number(own.portal),
    emittedAt,
    cursor: stateValue.text(own.cursor),
    load: load && { startedAt: stateValue.text(load.startedAt) ?? BEGINNING, after: stateValue.text(load.after) },
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

/** Notes the children that a parent has today. */
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
 * The state as it goes out.
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
  const shown = cursor === null ? BEGINNING : earlier(cursor, lookbackMinutes);
  const increments: JsonObject = cursorField === null ? {} : { cursor, seen: structuredClone(seen) };
  return {
    ...(cursorField === null ? {} : { [cursorField]: shown }),
    ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: { version: VERSION, portal, emittedAt, ...identity, load: load && { ...load }, ...increments },
  };
}
