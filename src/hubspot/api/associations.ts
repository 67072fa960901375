import { RequestError } from '../../errors.js';
import { isObject } from '../../json.js';
import { log } from '../../log.js';
import { type HubSpotClient, MalformedAnswer } from '../client/client.js';
import { isRefusal, isUnknownObject } from '../client/known-answers.js';
import { paths } from '../client/paths.js';
import { addressed } from './address.js';
import type { ObjectType } from './object-types.js';
import { nextOf, parseAnswer, refuseFaults, resultsOf } from './objects.js';

/** HubSpot: a batch read of associations takes up to 1,000 ids since 2025-02-10. */
export const ASSOCIATIONS_LIMIT = 1000;
/** What it took before: less is not tried. */
const LEAST_LIMIT = 100;
/** Clients whose batches HubSpot has refused for their size, and the size that it took. */
const takenSizes = new WeakMap<HubSpotClient, number>();

interface BatchResult {
  from?: { id?: string | number };
  to?: BatchTarget[];
  paging?: unknown;
}

/** Whether it can be read as one: what is missing in it is judged where it is used. */
function isBatchResult(value: unknown): value is BatchResult {
  return isObject(value);
}

interface BatchTarget {
  toObjectId?: string | number;
  associationTypes?: { typeId?: number; category?: string; label?: string | null }[];
}

/** One record to ask for, and where to go on in its list. */
interface Input {
  id: string;
  after?: string;
}

/** What connects two records, in one direction. Two records may be connected by several. */
export interface Link {
  fromId: string;
  toId: string;
  /** Tells the kinds of associations apart within its category; null where HubSpot names no kind. */
  typeId: number | null;
  /** HUBSPOT_DEFINED, USER_DEFINED or INTEGRATOR_DEFINED. */
  category: string | null;
  /** What people call it; null of an association without a label. */
  label: string | null;
}

/** A part of the associations of one record, as one answer has it. */
interface PartOfList {
  fromId: string;
  targets: readonly BatchTarget[];
  /** Whether the list goes on in a later answer. */
  goesOn: boolean;
}

/**
 * The ids of the `to` objects associated with each of the `from` objects `ids`, each list complete and without repeats
 * (HubSpot gives one entry per label). Ids without associations map to an empty list.
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
 * Everything that connects each of the `from` objects `ids` with `to` objects, without repeats, as HubSpot answers it: one
 * array for each call, in which a record has at most a page of its links, so that no long list is held as a whole.
 */
export async function* readLinks(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  ids: readonly string[],
): AsyncGenerator<Link[]> {
  // A list that changes while it is paged may show a link twice; what was seen is remembered for as long as it goes on.
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
 * Reads the lists of `ids` to their ends, 1,000 to a call: HubSpot pages long lists per id, and what is left of them goes
 * into common calls, too. One array for each answer. A batch that HubSpot refuses is halved, and so are those that follow.
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
  const call = { kind: 'associations' as const, body: { inputs: batch }, what };
  try {
    return await addressed(client, from, (source) =>
      addressed(client, to, (target) =>
        client.call({ ...call, path: paths.associations(source, target) }, (body) => decode(body, asked)),
      ),
    );
  } catch (error) {
    if (batch.length <= LEAST_LIMIT || !isRefusal(error, [400]) || isUnknownObject(error)) throw error;
    const size = Math.max(LEAST_LIMIT, Math.ceil(batch.length / 2));
    log.info(`HubSpot refuses ${batch.length} records in one call for ${what}; ${size} are asked for at once.`);
    takenSizes.set(client, size);
    return 'too many';
  }
}

function standsStill(what: string, id: string, after: string): RequestError {
  return new RequestError(`HubSpot's list of the ${what}, of ${id}, does not move on from ${after}.`, 200);
}

/** An id of more digits than a double keeps, where HubSpot answers it as a number. */
const LONG_IDS = /("toObjectId"\s*:\s*)(\d{16,})/g;

/** The body with such ids as text. */
function withExactIds(body: Buffer): Buffer {
  const text = body.toString('latin1');
  return text.search(LONG_IDS) === -1 ? body : Buffer.from(text.replace(LONG_IDS, '$1"$2"'), 'latin1');
}

/** Throws MalformedAnswer, so that the call is repeated, for an answer that would be taken for shorter lists than there are. */
function decode(body: Buffer, asked: ReadonlySet<string>): BatchResult[] {
  const answer = parseAnswer(withExactIds(body));
  refuseFaults(answer);
  const results = resultsOf(answer, isBatchResult);
  const stranger = results.find((result) => !asked.has(String(result.from?.id)));
  if (stranger) throw new MalformedAnswer(`associations of ${stranger.from?.id}, which was not asked for`);
  return results;
}
