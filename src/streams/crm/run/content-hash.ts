import { createHash } from 'node:crypto';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { JsonValue } from '../../../protocol/messages.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';

/** 48 bits: one change in 10^14 goes unnoticed. */
const HASH_LENGTH = 8;

/** Identifies how a stream's records are encoded: equal for equal schemas, in whichever order their members are. */
export function contentSalt({ layout, name }: ObjectStream): string {
  return hash([name, layout.primaryKey, layout.cursorField, canonical(layout.schema)].join('\n'));
}

/**
 * Compiles a function that hashes everything a stream's record consists of: its values, times and associated ids. The order in
 * which HubSpot returns them does not matter.
 */
export function contentHasher(
  stream: ObjectStream,
): (row: ObjectRow, associated: readonly (readonly string[])[]) => string {
  const names = [...stream.properties].sort();
  const fields = stream.associations.map(({ field }, index) => [field, index] as const).sort();
  return (row, associated) => {
    const values = names.map((name) => (Object.hasOwn(row.properties, name) ? (row.properties[name] ?? null) : null));
    const links = fields.map(([field, index]) => [field, [...(associated[index] ?? [])].sort()]);
    return hash(JSON.stringify([row.createdAt ?? null, updatedAtOf(row), values, links]));
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
