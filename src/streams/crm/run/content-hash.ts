import { createHash } from 'node:crypto';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { JsonValue } from '../../../protocol/messages.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';

/** 48 bits: one change in 10^14 goes unnoticed. */
const HASH_LENGTH = 8;

/** Identifies how a stream's records are encoded: equal for equal schemas, in whichever order their members are, and equal hashing. */
export function contentSalt({ layout, name, hashed, properties }: ObjectStream): string {
  const marked = hashed === null ? [] : [...properties].sort().map((each) => hashed.marked(each));
  return hash([name, layout.primaryKey, layout.cursorField, canonical(layout.schema), ...marked].join('\n'));
}

/**
 * Compiles a function that hashes everything a stream's record consists of: its values, times and associated ids. The order in
 * which HubSpot returns them does not matter.
 */
export function contentHasher(
  stream: ObjectStream,
): (row: ObjectRow, associated: readonly (readonly string[])[]) => string {
  const names = [...stream.properties].sort();
  // Without a key, the values of a hashed property could be guessed from the hash.
  const keyed = stream.hashed?.hasher.contentHash.bind(stream.hashed.hasher) ?? null;
  const fields = stream.associations.map(({ field }, index) => [field, index] as const).sort();
  return (row, associated) => {
    const values = names.map((name) => (Object.hasOwn(row.properties, name) ? (row.properties[name] ?? null) : null));
    const links = fields.map(([field, index]) => [field, [...(associated[index] ?? [])].sort()]);
    const content = JSON.stringify([row.createdAt ?? null, updatedAtOf(row), values, links]);
    return keyed === null ? hash(content) : keyed(content).slice(0, HASH_LENGTH);
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}

function canonical(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}
