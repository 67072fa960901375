import { chunksOf } from '../../chunks.js';
import { type Endpoint, type Item, pagesOf } from '../../hubspot/api/endpoint.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { PortalFacts, Reading } from '../core/stream.js';
import { Refusals } from './refusals.js';

/** A part of a stream's items that is read by itself. */
export interface Partition {
  /** The first field of the key of its items, or the first `partitionFields` ones, joined by slashes. */
  readonly id: string;
  /** The collections that have its items. */
  readonly endpoints: readonly Endpoint[];
  /** What each of its items has besides its own members. */
  readonly members: JsonObject;
  /** Differs from an earlier one if its items may have changed since; null: that cannot be told, so that it is read each time. */
  readonly fingerprint: string | null;
}

/** The partitions of a stream, as they are now. */
export interface Partitions {
  readonly all: readonly Partition[];
  /** The calls that it took to find out. */
  readonly calls: number;
  /** Whether a partition is not there any more, and its items with it. */
  isGone(id: string): boolean;
  /** How several are read by one call, where HubSpot takes their ids; its items must tell theirs. */
  together?: { most: number; endpoint(ids: readonly string[]): Endpoint } | undefined;
  /** Whether HubSpot may answer 404 for all of them: each may have lost its items since it was found. */
  mayVanish?: boolean;
}

/** What makes a stream of several collections. */
export interface PartitionSource {
  /** How it is read, where that is not by the whole. */
  readonly reading: Partial<Reading>;
  find(portal: PortalFacts): Promise<Partitions>;
  /** Finds out with few calls whether the token may read the stream. Throws if not. */
  probe(portal: PortalFacts): Promise<void>;
}

/** What was read of partitions, one or several. */
export interface PartitionRead {
  partitions: readonly Partition[];
  items: readonly Item[];
  calls: number;
  /** Whether all of their collections were read. */
  isComplete: boolean;
}

/** Calls in flight for one stream. */
const CONCURRENCY = 6;

/**
 * Reads partitions, several at once. A collection that HubSpot refuses is passed over, see {@link Refusals}.
 *
 * @param due those to read
 */
export async function* readPartitions(
  client: HubSpotClient,
  stream: string,
  { together, mayVanish }: Pick<Partitions, 'together' | 'mayVanish'>,
  due: readonly Partition[],
  atOnce = CONCURRENCY,
): AsyncGenerator<PartitionRead> {
  const refusals = new Refusals(stream, mayVanish);
  const parts = together ? chunksOf(due, together.most) : due.map((each) => [each]);
  for (let start = 0; start < parts.length; start += atOnce) {
    const reads = parts.slice(start, start + atOnce).map((part) => {
      const endpoints = together
        ? [together.endpoint(part.map(({ id }) => id))]
        : part.flatMap((each) => each.endpoints);
      return readPart(client, part, endpoints, refusals);
    });
    for (const each of reads) each.catch(() => undefined);
    for (const each of reads) yield await each;
  }
  refusals.check();
}

async function readPart(
  client: HubSpotClient,
  partitions: readonly Partition[],
  endpoints: readonly Endpoint[],
  refusals: Refusals,
): Promise<PartitionRead> {
  const items: Item[] = [];
  let calls = 0;
  let isComplete = true;
  const members = partitions.length === 1 ? partitions[0]?.members : {};
  for (const endpoint of endpoints) {
    const outcome = await refusals.attempt(async () => {
      for await (const page of pagesOf(client, endpoint)) {
        calls += page.calls;
        for (const item of page.items) items.push({ ...item, ...members });
      }
    });
    if (outcome !== 'read') isComplete = false;
  }
  return { partitions, items, calls, isComplete };
}
