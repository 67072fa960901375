import { createHash } from 'node:crypto';
import type { JsonObject } from '../protocol/messages.js';
import type { ObjectStream } from './definition.js';

/** What a stream selects, small enough to lie in each of its states. */
export interface Fingerprint {
  /** Hashes of the selected properties' names, 4 bytes each, sorted, base64. */
  properties: string;
  associations: string[];
  /** Hash of the filter groups; empty without any. */
  filters: string;
  updatedAfter: string | null;
  /** The cursor's name, which tells the layouts apart. */
  cursorField: string;
}

const HASH_BYTES = 4;

export function fingerprintOf(stream: ObjectStream): Fingerprint {
  const hashes = stream.properties.map((name) => hash(name).subarray(0, HASH_BYTES)).sort(Buffer.compare);
  return {
    properties: Buffer.concat(hashes).toString('base64'),
    associations: stream.associations.map((target) => target.field).sort(),
    filters:
      stream.filterGroups.length === 0
        ? ''
        : hash(JSON.stringify(stream.filterGroups)).toString('base64url').slice(0, 12),
    updatedAfter: stream.updatedAfter,
    cursorField: stream.layout.cursorField,
  };
}

/**
 * Why a stream whose state was made with `before` must be read again to be complete with `now`; null when what it has is
 * enough (the same, or less of it).
 */
export function reasonToReadAgain(before: Fingerprint, now: Fingerprint): string | null {
  if (before.cursorField !== now.cursorField) return 'the layout was changed';
  const known = hashesOf(before.properties);
  const added = [...hashesOf(now.properties)].filter((each) => !known.has(each)).length;
  if (added > 0) return added === 1 ? 'a property was added' : `${added} properties were added`;
  const link = now.associations.find((name) => !before.associations.includes(name));
  if (link !== undefined) return `the association with ${link} was added`;
  if (before.filters !== now.filters && before.filters !== '') return 'the filters were changed';
  if (before.updatedAfter !== null && (now.updatedAfter === null || now.updatedAfter < before.updatedAfter)) {
    return 'the date to start from was moved back';
  }
  return null;
}

/** Reads a fingerprint out of a state; null where there is none. */
export function parseFingerprint(value: unknown): Fingerprint | null {
  const given = value as Partial<Fingerprint> | null | undefined;
  if (typeof given?.properties !== 'string' || !Array.isArray(given.associations)) return null;
  return {
    properties: given.properties,
    associations: given.associations.map(String),
    filters: given.filters ?? '',
    updatedAfter: given.updatedAfter ?? null,
    cursorField: given.cursorField ?? 'updatedAt',
  };
}

export function fingerprintJson(fingerprint: Fingerprint): JsonObject {
  return { ...fingerprint };
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hashesOf(base64: string): Set<string> {
  const bytes = Buffer.from(base64, 'base64');
  const hashes = new Set<string>();
  for (let i = 0; i + HASH_BYTES <= bytes.length; i += HASH_BYTES) {
    hashes.add(bytes.toString('latin1', i, i + HASH_BYTES));
  }
  return hashes;
}
