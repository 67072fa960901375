import type { Sandbox } from '../../../src/sandbox/server.js';

/** A record as the tables should hold it: what can be compared however it came there. */
export interface Expected {
  id: string;
  archived: boolean;
  mergedInto: string | null;
  /** By property, the value as JSON has it; instants as epoch milliseconds. */
  values: Record<string, unknown>;
  associations: Record<string, string[]>;
}

/** What a property's text means, written without a look at how the source does it. */
export function meaning(type: string, text: string | null | undefined): unknown {
  if (text === null || text === undefined) return null;
  if (type === 'number') return text === '' ? null : Number(text);
  if (type === 'bool') return text === '' ? null : text === 'true';
  if (type === 'date')
    return text === '' ? null : new Date(/^\d+$/.test(text) ? Number(text) : text).toISOString().slice(0, 10);
  if (type === 'datetime') return text === '' ? null : new Date(/^\d+$/.test(text) ? Number(text) : text).getTime();
  return text;
}

/**
 * The types of an object's properties, by name. Without `calculated` ones: HubSpot changes those without saying that the
 * record was modified, so increments do not see it.
 */
export async function propertyTypes(
  sandbox: Sandbox,
  objectType: string,
  calculated = true,
): Promise<Map<string, string>> {
  const answer = await sandbox.fetch(`/crm/properties/2026-09/${sandbox.portal.type(objectType).id}`);
  const { results } = (await answer.json()) as { results: { name: string; type: string; calculated?: boolean }[] };
  return new Map(
    results.filter((property) => calculated || !property.calculated).map(({ name, type }) => [name, type]),
  );
}

/** The live records of an object as the portal has them: the properties in `types`, the ids in `associations`. */
export async function liveRecords(
  sandbox: Sandbox,
  objectType: string,
  types: ReadonlyMap<string, string>,
  associations: readonly string[] = [],
): Promise<Map<string, Expected>> {
  const { live } = sandbox.portal.truth(objectType, { properties: 'all', associations });
  return new Map(
    live.map(({ id, properties, associations: links }) => [
      id,
      {
        id,
        archived: false,
        mergedInto: null,
        values: Object.fromEntries(
          // Sensitive properties are in the portal, but HubSpot does not list them to everyone.
          [...types].map(([name, type]) => [name, meaning(type, properties[name])]),
        ),
        associations: Object.fromEntries(associations.map((name) => [name, [...(links?.[name] ?? [])].sort()])),
      },
    ]),
  );
}

/** A row of an association stream. */
export interface ExpectedLink {
  from_id: string;
  to_id: string;
  association_type_id: number;
  category: string;
  label: string | null;
}

/** Everything that connects live records of the one object with live records of the other, as the portal has it. */
export function liveLinks({ portal }: Sandbox, from: string, to: string): ExpectedLink[] {
  const [here, there] = [portal.type(from), portal.type(to)];
  const types = new Map(portal.linkTypes.between(here, there).map((type) => [type.typeId, type]));
  const live = new Set(portal.truth(to).live.map((record) => record.id));
  return portal.truth(from).live.flatMap(({ id }) =>
    portal.links
      .of(here.id, Number(id), there.id)
      .filter((link) => live.has(String(link.to)))
      .flatMap((link) =>
        link.typeIds.map((typeId) => ({
          from_id: id,
          to_id: String(link.to),
          association_type_id: typeId,
          category: types.get(typeId)?.category as string,
          label: types.get(typeId)?.label ?? null,
        })),
      ),
  );
}
