import type { SensitiveMode } from '../../config/source.js';
import { RequestError } from '../../errors.js';
import {
  type PropertyDefinition,
  readProperties,
  SENSITIVITIES,
  type Sensitivity,
} from '../../hubspot/api/metadata.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';

/**
 * The objects for which HubSpot documents a scope for the values of sensitive properties. HubSpot lists the properties to every
 * token, but silently omits their values if the scope is missing (developers.hubspot.com/docs/api-reference/crm-sensitive-data/guide):
 * so the token's scopes decide. If they are unknown, the properties are assumed to be readable.
 */
const SCOPED_OBJECTS = ['contacts', 'companies', 'deals', 'tickets', 'appointments'];

/** Sensitive properties of one class whose values the token may not read. */
export interface Withheld {
  names: readonly string[];
  /** The missing scope. */
  scope: string;
}

/** An object's properties according to HubSpot. */
export interface ObjectProperties {
  /** Sorted by name. */
  readable: readonly PropertyDefinition[];
  /** The names of those that the portal marks as sensitive or highly sensitive. */
  sensitive: readonly string[];
  withheld: readonly Withheld[];
  /** The number of calls this took, without the one for the token's scopes. */
  calls: number;
}

/** Requests the token's scopes; null: HubSpot does not report them. */
export type TokenScopes = () => Promise<readonly string[] | null>;

/** @param sensitive whether to read properties that the portal marks as sensitive or highly sensitive */
export async function readObjectProperties(
  client: HubSpotClient,
  type: ObjectType,
  sensitive: SensitiveMode,
  tokenScopes: TokenScopes,
): Promise<ObjectProperties> {
  if (sensitive === 'exclude') {
    const { properties, calls } = await readProperties(client, type);
    return { readable: properties, sensitive: [], withheld: [], calls };
  }
  const [usual, marked, granted] = await Promise.all([
    readProperties(client, type),
    Promise.all(SENSITIVITIES.map((sensitivity) => readProperties(client, type, sensitivity))),
    tokenScopes(),
  ]);
  const readable = [...usual.properties];
  const names: string[] = [];
  const withheld: Withheld[] = [];
  for (const [index, sensitivity] of SENSITIVITIES.entries()) {
    const found = marked[index]?.properties ?? [];
    const scope = scopeOf(type, sensitivity);
    if (found.length === 0) continue;
    if (scope === null || granted === null || granted.some((each) => isVersionOf(each, scope))) {
      readable.push(...found);
      names.push(...found.map(({ name }) => name));
    } else withheld.push({ names: found.map(({ name }) => name), scope });
  }
  readable.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { readable, sensitive: names, withheld, calls: marked.reduce((sum, { calls }) => sum + calls, usual.calls) };
}

/** The names of the properties that the portal marks as sensitive or highly sensitive; none where HubSpot refuses to tell. */
export async function readSensitiveNames(
  client: HubSpotClient,
  type: ObjectType,
): Promise<{ names: string[]; calls: number }> {
  try {
    const marked = await Promise.all(SENSITIVITIES.map((sensitivity) => readProperties(client, type, sensitivity)));
    return {
      names: marked.flatMap(({ properties }) => properties.map(({ name }) => name)),
      calls: marked.reduce((sum, { calls }) => sum + calls, 0),
    };
  } catch (error) {
    if (error instanceof RequestError) return { names: [], calls: SENSITIVITIES.length };
    throw error;
  }
}

/** null: HubSpot documents none for the object. */
function scopeOf(type: ObjectType, sensitivity: Sensitivity): string | null {
  if (type.custom) return `crm.objects.custom.${sensitivity}.read`;
  if (!SCOPED_OBJECTS.includes(type.name)) return null;
  return type.name === 'tickets' ? `tickets.${sensitivity}` : `crm.objects.${type.name}.${sensitivity}.read`;
}

/** Each of these scopes has a second version, `….v2`. */
function isVersionOf(granted: string, scope: string): boolean {
  return granted === scope || granted.startsWith(`${scope}.v`);
}
