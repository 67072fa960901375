import { readAssociations } from '../../../hubspot/api/associations.js';
import type { AssociationList, ObjectRow } from '../../../hubspot/api/object-row.js';
import type { ObjectType } from '../../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import type { ObjectStream } from '../object-stream.js';

/** For each record by id, the associated ids for each of the stream's associations, in their order. */
export type Associated = Map<string, string[][]>;

/** The associations of records that came without them, by batch reads: one call for each association and 1,000 records. */
export async function readAssociated(
  client: HubSpotClient,
  stream: ObjectStream,
  rows: readonly ObjectRow[],
): Promise<Associated> {
  const ids = rows.map((row) => row.id);
  const lists = await Promise.all(
    ids.length === 0
      ? []
      : stream.associations.map((target) => readAssociations(client, stream.type, target.type, ids)),
  );
  return new Map(ids.map((id) => [id, lists.map((list) => list.get(id) ?? [])]));
}

/**
 * The associations of records whose list call asked for them. HubSpot cuts long lists short there; those are read whole by
 * batch reads, and so are those that may be under a name which is not known.
 */
export async function completeAssociated(
  client: HubSpotClient,
  stream: ObjectStream,
  rows: readonly ObjectRow[],
): Promise<Associated> {
  const found: Associated = new Map(rows.map((row) => [row.id, []]));
  const finders = stream.associations.map((target) => inlineFinder(target.type));
  const unknown = new Set(rows.filter((row) => hasUnknownList(row, finders)).map((row) => row.id));
  for (const [index, target] of stream.associations.entries()) {
    const find = finders[index] as ListFinder;
    const short: string[] = [];
    for (const row of rows) {
      const { list } = find(row);
      if (list?.paging?.next || (list === undefined && unknown.has(row.id))) short.push(row.id);
      const ids = new Set((list?.results ?? []).map((result) => String(result.id)));
      (found.get(row.id) as string[][])[index] = [...ids];
    }
    if (short.length === 0) continue;
    const whole = await readAssociations(client, stream.type, target.type, short);
    for (const [id, ids] of whole) (found.get(id) as string[][])[index] = ids;
  }
  return found;
}

/**
 * Finds a record's inline list of one association. HubSpot spells the keys in its own ways ("line items" for line_items, the
 * fully qualified name for custom objects), so they are compared without regard to case, spaces and underscores.
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

/** Whether a row has a list under a name that none of the objects asked for is known by: it may be any one's. */
function hasUnknownList(row: ObjectRow, finders: readonly ListFinder[]): boolean {
  const keys = Object.keys(row.associations ?? {});
  return keys.length > 0 && keys.some((key) => finders.every((find) => find(row).key !== key));
}
