/**
 * JSON whose UTF-8 bytes are the characters of a Latin-1 string. V8 keeps such strings in one byte a character and
 * joins and copies them several times faster than text that has a single wider character somewhere; pages of rows are
 * put together from them.
 */
export type ByteText = string & { readonly bytes: true };

const WIDE = /[\u0080-\uffff]/;

/** @param json JSON text, as `JSON.stringify` makes it */
export function byteText(json: string): ByteText {
  return (WIDE.test(json) ? Buffer.from(json).toString('latin1') : json) as ByteText;
}

/** The bytes to put on the wire. */
export function toBuffer(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
