import { type ByteText, fromLatin1 } from './byte-text.js';

/**
 * JSON allows U+0085, U+2028 and U+2029 in strings as they are, but programs that divide text into lines by Unicode's rules (Python's
 * `splitlines()`, as in Airbyte's own test suites) break a message there. In JSON text they can only be inside of strings, where an
 * escape stands for the same.
 */

const CHARACTERS = /[\u0085\u2028\u2029]/g;
/** Their UTF-8, a character for each byte. */
const BYTES = /\xc2\x85|\xe2\x80[\xa8\xa9]/g;

/** JSON text with the three escaped. */
export function escapeBreaks(text: string): string {
  return text.search(CHARACTERS) === -1 ? text : text.replace(CHARACTERS, escaped);
}

/** The same with bytes as characters. */
export function escapeBreaksInBytes(bytes: ByteText): ByteText {
  // Looking for two characters costs a fraction of a regular expression, and most texts have neither.
  if (!bytes.includes('\xc2\x85') && !bytes.includes('\xe2\x80')) return bytes;
  return fromLatin1(bytes.replace(BYTES, (found) => escaped(Buffer.from(found, 'latin1').toString('utf8'))));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
