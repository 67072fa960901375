import type { Handler } from '../http/listener.js';
import type { Portal } from '../portal/portal.js';
import type { ObjectType } from '../portal/types/object-types.js';
import type { Property } from '../portal/types/properties.js';
import { typeNamed } from './type-names.js';

/** Of each group one must be granted. */
type Scopes = readonly (readonly string[])[];

export const OWNER_SCOPES: Scopes = [['crm.objects.owners.read']];
export const SCHEMA_SCOPES: Scopes = [['crm.schemas.custom.read', 'crm.objects.custom.read']];
export const DEAL_SPLIT_SCOPES: Scopes = [['crm.dealsplits.read_write']];

/** For the records of the object type in the path. */
export const recordScopes: NonNullable<Handler['scopes']> = (call, services) =>
  typeNamed(call.params.type, services).scopes;

/** For its properties and pipelines: open to whoever may read the records, or has the scope of the schema. */
export const metadataScopes: NonNullable<Handler['scopes']> = (call, services) =>
  metadataScopesOf(typeNamed(call.params.type, services));

/** What shows the values of an object's property; null for one that is not sensitive. */
export function valueScope(type: ObjectType, { dataSensitivity }: Property): string | null {
  if (dataSensitivity === 'non_sensitive') return null;
  if (type.name === 'tickets') return `tickets.${dataSensitivity}.v2`;
  return `crm.objects.${scopeName(type)}.${dataSensitivity}.read.v2`;
}

/** Every scope that some call asks for: what a token has that may do everything. */
export function everyScope(portal: Portal): string[] {
  const ofCollections = portal.collections.map(({ options }) => options.scopes);
  const scopes = [OWNER_SCOPES, SCHEMA_SCOPES, DEAL_SPLIT_SCOPES, ...ofCollections].flat(2);
  for (const type of portal.types.all().filter(({ readable }) => readable)) {
    scopes.push(...type.scopes.flat(), ...metadataScopesOf(type).flat());
    const ofValues = portal
      .properties(type)
      .all()
      .map((property) => valueScope(type, property));
    scopes.push(...ofValues.filter((scope) => scope !== null));
  }
  return [...new Set(scopes)].sort();
}

function metadataScopesOf(type: ObjectType): Scopes {
  return [[...(type.scopes[0] ?? []), `crm.schemas.${scopeName(type)}.read`]];
}

function scopeName(type: ObjectType): string {
  return type.custom ? 'custom' : type.name;
}
