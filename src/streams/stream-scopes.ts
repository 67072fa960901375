import {
  CUSTOM_SCHEMAS_SCOPE,
  CUSTOM_SCOPE,
  findObjectType,
  type ObjectType,
  type Scopes,
  STANDARD_OBJECTS,
  standardObject,
} from '../hubspot/api/object-types.js';
import type { StreamPlan } from './selection.js';

const OWNERS_SCOPE = 'crm.objects.owners.read';
const DEAL_SPLITS_SCOPE = 'crm.dealsplits.read_write';

/**
 * The scopes that reading a stream needs as far as HubSpot's documentation says: one of each group. HubSpot's own answer to a
 * token that lacks them may name others.
 *
 * @param custom the portal's custom objects
 */
export function scopesOf(plan: StreamPlan, custom: readonly ObjectType[] = []): Scopes {
  switch (plan.kind) {
    case 'object':
      return plan.type.scopes;
    case 'owners':
      return [[OWNERS_SCOPE]];
    case 'pipelines': {
      // Metadata is open to whoever may read the records or the schema.
      const schema = plan.type.custom ? CUSTOM_SCHEMAS_SCOPE : `crm.schemas.${plan.type.name}.read`;
      return [[...(plan.type.scopes[0] ?? []), schema]];
    }
    case 'dealSplits':
      return [[DEAL_SPLITS_SCOPE], ...standardObject('deals').scopes];
    case 'associations': {
      const types = [...STANDARD_OBJECTS, ...custom];
      return [plan.fromObject, plan.toObject].flatMap((object) => findObjectType(object, types)?.scopes ?? []);
    }
    case 'missing':
      return [];
  }
}

/** What is known beforehand of a stream that a token may or may not read. */
export type Access =
  | { is: 'granted' }
  | { is: 'refused'; missing: string[] }
  /** Only HubSpot's answer to a call tells. */
  | { is: 'unknown' };

/**
 * Whether a token with these scopes may read a stream. Scopes have changed their names before: a token that has none of those
 * that are documented, but one that names the object, is tried.
 */
export function accessTo(plan: StreamPlan, granted: readonly string[], custom: readonly ObjectType[]): Access {
  const groups = scopesOf(plan, custom);
  const missing = groups.filter((group) => !group.some((scope) => granted.includes(scope)));
  if (groups.length === 0 || plan.kind === 'missing') return { is: 'unknown' };
  if (missing.length === 0) return { is: 'granted' };
  if (missing.length < groups.length || granted.some((scope) => namesObject(scope, plan))) return { is: 'unknown' };
  return { is: 'refused', missing: missing.map((group) => group.join(' or ')) };
}

function namesObject(scope: string, plan: StreamPlan): boolean {
  const type = 'type' in plan ? plan.type : null;
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');
  const name = plain(type?.custom ? 'custom' : (type?.name ?? plan.name));
  return plain(scope).includes(name.replace(/s$/, ''));
}

/** The scopes as people read them, each group one text. */
export function scopeTexts(scopes: Scopes): string[] {
  return scopes.map((group) => group.join(' or '));
}

/** Every scope that some stream needs, each once, in alphabetical order. */
export function everyScope(): string[] {
  const objects = STANDARD_OBJECTS.flatMap((type) => type.scopes.flat());
  return [...new Set([...objects, OWNERS_SCOPE, DEAL_SPLITS_SCOPE, CUSTOM_SCOPE, CUSTOM_SCHEMAS_SCOPE])].sort();
}
