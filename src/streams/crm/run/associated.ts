import { type HubflakeError, MissingScopesError, RequestError } from '../../../errors.js';
import { readAssociations, readLinks } from '../../../hubspot/api/associations.js';
import type { AssociationList, ObjectRow } from '../../../hubspot/api/object-row.js';
import type { ObjectType } from '../../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import type { AssociationTarget, ObjectStream } from '../object-stream.js';

/** By record id: the associated ids for each of the stream's associations, in their order. */
export type Associated = Map<string, string[][]>;

/** What reading associations takes of a run. */
interface LinkRun {
  client: HubSpotClient;
  stream: ObjectStream;
  /** Why HubSpot refuses associations that are a stream of their own, by their fields. */
  refusedLinks: Map<string, HubflakeError>;
}

/** Reads the associations of records by batch reads: one call per association and 1,000 records. */
export async function readAssociated(run: LinkRun, rows: readonly ObjectRow[]): Promise<Associated> {
  const { client, stream } = run;
  const ids = rows.map((row) => row.id);
  const lists = await Promise.all(
    ids.length === 0
      ? []
      : stream.associations.map((target) =>
          target.isTyped
            ? readUnlessRefused(run, target, ids)
            : readAssociations(client, stream.type, target.type, ids),
        ),
  );
  return new Map(ids.map((id) => [id, lists.map((list) => list.get(id) ?? [])]));
}

/** Associations that are a stream of their own, which HubSpot may refuse without any concern of the others. */
async function readUnlessRefused(
  { client, stream, refusedLinks }: LinkRun,
  { type, field }: AssociationTarget,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  if (refusedLinks.has(field)) return new Map();
  try {
    return await readTyped(client, stream.type, type, ids);
  } catch (error) {
    if (!(error instanceof RequestError || error instanceof MissingScopesError)) throw error;
    refusedLinks.set(field, error);
    return new Map();
  }
}

/** The associations of records with their types, each as `<id> <type id> <category>`. */
export async function readTyped(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>(ids.map((id) => [id, []]));
  for await (const links of readLinks(client, from, to, ids)) {
    for (const { fromId, toId, typeId, category } of links) found.get(fromId)?.push(`${toId} ${typeId} ${category}`);
  }
  return found;
}

/**
 * The associations of records whose list call requested them. HubSpot truncates long lists there: those are read by
 * batch reads, and so are those that may be listed under an unknown name. Typed associations are left empty: their
 * output reads them.
 */
export async function completeAssociated(
  client: HubSpotClient,
  stream: ObjectStream,
  rows: readonly ObjectRow[],
): Promise<Associated> {
  const found: Associated = new Map(rows.map((row) => [row.id, []]));
  const targets = stream.associations.map(({ type, isTyped }) => ({ type, isTyped, find: inlineFinder(type) }));
  const finders = targets.map(({ find }) => find);
  const unknown = new Set(rows.filter((row) => hasUnknownList(row, finders)).map((row) => row.id));
  for (const { type, isTyped, find } of targets) {
    if (isTyped) {
      for (const links of found.values()) links.push([]);
      continue;
    }
    const lists = new Map<string, string[]>();
    const truncated: string[] = [];
    for (const row of rows) {
      const { list } = find(row);
      if (list?.paging?.next || (list === undefined && unknown.has(row.id))) truncated.push(row.id);
      lists.set(row.id, [...new Set((list?.results ?? []).map((result) => String(result.id)))]);
    }
    if (truncated.length > 0) {
      const complete = await readAssociations(client, stream.type, type, truncated);
      for (const [id, ids] of complete) lists.set(id, ids);
    }
    for (const [id, links] of found) links.push(lists.get(id) ?? []);
  }
  return found;
}

/**
 * Finds a record's inline list of one association. HubSpot spells the keys differently ("line items" for line_items, the fully
 * qualified name for custom objects), so the comparison ignores case, spaces and underscores.
 */
type ListFinder = (row: ObjectRow) => { key?: string; list?: AssociationList };

function inlineFinder(type: ObjectType): ListFinder {
  const plain = (name: string) => name.toLowerCase().replace(/[ _]/g, '');
  const names = new Set([type.name, type.typeId ?? type.name, ...type.aliases].map(plain));
  const exact = type.name;
  return ({ associations }) => {
    if (!associations) return {};
    const known = Object.hasOwn(associations, exact) ? exact : undefined;
    const key = known ?? Object.keys(associations).find((each) => names.has(plain(each)));
    const list = key === undefined ? undefined : associations[key];
    return key === undefined || list === undefined ? {} : { key, list };
  };
}

/** Whether a row has a list under a name that none of the requested objects is known by: it may belong to any of them. */
function hasUnknownList(row: ObjectRow, finders: readonly ListFinder[]): boolean {
  const keys = Object.keys(row.associations ?? {});
  return keys.length > 0 && keys.some((key) => finders.every((find) => find(row).key !== key));
}
