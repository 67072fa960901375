import { isObject } from '../../json.js';
import { normaliseSource, parseSourceConfig, TOLERATED_IN_SOURCE } from '../source.js';
import { attempt, type Finding } from './finding.js';
import { checkSchema } from './schema-check.js';

/** What stands in the place of every other option while one is tried. */
const ANY_TEXT = 'any-text';
/** The same for a salt, without which nothing can be hashed. */
const ANY_SALT = 'any text that is long enough';

/**
 * Every mistake in a source configuration. What the schema cannot say, the parser does; since it stops at the first mistake, it is given
 * each option by itself, in a configuration that is otherwise sound.
 *
 * @param part where in the file it is
 */
export function checkSource(part: string, given: unknown): Finding[] {
  const document = structuredClone(given);
  if (isObject(document)) normaliseSource(document);
  const { findings, rest } = checkSchema('source', part, given, document, TOLERATED_IN_SOURCE);
  const { credentials, objects, layout, ...others } = rest;
  const sound = {
    credentials: { access_token: ANY_TEXT },
    ...(layout === undefined ? {} : { layout }),
    // One with a mistake of its own is no missing one.
    ...(isObject(document) && document.hash_salt !== undefined ? { hash_salt: ANY_SALT } : {}),
  };
  const attempts = [...Object.entries(others).map(([key, value]) => ({ [key]: value })), ...alone(credentials)].map(
    (options) => attempt(part, options, () => parseSourceConfig({ ...sound, ...options })),
  );
  const entries = (Array.isArray(objects) ? objects : []).map((entry, index) => {
    if (entry === undefined) return null;
    // The entries before it are sound, and keep its place.
    const list = [...Array(index).fill({ object_type: 'contacts' }), entry];
    return attempt(part, rest, () => parseSourceConfig({ ...sound, objects: list }));
  });
  return [...findings, ...attempts, ...entries].filter((finding) => finding !== null);
}

/** Credentials in which all texts but one are sound, for each one. */
function alone(credentials: unknown): { credentials: object }[] {
  if (!isObject(credentials)) return [];
  const { credentials_title: kind, ...texts } = credentials;
  const sound = Object.fromEntries(Object.keys(texts).map((key) => [key, ANY_TEXT]));
  return Object.entries(texts).map(([key, value]) => ({
    credentials: { credentials_title: kind, ...sound, [key]: value },
  }));
}
