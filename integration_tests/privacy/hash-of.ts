import { createHash } from 'node:crypto';

/** The hash that docs/privacy.md promises. */
export function hashOf(value: string, salt: string): string {
  return createHash('sha256')
    .update(salt + value)
    .digest('hex');
}
