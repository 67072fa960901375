import type { Endpoint, Item } from '../../../hubspot/api/endpoint.js';
import type { JsonValue } from '../../../protocol/messages.js';
import { type Instant, timeOf } from '../../../time.js';
import type { PortalFacts } from '../../core/stream.js';
import { cursorTime } from '../content-memory.js';
import type { Partition, PartitionSource, Partitions } from '../partitions.js';
import type { Resource } from '../resource.js';

/** A collection without a filter by update time: each sync reads it whole, and emits what differs from the last one. */
export interface WholeResource extends Resource {
  /** HubSpot's list of archived items, read only if an item is missing. */
  archived?: Endpoint;
  /** Whether an item is live; if not, it counts as gone. By default all are live. */
  isLive?: (item: Item) => boolean;
  /** Whether tombstones are emitted for items that are gone; by default they are. */
  hasTombstones?: boolean;
  /** The partitions that make up the stream, where `endpoint` is not the only collection. */
  partitions?: PartitionSource;
}

/** From when on items of a stream are wanted; null: from the beginning. What others refer to is wanted whole. */
function startOf({ group, cursor }: WholeResource, { config }: PortalFacts): Instant | null {
  return group === 'crm' || group === 'metadata' || cursor === null ? null : config.startDate;
}

/** Whether the start date leaves out an item; one whose time is not known it does not. */
export function isLeftOut(resource: WholeResource, portal: PortalFacts, cursor: JsonValue | undefined): boolean {
  const start = startOf(resource, portal);
  const time = cursorTime(cursor);
  return start !== null && Number.isFinite(time) && time < timeOf(start);
}

/** The partitions as they are now. With another start date, all of them are read anew. */
export async function partitionsOf(resource: WholeResource, portal: PortalFacts): Promise<Partitions | null> {
  const found = await resource.partitions?.find(portal);
  const start = startOf(resource, portal);
  if (!found || start === null) return found ?? null;
  const all = found.all.map((each) => ({
    ...each,
    fingerprint: each.fingerprint === null ? null : `${each.fingerprint} ${start}`,
  }));
  return { ...found, all };
}

/** Whether a partition's items are as they were when its fingerprint was remembered. */
export function isKnown({ id, fingerprint }: Partition, known: ReadonlyMap<string, string>): boolean {
  return fingerprint !== null && fingerprint === known.get(id);
}
