import { type ByteText, fromLatin1 } from './byte-text.js';

/**
 * JSON allows U+0085, U+2028 and U+2029 unescaped in strings, but programs that split text into lines by Unicode's rules (Python's
 * `splitlines()`, as in Airbyte's own test suites) break a message there. In JSON they only occur within strings, where an escape
 * is equivalent.
 */

const CHARACTERS = /[\u0085\u2028\u2029]/g;
/** Their UTF-8, one character per byte. */
const BYTES = /\xc2\x85|\xe2\x80[\xa8\xa9]/g;

/** JSON text with the three escaped. */
export function escapeBreaks(text: string): string {
  return text.search(CHARACTERS) === -1 ? text : text.replace(CHARACTERS, escaped);
}

/** The same for UTF-8 bytes as characters. */
export function escapeBreaksInBytes(bytes: ByteText): ByteText {
  // Searching for two characters costs a fraction of the regular expression, and most texts have neither.
  if (!bytes.includes('\xc2\x85') && !bytes.includes('\xe2\x80')) return bytes;
  return fromLatin1(bytes.replace(BYTES, (found) => escaped(Buffer.from(found, 'latin1').toString('utf8'))));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
