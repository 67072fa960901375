import { type HubflakeError, MissingScopesError } from '../../errors.js';
import { type Endpoint, type Item, pagesOf } from '../../hubspot/api/endpoint.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { isRefusal } from '../../hubspot/client/known-answers.js';
import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { PortalFacts } from '../core/stream.js';

/** A part of a stream's items that is read by itself. The first field of the stream's key is its id. */
export interface Partition {
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
  isWithout(id: string): boolean;
  /** How several are read by one call, where HubSpot takes their ids; its items must tell theirs. */
  together?: { most: number; endpoint(ids: readonly string[]): Endpoint } | undefined;
}

/** What makes a stream of several collections. */
export interface PartitionSource {
  find(portal: PortalFacts): Promise<Partitions>;
  /** Finds out with few calls whether the token may read the stream. Throws if not. */
  probe(portal: PortalFacts): Promise<void>;
}

/** What was read of partitions, one or several. */
export interface PartitionRead {
  partitions: readonly Partition[];
  items: readonly Item[];
  calls: number;
  /** Why some of their collections could not be read; null: all were. */
  refusal: HubflakeError | null;
}

/** Calls in flight for one stream. */
const AT_ONCE = 6;

/**
 * Reads partitions, several at once. A collection that the token may not read, or that the portal does not have, is passed over. Throws
 * where none can be read, and not only because one has just vanished.
 *
 * @param due those to read
 */
export async function* readPartitions(
  client: HubSpotClient,
  stream: string,
  { together }: Pick<Partitions, 'together'>,
  due: readonly Partition[],
  atOnce = AT_ONCE,
): AsyncGenerator<PartitionRead> {
  let isAnyRead = false;
  let refusal: HubflakeError | null = null;
  const parts = together ? chunksOf(due, together.most) : due.map((each) => [each]);
  for (let start = 0; start < parts.length; start += atOnce) {
    const reads = parts.slice(start, start + atOnce).map((part) => {
      const endpoints = together
        ? [together.endpoint(part.map(({ id }) => id))]
        : part.flatMap((each) => each.endpoints);
      return readPart(client, part, endpoints, stream);
    });
    for (const each of reads) each.catch(() => undefined);
    for (const each of reads) {
      const read = await each;
      refusal ??= read.refusal;
      isAnyRead ||= read.refusal === null || read.items.length > 0;
      yield read;
    }
  }
  const hasVanished = parts.length === 1 && isRefusal(refusal, [404]);
  if (!isAnyRead && refusal !== null && !hasVanished) throw refusal;
}

async function readPart(
  client: HubSpotClient,
  partitions: readonly Partition[],
  endpoints: readonly Endpoint[],
  stream: string,
): Promise<PartitionRead> {
  const items: Item[] = [];
  let calls = 0;
  let refusal: HubflakeError | null = null;
  const members = partitions.length === 1 ? partitions[0]?.members : {};
  for (const endpoint of endpoints) {
    try {
      for await (const page of pagesOf(client, endpoint)) {
        calls += page.calls;
        for (const item of page.items) items.push({ ...item, ...members });
      }
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      refusal = error;
      log.info(`${stream}: ${error.message} What is there of it stays as it is.`);
    }
  }
  return { partitions, items, calls, refusal };
}

function chunksOf<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, n) => all.slice(n * most, (n + 1) * most));
}

function isUnavailable(error: unknown): error is HubflakeError {
  return error instanceof MissingScopesError || isRefusal(error, [400, 403, 404]);
}
