import { CUSTOM_SCHEMAS_SCOPE, CUSTOM_SCOPE, type Scopes, STANDARD_OBJECTS } from '../hubspot/api/object-types.js';
import type { StreamDeclaration, StreamPlan } from './core/stream.js';

/** What is known beforehand of a stream that a token may or may not read. */
export type Access =
  | { is: 'granted' }
  | { is: 'refused'; missing: string[] }
  /** Only HubSpot's answer to a call tells. */
  | { is: 'unknown' };

/**
 * Whether a token with these scopes may read a stream. Scopes have changed their names before: a token that has none of those
 * that are documented, but one that names what is read, is tried.
 */
export function accessTo({ scopes, subject }: StreamPlan, granted: readonly string[]): Access {
  const missing = scopes.filter((group) => !group.some((scope) => granted.includes(scope)));
  if (scopes.length === 0) return { is: 'unknown' };
  if (missing.length === 0) return { is: 'granted' };
  if (missing.length < scopes.length || granted.some((scope) => contains(scope, subject))) return { is: 'unknown' };
  return { is: 'refused', missing: scopeTexts(missing) };
}

/** Whether a scope names a subject, in the singular or the plural, whatever stands between its letters. */
function contains(scope: string, subject: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');
  return plain(scope).includes(plain(subject).replace(/s$/, ''));
}

/** The scopes as people read them, each group one text. */
export function scopeTexts(scopes: Scopes): string[] {
  return scopes.map((group) => group.join(' or '));
}

/** Scopes with which every stream can be read, each once, in alphabetical order. */
export function everyScope(declared: readonly StreamDeclaration[]): string[] {
  const objects = STANDARD_OBJECTS.flatMap((type) => type.scopes.flat());
  // Of what has other ways as well, the first will do.
  const others = declared.flatMap((each) => each.plan().scopes.flatMap(([first]) => first ?? []));
  return [...new Set([...objects, ...others, CUSTOM_SCOPE, CUSTOM_SCHEMAS_SCOPE])].sort();
}
