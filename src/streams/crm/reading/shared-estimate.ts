import { memberOf } from '../../../json.js';
import type { JsonObject, SyncMode } from '../../../protocol/messages.js';
import type { Estimate, PortalFacts } from '../../core/stream.js';
import { estimateObject } from '../estimate.js';
import type { ObjectStream } from '../object-stream.js';

/** The estimate of a reading, and the names of the {@link OwnCalls} that were counted with it. */
interface Shared {
  estimate: Promise<Estimate>;
  told: Set<string>;
}

/** By object, the estimates of its readings: one for all streams whose states are at the same position. */
const made = new WeakMap<ObjectStream, Map<string, Shared>>();

/** Calls that a stream takes besides those of its object. */
export interface OwnCalls {
  /** Streams with one name share them. */
  name: string;
  calls(rows: number, isLoad: boolean): Partial<Estimate['calls']>;
}

/** Of which reading a stream is, and whether it has the reading's selection. */
export interface ReadingShare {
  object: ObjectStream;
  ownsSelection: boolean;
}

/**
 * Estimates what a stream takes of an object's reading. Calls that the streams of a reading share count for the first
 * that asks.
 */
export async function estimateWith(
  share: ReadingShare,
  portal: PortalFacts,
  state: JsonObject | null,
  mode: SyncMode,
  own: OwnCalls | null = null,
): Promise<Estimate> {
  const { object } = share;
  const known = made.get(object) ?? new Map<string, Shared>();
  made.set(object, known);
  const position = ['cursor', 'load', 'pass'].map((member) => memberOf(state?.hubflake, member) ?? null);
  const key = JSON.stringify([mode, ...position]);
  const isFirst = !known.has(key);
  const shared = known.get(key) ?? { estimate: estimateReading(share, portal, state, mode), told: new Set() };
  known.set(key, shared);
  const isOwn = own !== null && !shared.told.has(own.name);
  if (own) shared.told.add(own.name);
  const { what, rows, calls } = await shared.estimate;
  const more = isOwn
    ? own.calls(
        rows ?? 0,
        position.every((each) => each === null),
      )
    : {};
  const common = isFirst ? calls : { burst: 0, search: 0, exempt: 0 };
  return {
    what,
    rows,
    calls: {
      burst: common.burst + (more.burst ?? 0),
      search: common.search + (more.search ?? 0),
      exempt: common.exempt + (more.exempt ?? 0),
    },
  };
}

async function estimateReading(
  { object, ownsSelection }: ReadingShare,
  { client, config, id, chains, pace }: PortalFacts,
  state: JsonObject | null,
  mode: SyncMode,
): Promise<Estimate> {
  const options = { ...config, portalId: id, chains, pace, ownsSelection };
  const estimate = await estimateObject(client, object, mode, state, options);
  // `definitionCalls` includes a call that the estimate already counts.
  estimate.calls.burst += object.definitionCalls - 1;
  return estimate;
}
