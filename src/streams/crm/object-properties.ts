import type { SensitiveMode } from '../../config/source.js';
import {
  type PropertyDefinition,
  readProperties,
  SENSITIVITIES,
  type Sensitivity,
} from '../../hubspot/api/metadata.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';

/**
 * Where HubSpot documents a scope for the values of sensitive properties. The properties themselves it lists to every token, and
 * leaves their values out of its answers without a word where the scope is lacking
 * (developers.hubspot.com/docs/api-reference/crm-sensitive-data/guide): so the token's scopes are asked for. Where HubSpot does not
 * tell them, the properties are taken to be readable.
 */
const SCOPED_OBJECTS = ['contacts', 'companies', 'deals', 'tickets', 'appointments'];

/** Sensitive properties of one class whose values the token may not read. */
export interface Withheld {
  names: readonly string[];
  /** The scope that would give them. */
  scope: string;
}

/** What HubSpot says of an object's properties. */
export interface ObjectProperties {
  /** In the order of their names. */
  readable: readonly PropertyDefinition[];
  withheld: readonly Withheld[];
  /** Calls to HubSpot that it took, but for that for the token's scopes. */
  calls: number;
}

/** Asks for the scopes of the token; null where HubSpot does not tell them. */
export type TokenScopes = () => Promise<readonly string[] | null>;

/** @param sensitive whether properties are wanted that the portal marks as sensitive or highly sensitive */
export async function readObjectProperties(
  client: HubSpotClient,
  type: ObjectType,
  sensitive: SensitiveMode,
  tokenScopes: TokenScopes,
): Promise<ObjectProperties> {
  if (sensitive === 'exclude') return { readable: await readProperties(client, type), withheld: [], calls: 1 };
  const [usual, marked, granted] = await Promise.all([
    readProperties(client, type),
    Promise.all(SENSITIVITIES.map((sensitivity) => readProperties(client, type, sensitivity))),
    tokenScopes(),
  ]);
  const readable = [...usual];
  const withheld: Withheld[] = [];
  for (const [index, sensitivity] of SENSITIVITIES.entries()) {
    const found = marked[index] ?? [];
    const scope = scopeOf(type, sensitivity);
    if (found.length === 0) continue;
    if (scope === null || granted === null || granted.some((each) => isVersionOf(each, scope))) readable.push(...found);
    else withheld.push({ names: found.map(({ name }) => name), scope });
  }
  readable.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { readable, withheld, calls: 1 + marked.length };
}

/** null where HubSpot's documentation names none for the object. */
function scopeOf(type: ObjectType, sensitivity: Sensitivity): string | null {
  if (type.custom) return `crm.objects.custom.${sensitivity}.read`;
  if (!SCOPED_OBJECTS.includes(type.name)) return null;
  return type.name === 'tickets' ? `tickets.${sensitivity}` : `crm.objects.${type.name}.${sensitivity}.read`;
}

/** HubSpot has a second version of each of these scopes, `….v2`. */
function isVersionOf(granted: string, scope: string): boolean {
  return granted === scope || granted.startsWith(`${scope}.v`);
}
