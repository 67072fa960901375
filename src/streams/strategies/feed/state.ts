import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, epochMs, type Instant, instantOf } from '../../../time.js';
import { ownState, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import { ContentMemory, cursorTime } from '../content-memory.js';
import { type LoadPosition, parseLoad } from '../resume.js';

const VERSION = 1;

/** Where the read of one parent's items stopped. */
export interface FeedPosition {
  /** HubSpot's time when it began. */
  startedAt: EpochMs;
  /** The cursor of the next page. */
  after: string;
}

/** What a stream of what is added to parents resumes from. */
export interface FeedState {
  emittedAt: EpochMs;
  /** HubSpot's time when the last complete read began; null: there was none. */
  until: Instant | null;
  /** A first load or full refresh in progress. Its `after` is a position among the parents. */
  load: LoadPosition | null;
  /** By parent, the time up to which it was read, epoch ms; of parents that HubSpot filters by time, only those that are behind `until`. */
  parents: Map<string, EpochMs>;
  /** By parent, where its first read stopped. */
  positions: Map<string, FeedPosition>;
  /** The emitted items that the next read finds again because of the overlap. */
  memory: ContentMemory;
  /** Whether `until` is of a state that names no parents: source-hubspot's. */
  isForeign: boolean;
}

/** Reads a state: ours, or source-hubspot's. Parents that a state of source-hubspot with partitions does not name are read from the start. */
export function parseFeedState(
  given: JsonObject | null,
  { name, cursor }: { name: string; cursor: string },
  portalId: number | null,
): FeedState {
  const own = ownState(given, name, VERSION, portalId);
  if (own === null) return foreignState(given ?? {}, cursor);
  return {
    emittedAt: stateValue.time(own.emittedAt),
    until: stateValue.instant(own.until),
    load: parseLoad(own.load),
    parents: new Map(entriesOf(own.parents).map(([id, until]) => [id, stateValue.time(until)])),
    positions: new Map(entriesOf(own.positions).flatMap(([id, value]) => positionOf(id, value))),
    memory: ContentMemory.parse(own.seen, own.many) ?? new ContentMemory(),
    isForeign: false,
  };
}

/** `{<cursor field>: <time>}`, the same in `state` with a `lookback_window` (seconds), or by parent `{states: [{partition: {form_id: <id>}, cursor: {<cursor field>: <time>}}]}`. */
function foreignState(given: JsonObject, cursor: string): FeedState {
  const parents = stateValue.list(given.states).flatMap((each): [string, EpochMs][] => {
    const state = stateValue.object(each);
    const [id] = Object.values(stateValue.object(state?.partition) ?? {}).flat();
    const until = cursorTime(stateValue.object(state?.cursor)?.[cursor]);
    return id === undefined || id === null || !Number.isFinite(until) ? [] : [[String(id), until]];
  });
  const isTaken = given[REFRESH_COMPLETE] !== true;
  const common = stateValue.object(given.state) ?? given;
  const lookbackMs = (stateValue.number(given.lookback_window) ?? 0) * 1000;
  const plain = isTaken ? cursorTime(common[cursor]) - lookbackMs : Number.NaN;
  const until = parents.length > 0 ? Math.max(...parents.map(([, each]) => each)) : plain;
  return {
    emittedAt: epochMs(0),
    until: Number.isFinite(until) ? instantOf(epochMs(until)) : null,
    load: null,
    parents: new Map(parents),
    positions: new Map(),
    memory: new ContentMemory(),
    isForeign: parents.length === 0,
  };
}

function entriesOf(value: JsonValue | undefined): [string, JsonValue][] {
  return Object.entries(stateValue.object(value) ?? {});
}

function positionOf(id: string, value: JsonValue): [string, FeedPosition][] {
  const position = stateValue.object(value);
  const after = stateValue.text(position?.after);
  return after === null ? [] : [[id, { after, startedAt: stateValue.time(position?.startedAt) }]];
}

/** The state as it is emitted. @param cursor its public part */
export function feedStateJson(
  { emittedAt, until, load, parents, positions, memory }: FeedState,
  cursor: JsonObject,
  portalId: number | null,
  isComplete: boolean,
): JsonObject {
  return {
    ...cursor,
    ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: {
      version: VERSION,
      portal: portalId,
      emittedAt,
      until,
      load: load && { ...load },
      parents: Object.fromEntries(parents),
      positions: Object.fromEntries([...positions].map(([id, position]) => [id, { ...position }])),
      ...memory.toJson(),
    },
  };
}
