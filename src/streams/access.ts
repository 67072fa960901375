import { MissingScopesError } from '../errors.js';
import { CUSTOM_SCHEMAS_SCOPE, CUSTOM_SCOPE, type Scopes, STANDARD_OBJECTS } from '../hubspot/api/object-types.js';
import type { PortalFacts, StreamDeclaration, StreamPlan } from './core/stream.js';

/** Whether a token may read a stream, as far as its scopes show. */
export type Access =
  | { is: 'granted' }
  | { is: 'refused'; missing: string[] }
  /** Only a call can find out. */
  | { is: 'unknown' };

/**
 * Whether a token with these scopes may read a stream. HubSpot has renamed scopes before: if a token has none of the documented ones,
 * but one that contains the stream's subject, access is unknown.
 */
export function accessTo(
  { scopes, subject }: Pick<StreamPlan, 'scopes' | 'subject'>,
  granted: readonly string[],
): Access {
  const missing = scopes.filter((group) => !group.some((scope) => granted.includes(scope)));
  if (scopes.length === 0) return { is: 'unknown' };
  if (missing.length === 0) return { is: 'granted' };
  if (missing.length < scopes.length || granted.some((scope) => contains(scope, subject))) return { is: 'unknown' };
  return { is: 'refused', missing: scopeTexts(missing) };
}

/**
 * Whether a token's scopes show that it may read something; false: only a call can find out. Throws a MissingScopesError where they show
 * that it may not.
 */
export async function isGranted(portal: PortalFacts, needed: Pick<StreamPlan, 'scopes' | 'subject'>): Promise<boolean> {
  const scopes = await portal.tokenScopes();
  const access = scopes === null ? null : accessTo(needed, scopes);
  if (access?.is === 'refused') {
    throw new MissingScopesError(`The token lacks the scope ${access.missing.join(', and ')}.`, access.missing);
  }
  return access?.is === 'granted';
}

/** Whether a scope contains a subject, in singular or plural, ignoring case and other characters. */
function contains(scope: string, subject: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');
  return plain(scope).includes(plain(subject).replace(/s$/, ''));
}

/** The scopes as texts for people, one per group. */
export function scopeTexts(scopes: Scopes): string[] {
  return scopes.map((group) => group.join(' or '));
}

/** Scopes with which every stream can be read, without duplicates, in alphabetical order. */
export function everyScope(declared: readonly StreamDeclaration[]): string[] {
  const objects = STANDARD_OBJECTS.flatMap((type) => type.scopes.flat());
  // One scope of each group suffices.
  const others = declared.flatMap((each) => each.plan().scopes.flatMap(([first]) => first ?? []));
  return [...new Set([...objects, ...others, CUSTOM_SCOPE, CUSTOM_SCHEMAS_SCOPE])].sort();
}
