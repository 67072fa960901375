import { createHmac, hash } from 'node:crypto';

/** Bytes of a mark, which only has to differ from others. */
const MARK_BYTES = 9;

/** Replaces values by hashes, so that equal values stay equal and nobody without the salt can tell which they were. */
export class Hasher {
  readonly #salt: string;
  /** Tells a salt from others without revealing it: a keyed hash of a constant. */
  readonly mark: string;

  constructor(salt: string) {
    this.#salt = salt;
    this.mark = this.#keyed('hubflake: which salt it is').subarray(0, MARK_BYTES).toString('base64url');
  }

  /**
   * The SHA-256 of the salt and the value behind it, both in UTF-8, as 64 hexadecimal digits. Not an HMAC, which no warehouse computes:
   * `SHA2('<salt>' || email, 256)` in Snowflake and `sha256('<salt>' || email)` in DuckDB are the same.
   */
  hash(value: string): string {
    return hash('sha256', this.#salt + value);
  }

  /** The hash of what a state remembers of contents, from which values could be guessed if it had no key. In base64. */
  contentHash(text: string): string {
    return this.#keyed(text).toString('base64url');
  }

  #keyed(text: string): Buffer {
    return createHmac('sha256', this.#salt).update(text).digest();
  }
}
