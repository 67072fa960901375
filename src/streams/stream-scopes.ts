import {
  CUSTOM_SCHEMAS_SCOPE,
  CUSTOM_SCOPE,
  findObjectType,
  type ObjectType,
  STANDARD_OBJECTS,
} from '../hubspot/object-types.js';
import type { StreamPlan } from './selection.js';

const OWNERS_SCOPE = 'crm.objects.owners.read';

/**
 * The scopes that reading a stream needs as far as HubSpot's documentation says, for messages and documentation: HubSpot's own
 * answer to a token that lacks them may name others.
 *
 * @param custom the portal's custom objects
 */
export function scopesOf(plan: StreamPlan, custom: readonly ObjectType[] = []): string[] {
  switch (plan.kind) {
    case 'object':
      return [plan.type.scope];
    case 'owners':
      return [OWNERS_SCOPE];
    case 'pipelines':
      return STANDARD_OBJECTS.filter((type) => type.name === plan.objectType).map((type) => type.scope);
    case 'associations': {
      const types = [...STANDARD_OBJECTS, ...custom];
      return [plan.fromObject, plan.toObject].flatMap((object) => findObjectType(object, types)?.scope ?? []);
    }
    case 'missing':
      return [];
  }
}

/** Every scope that some stream needs, each once, in alphabetical order. */
export function everyScope(): string[] {
  const objects = STANDARD_OBJECTS.map((type) => type.scope);
  return [...new Set([...objects, OWNERS_SCOPE, CUSTOM_SCOPE, CUSTOM_SCHEMAS_SCOPE])].sort();
}
