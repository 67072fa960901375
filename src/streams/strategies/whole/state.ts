import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import type { EpochMs } from '../../../time.js';
import { ownState, stateValue } from '../../core/stream-state.js';
import { ContentMemory } from '../content-memory.js';
import type { Resource } from '../resource.js';

export const VERSION = 1;

/**
 * | state's member | |
 * |---|---|
 * | the cursor field | the latest cursor of all items, from which source-hubspot would resume |
 * | `seen`, `many` | {@link ContentMemory}; both null or missing: nothing is remembered, and the cursor decides what is new |
 * | `load.after` | the next page of a full refresh in progress; an interrupted increment starts from the first page |
 * | `partitions` | by partition, the fingerprint of what was last read of it; of a full refresh in progress, those that it has read |
 */
export interface WholeState {
  emittedAt: EpochMs;
  memory: ContentMemory | null;
  after: string | null;
  /**
   * Whether it is none of ours: missing, or source-hubspot's, which leaves out items of some streams. Then every item
   * is emitted.
   */
  isForeign: boolean;
  /** Whether a full refresh is in progress. */
  isRefresh: boolean;
  partitions: Map<string, string>;
  latest: JsonValue | undefined;
}

export function parseState(given: JsonObject | null, { name, cursor }: Resource, portalId: number | null): WholeState {
  const own = ownState(given, name, VERSION, portalId);
  const publicCursor = cursor === null ? undefined : given?.[cursor];
  return {
    emittedAt: stateValue.time(own?.emittedAt),
    memory: own && ContentMemory.parse(own.seen, own.many),
    after: stateValue.text(stateValue.object(own?.load)?.after),
    isForeign: own === null,
    isRefresh: stateValue.object(own?.load) !== null,
    partitions: new Map(
      Object.entries(stateValue.object(own?.partitions) ?? {}).map(([id, fingerprint]) => [id, String(fingerprint)]),
    ),
    latest: publicCursor === '' || publicCursor === null ? undefined : publicCursor,
  };
}
