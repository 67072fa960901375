import type { SourceConfig } from '../../config/source.js';
import { RequestError } from '../../errors.js';
import { findObjectType, type ObjectType } from '../../hubspot/api/object-types.js';
import { readRecordCounts } from '../../hubspot/api/record-counts.js';
import { searchPage } from '../../hubspot/api/search.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { Portal } from '../../streams/portal.js';
import { withHubSpot } from '../runner/hubspot-session.js';

/** A stream that a token may read. */
export interface OfferedStream {
  name: string;
  /** How many records it has; null: that is not known. */
  records: number | null;
}

/** What a token's portal offers. */
export interface PortalOffer {
  portal: number | null;
  /** Those of objects first, the largest of them first. */
  streams: OfferedStream[];
  /** Streams that are left out for want of a scope: a few words each. */
  leftOut: string[];
  /** The stream that a name means, in any case: its own, or one that HubSpot has for its object. undefined: none of `streams`. */
  streamOf(name: string): string | undefined;
}

/** How soon HubSpot must be reached, since somebody is waiting. */
const NEVER_REACHED_MS = 10_000;
/** Searches for objects that HubSpot does not count by itself: a second's worth of its limit. */
const MOST_SEARCHES = 5;

/**
 * Tries credentials, and reads what they offer, in about ten calls. Throws a CredentialsError if they are refused, a MissingScopesError
 * or ConfigError if nothing can be read with them.
 */
export function readOffer(
  config: SourceConfig,
  signal: AbortSignal,
  onRefreshToken: (token: string) => void,
): Promise<PortalOffer> {
  const retry = { neverReachedMs: NEVER_REACHED_MS };
  return withHubSpot(config, { signal, retry, onRefreshToken }, async (client) => {
    const portal = await Portal.open(client, config, null);
    const names = await portal.readableNames();
    if (names.length === 0) throw portal.nothingReadable();
    const counts = await countRecords(
      client,
      portal.known.all.filter(({ stream }) => names.includes(stream)),
    );
    const streams = names.map((name) => ({ name, records: counts.get(name) ?? null }));
    const rank = ({ name, records }: OfferedStream) => (counts.has(name) ? (records ?? -1) : -2);
    return {
      portal: portal.id,
      streams: streams.sort((a, b) => rank(b) - rank(a)),
      leftOut: portal.unreadable.map(({ name, why }) => `${name}: ${why}`),
      streamOf: (given) => {
        const stream = findObjectType(given, portal.known.all)?.stream ?? given;
        return names.find((name) => name.toLowerCase() === stream.toLowerCase());
      },
    };
  });
}

/** How many records each object's stream has, by one call for all of them, and some searches for what that leaves open. */
async function countRecords(
  client: HubSpotClient,
  types: readonly ObjectType[],
): Promise<ReadonlyMap<string, number | null>> {
  const known = (await readRecordCounts(client)) ?? new Map<string, number>();
  const counts = new Map(
    types.map(({ stream, typeId }) => [stream, typeId === null ? null : (known.get(typeId) ?? null)]),
  );
  const open = types.filter(({ stream }) => counts.get(stream) === null).slice(0, MOST_SEARCHES);
  await Promise.all(
    open.map(async (type) => {
      counts.set(type.stream, await searchTotal(client, type));
    }),
  );
  return counts;
}

/** null: HubSpot refuses to search for the object, which says nothing about whether it can be read. */
async function searchTotal(client: HubSpotClient, type: ObjectType): Promise<number | null> {
  try {
    return (await searchPage(client, { type, properties: [], filterGroups: [], limit: 1 })).total;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}
