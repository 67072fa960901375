import { RequestError } from '../../errors.js';
import { isObject } from '../../json.js';
import { log } from '../../log.js';
import { CALLS } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { isRefusal, isUnknownObject } from '../client/error-kinds.js';
import { MalformedAnswer } from '../client/malformed-answer.js';
import { paths } from '../client/paths.js';
import { withObjectPath } from './object-path.js';
import type { ObjectType } from './object-types.js';
import { nextOf, parseAnswer, refuseFaults, resultsOf } from './objects.js';

/** HubSpot: a batch read of associations accepts up to 1,000 ids since 2025-02-10. */
export const ASSOCIATIONS_LIMIT = 1000;
/** The limit before that; smaller batches are not tried. */
const LEAST_LIMIT = 100;
/** The batch sizes that HubSpot accepted after it had rejected larger ones, by client. */
const takenSizes = new WeakMap<HubSpotClient, number>();

interface BatchResult {
  from?: { id?: string | number };
  to?: BatchTarget[];
  paging?: unknown;
}

/** Its members are all optional, and checked where they are used. */
function isBatchResult(value: unknown): value is BatchResult {
  return isObject(value);
}

interface BatchTarget {
  toObjectId?: string | number;
  associationTypes?: { typeId?: number; category?: string; label?: string | null }[];
}

/** One record whose associations to read, and the cursor within them. */
interface Input {
  id: string;
  after?: string;
}

/** One association of two records, in one direction. Two records may have several. */
export interface Link {
  fromId: string;
  toId: string;
  /** Identifies the association type within its category; null if HubSpot names no type. */
  typeId: number | null;
  /** HUBSPOT_DEFINED, USER_DEFINED or INTEGRATOR_DEFINED. */
  category: string | null;
  /** The label that people see; null for unlabelled associations. */
  label: string | null;
}

/** One page of the associations of a record. */
interface PartOfList {
  fromId: string;
  targets: readonly BatchTarget[];
  /** Whether more pages follow. */
  goesOn: boolean;
}

/**
 * The ids of the `to` records associated with each of the `from` records `ids`, complete and without duplicates (HubSpot returns
 * one entry per label). Ids without associations map to an empty list.
 */
export async function readAssociations(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, Set<string>>(ids.map((id) => [id, new Set<string>()]));
  for await (const parts of readParts(client, from, to, ids)) {
    for (const { fromId, targets } of parts) {
      for (const target of targets) found.get(fromId)?.add(String(target.toObjectId));
    }
  }
  return new Map([...found].map(([id, targets]) => [id, [...targets]]));
}

/**
 * The associations of each of the `from` records `ids` with `to` records, without duplicates: one array per call, with at most one
 * page of each record, so that long lists are never held as a whole.
 */
export async function* readLinks(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  ids: readonly string[],
): AsyncGenerator<Link[]> {
  // A list that changes while it is paged may repeat an association, so those seen are remembered until the list ends.
  const seen = new Map<string, Set<string>>();
  for await (const parts of readParts(client, from, to, ids)) {
    const links: Link[] = [];
    for (const { fromId, targets, goesOn } of parts) {
      const known = seen.get(fromId) ?? new Set<string>();
      for (const link of targets.flatMap((target) => linksOf(fromId, target))) {
        const key = `${link.toId} ${link.typeId} ${link.category}`;
        if (known.has(key)) continue;
        known.add(key);
        links.push(link);
      }
      if (goesOn) seen.set(fromId, known);
      else seen.delete(fromId);
    }
    yield links;
  }
}

function linksOf(fromId: string, { toObjectId, associationTypes = [] }: BatchTarget): Link[] {
  const types = associationTypes.length > 0 ? associationTypes : [{}];
  return types.map(({ typeId, category, label }) => ({
    fromId,
    toId: String(toObjectId),
    typeId: typeId ?? null,
    category: category ?? null,
    label: label ?? null,
  }));
}

/**
 * Reads the lists of `ids` to their ends, 1,000 ids per call: HubSpot pages long lists per id, and the next pages of several ids
 * share calls, too. Yields one array per response. When HubSpot rejects a batch, this and later batches are halved.
 */
async function* readParts(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  ids: readonly string[],
): AsyncGenerator<PartOfList[]> {
  const what = `associations of ${from.name} with ${to.name}`;
  const asked = new Set(ids);
  let inputs: Input[] = [...asked].map((id) => ({ id }));
  while (inputs.length > 0) {
    const next: Input[] = [];
    for (let start = 0; start < inputs.length; ) {
      const batch = inputs.slice(start, start + (takenSizes.get(client) ?? ASSOCIATIONS_LIMIT));
      const results = await readBatch(client, from, to, batch, what, asked);
      if (results === 'too many') continue;
      start += batch.length;
      const positions = new Map(batch.map(({ id, after }) => [id, after]));
      yield results.map((result) => {
        const fromId = String(result.from?.id);
        const after = nextOf({ paging: result.paging });
        if (after !== null) {
          if (after === positions.get(fromId)) throw standsStill(what, fromId, after);
          next.push({ id: fromId, after });
        }
        return { fromId, targets: result.to ?? [], goesOn: after !== null };
      });
    }
    inputs = next;
  }
}

async function readBatch(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  batch: readonly Input[],
  what: string,
  asked: ReadonlySet<string>,
): Promise<BatchResult[] | 'too many'> {
  const call = { kind: CALLS.associations, body: { inputs: batch }, what };
  try {
    return await withObjectPath(client, from, (source) =>
      withObjectPath(client, to, (target) =>
        client.call({ ...call, path: paths.associations(source, target) }, (body) => decode(body, asked)),
      ),
    );
  } catch (error) {
    if (batch.length <= LEAST_LIMIT || !isRefusal(error, [400]) || isUnknownObject(error)) throw error;
    const size = Math.max(LEAST_LIMIT, Math.ceil(batch.length / 2));
    log.info(`HubSpot refuses ${batch.length} records in one call for ${what}; from now on ${size} per call.`);
    takenSizes.set(client, size);
    return 'too many';
  }
}

function standsStill(what: string, id: string, after: string): RequestError {
  return new RequestError(`HubSpot's list of the ${what} for the record ${id} does not move on from ${after}.`, 200);
}

/** An id with more digits than a double keeps, which HubSpot returns as a number. */
const LONG_IDS = /("toObjectId"\s*:\s*)(\d{16,})/g;

/** The body with such ids quoted. */
function withExactIds(body: Buffer): Buffer {
  const text = body.toString('latin1');
  return text.search(LONG_IDS) === -1 ? body : Buffer.from(text.replace(LONG_IDS, '$1"$2"'), 'latin1');
}

/** Throws MalformedAnswer, so that the call is retried, for a response that would be mistaken for shorter lists. */
function decode(body: Buffer, asked: ReadonlySet<string>): BatchResult[] {
  const answer = parseAnswer(withExactIds(body));
  refuseFaults(answer);
  const results = resultsOf(answer, isBatchResult);
  const stranger = results.find((result) => !asked.has(String(result.from?.id)));
  if (stranger) throw new MalformedAnswer(`associations of ${stranger.from?.id}, which was not asked for`);
  return results;
}
