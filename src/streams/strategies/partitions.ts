import { type HubflakeError, MissingScopesError } from '../../errors.js';
import { type Endpoint, type Item, pagesOf } from '../../hubspot/api/endpoint.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { isRefusal } from '../../hubspot/client/known-answers.js';
import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';

/** One of the collections that make up a stream. */
export interface Partition {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** What each of its items has besides its own members. */
  readonly members: JsonObject;
}

export interface Partitions {
  readonly all: readonly Partition[];
  /** Whether the token's scopes say that it may read them, so that no call has to find out. */
  readonly areGranted: boolean;
  /** The partition of the record with this key. */
  idOf(key: JsonObject): string;
  /** Whether that partition is not there any more, and its items with it. */
  isWithout(key: JsonObject): boolean;
}

/** Calls in flight for one stream. */
const AT_ONCE = 6;

/**
 * Reads partitions, several at once. One that the token may not read, or that the portal does not have, is passed over. Throws where
 * that is so of all of them.
 */
export async function* readPartitions(
  client: HubSpotClient,
  stream: string,
  { all }: Partitions,
  atOnce = AT_ONCE,
): AsyncGenerator<{ partition: Partition; pages: readonly (readonly Item[])[] }> {
  let read = 0;
  let refusal: unknown = null;
  for (let start = 0; start < all.length; start += atOnce) {
    const together = await Promise.allSettled(
      all.slice(start, start + atOnce).map(async (partition) => {
        const pages: (readonly Item[])[] = [];
        for await (const { items } of pagesOf(client, partition.endpoint)) pages.push(items);
        return { partition, pages };
      }),
    );
    for (const each of together) {
      if (each.status === 'fulfilled') {
        read += 1;
        yield each.value;
      } else if (isUnavailable(each.reason)) {
        refusal = each.reason;
        log.info(`${stream}: ${each.reason.message} What is there of it stays as it is.`);
      } else throw each.reason;
    }
  }
  if (read === 0 && refusal !== null) throw refusal;
}

function isUnavailable(error: unknown): error is HubflakeError {
  return error instanceof MissingScopesError || isRefusal(error, [400, 403, 404]);
}
