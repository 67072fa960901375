import { ConfigError } from '../errors.js';

/** White space and invisible characters: byte order marks, zero-width spaces, direction marks, control characters. */
const AT_THE_ENDS = /^[\s\p{Cf}\p{Cc}]+|[\s\p{Cf}\p{Cc}]+$/gu;
/**
 * Everything but printable ASCII without the space, which is what HTTP headers carry safely, and what tokens of HubSpot and
 * Snowflake consist of.
 */
const NOT_IN_A_TOKEN = /[^\u0021-\u007e]/u;

/** Characters that get into a token when it is copied from a chat, a document or a web page. */
const NAMES: Record<string, string> = {
  '\u0009': 'tab',
  '\u000a': 'line break',
  '\u000d': 'line break',
  '\u0020': 'space',
  '\u0085': 'line break',
  '\u00a0': 'no-break space',
  '\u00ad': 'soft hyphen',
  '\u2002': 'en space',
  '\u2003': 'em space',
  '\u2009': 'thin space',
  '\u200b': 'zero-width space',
  '\u200c': 'zero-width non-joiner',
  '\u200d': 'zero-width joiner',
  '\u200e': 'left-to-right mark',
  '\u200f': 'right-to-left mark',
  '\u2010': 'typographic hyphen',
  '\u2011': 'no-break hyphen',
  '\u2012': 'figure dash',
  '\u2013': 'en dash',
  '\u2014': 'em dash',
  '\u2018': 'typographic quote',
  '\u2019': 'typographic quote',
  '\u201c': 'typographic quote',
  '\u201d': 'typographic quote',
  '\u2022': 'bullet',
  '\u2026': 'ellipsis',
  '\u2028': 'line break',
  '\u2029': 'line break',
  '\u202f': 'narrow no-break space',
  '\u2060': 'word joiner',
  '\u2212': 'minus sign',
  '\u3000': 'ideographic space',
  '\ufeff': 'byte order mark',
  '\ufffd': 'replacement character',
};

/**
 * Cleans a token, or another text that goes into an HTTP header or form. Leading and trailing white space and invisible characters
 * are removed. Throws a ConfigError that names the position of any other character that cannot be part of a token, without showing
 * the token: sending it would fail in a way that looks like a network error. Not for passwords, which may contain any character.
 *
 * @param path its path in the configuration, for messages: `credentials.access_token`
 * @param source where to copy it from again: "HubSpot"
 */
export function plainToken(given: string, path: string, source: string): string {
  const token = given.replace(AT_THE_ENDS, '');
  const found = NOT_IN_A_TOKEN.exec(token);
  if (!found) return token;
  const [character] = found;
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const name = NAMES[character] === undefined ? '' : ` (${NAMES[character]})`;
  const position = [...token.slice(0, found.index)].length + 1;
  throw new ConfigError(
    `${path} has a character that cannot be in a token: U+${code}${name} at position ${position}. Copy it again from ${source}.`,
  );
}
