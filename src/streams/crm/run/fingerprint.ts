import { createHash } from 'node:crypto';
import { memberOf } from '../../../json.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type Instant, timeOf } from '../../../time.js';
import { stateValue } from '../../core/stream-state.js';
import type { ObjectStream } from '../object-stream.js';

/** What a stream selects, small enough to be part of each of its states. */
export type Fingerprint = {
  /** The selected properties' names, see {@link packHashes}. */
  properties: string;
  /** The same for their names and types; null in states of earlier versions. */
  types: string | null;
  associations: string[];
  /** Hash of the filter groups; empty without any. */
  filters: string;
  updatedAfter: Instant | null;
  /** The cursor's name, which identifies the layout. */
  cursorField: string;
};

/** The part of a fingerprint that tells how records have their properties. */
export type Written = Pick<Fingerprint, 'properties' | 'types'>;

/** What a stream lacks because its state was written when it selected something else. */
export type Shortage =
  /** Everything has to be read again. @param hasOtherFilters records that were read may not match the current filters */
  | { is: 'everything'; why: string; hasOtherFilters: boolean }
  /** The values of some properties are missing. */
  | { is: 'properties'; names: string[]; why: string };

const HASH_BYTES = 4;

export function fingerprintOf(stream: ObjectStream): Fingerprint {
  return {
    ...writtenOf(stream),
    associations: stream.associations.flatMap(({ field, isTyped }) => (isTyped ? [] : [field])).sort(),
    filters:
      stream.filterGroups.length === 0
        ? ''
        : hash(JSON.stringify(stream.filterGroups)).toString('base64url').slice(0, 12),
    updatedAfter: stream.updatedAfter,
    cursorField: stream.layout.cursorField,
  };
}

/** How a stream's records have their properties, for its states. */
export function writtenOf(stream: ObjectStream): Written {
  return {
    properties: packHashes(stream.properties),
    types: packHashes(stream.properties.map((name) => typed(stream, name))),
  };
}

/**
 * What a stream lacks if its state was written with the selection `before`; null: nothing.
 *
 * @param before null: the state does not tell, as source-hubspot's. Then what is hashed now was in clear, and there were no local dates
 * @param emitsFilterExits whether records that no longer match the filters are reported
 */
export function shortageOf(
  before: Fingerprint | null,
  stream: ObjectStream,
  emitsFilterExits: boolean,
): Shortage | null {
  if (before === null) return propertiesShortage(stream, [], writtenOtherwise(null, stream, stream.properties));
  const now = fingerprintOf(stream);
  const hasOtherFilters = before.filters !== now.filters;
  const everything = (why: string): Shortage => ({ is: 'everything', why, hasOtherFilters });
  if (before.cursorField !== now.cursorField) return everything('the layout was changed');
  const link = now.associations.find((name) => !before.associations.includes(name));
  if (link !== undefined) return everything(`the association with ${link} was added`);
  if (hasOtherFilters && (before.filters !== '' || emitsFilterExits)) return everything('the filters were changed');
  if (isBefore(now.updatedAfter, before.updatedAfter)) return everything('the date to start from was moved back');
  const known = hashesOf(before.properties);
  const added = stream.properties.filter((name) => !known.has(hashText(name)));
  const kept = stream.properties.filter((name) => !added.includes(name));
  return propertiesShortage(stream, added, writtenOtherwise(before.types, stream, kept));
}

/**
 * What a stream lacks if only that counts how its records were written; null: nothing. A property that it did not have counts where it is
 * hashed: it may have been read in clear, and left out since.
 *
 * @param before null: it is not known how they were written
 */
export function rewriteOf(before: Written | null, stream: ObjectStream): Shortage | null {
  const { properties } = stream;
  if (before === null) return propertiesShortage(stream, [], writtenOtherwise(null, stream, properties));
  const kept = selectedBefore(before, properties);
  const hashed = properties.filter((name) => !kept.includes(name) && isHashed(stream, name));
  return propertiesShortage(stream, [], [...writtenOtherwise(before.types, stream, kept), ...hashed]);
}

/** Those of `names` of which records have something else now. @param types see {@link Fingerprint.types} */
function writtenOtherwise(types: string | null, stream: ObjectStream, names: readonly string[]): string[] {
  if (types === null) return names.filter((name) => isProcessed(stream, name));
  const known = hashesOf(types);
  return names.filter((name) => !known.has(hashText(typed(stream, name))));
}

/** Whether records have something else of a property than HubSpot's value. */
function isProcessed(stream: ObjectStream, name: string): boolean {
  return isHashed(stream, name) || hasLocalDate(stream, name);
}

function isHashed({ hashed }: ObjectStream, name: string): boolean {
  return hashed?.names.has(name) === true;
}

function hasLocalDate({ kinds, localDates }: ObjectStream, name: string): boolean {
  return localDates?.converter(kinds.get(name) ?? 'string') !== undefined;
}

/** null: there are no such properties. */
function propertiesShortage(
  stream: ObjectStream,
  added: readonly string[],
  changed: readonly string[],
): Shortage | null {
  if (added.length + changed.length === 0) return null;
  const clauses: [readonly string[], string, string][] = [
    [added, 'was added', 'were added'],
    [
      changed.filter((name) => isHashed(stream, name)),
      'is hashed now, or with another salt',
      'are hashed now, or with another salt',
    ],
    [
      changed.filter((name) => hasLocalDate(stream, name)),
      'has a local date now, or another type',
      'have local dates now, or another type',
    ],
    [
      changed.filter((name) => !isProcessed(stream, name)),
      'has another type, or is no longer hashed, or has no local date any more',
      'have another type, or are no longer hashed, or have no local dates any more',
    ],
  ];
  const why = clauses.flatMap(([names, one, several]) => {
    if (names.length === 0) return [];
    return [
      `${names.length > 3 ? `${names.length} properties` : names.join(', ')} ${names.length > 1 ? several : one}`,
    ];
  });
  return { is: 'properties', names: [...added, ...changed], why: why.join(', and ') };
}

/** Those of `names` that were selected when the state was written. */
export function selectedBefore(before: Written, names: readonly string[]): string[] {
  const known = hashesOf(before.properties);
  return names.filter((name) => known.has(hashText(name)));
}

/** The properties that records were read with and are not any more, as the subject of a sentence; null: there are none. */
export function droppedSince(before: Written, { properties, definitions, excluded }: ObjectStream): string | null {
  const now = new Set(properties.map(hashText));
  const count = [...hashesOf(before.properties)].filter((each) => !now.has(each)).length;
  if (count === 0) return null;
  const nameable = new Set([...definitions.map(({ name }) => name), ...excluded]);
  const names = selectedBefore(before, [...nameable]).filter((name) => !properties.includes(name));
  const isListed = names.length === count && count <= 3;
  return `${isListed ? names.join(', ') : count === 1 ? 'a property' : `${count} properties`} ${count === 1 ? 'is' : 'are'}`;
}

/** @param one null: from the beginning */
function isBefore(one: Instant | null, other: Instant | null): boolean {
  return other !== null && (one === null || timeOf(one) < timeOf(other));
}

/** The state without the given properties, so that they are read again. */
export function forgetProperties(state: JsonObject, names: readonly string[]): JsonObject {
  const copy = structuredClone(state);
  const fingerprint = stateValue.object(memberOf(copy.hubflake, 'fingerprint'));
  if (typeof fingerprint?.properties !== 'string') return copy;
  const gone = new Set(names.map(hashText));
  const left = [...hashesOf(fingerprint.properties)].filter((each) => !gone.has(each));
  fingerprint.properties = Buffer.from(left.join(''), 'latin1').toString('base64');
  return copy;
}

/** Reads a state's fingerprint; null: there is none. */
export function parseFingerprint(value: JsonValue | undefined): Fingerprint | null {
  const given = stateValue.object(value);
  const written = parseWritten(given);
  if (written === null || !Array.isArray(given?.associations)) return null;
  return {
    ...written,
    associations: given.associations.map(String),
    filters: stateValue.text(given.filters) ?? '',
    updatedAfter: stateValue.instant(given.updatedAfter),
    cursorField: stateValue.text(given.cursorField) ?? 'updatedAt',
  };
}

/** Reads what a state has of {@link writtenOf}; null: nothing. */
export function parseWritten(value: JsonValue | undefined): Written | null {
  const given = stateValue.object(value);
  return typeof given?.properties === 'string'
    ? { properties: given.properties, types: stateValue.text(given.types) }
    : null;
}

/** A property's name with how records have its values: their type, the hash, the time zone of the local date beside them. */
function typed(stream: ObjectStream, name: string): string {
  const { kinds, hashed, localDates } = stream;
  if (hashed !== null && isHashed(stream, name)) return hashed.marked(name);
  const type = `${name}\0${kinds.get(name) ?? ''}`;
  return hasLocalDate(stream, name) ? `${type} in ${localDates?.zone}` : type;
}

/** Those of `names` that are not among the packed ones. */
export function missingIn(packed: string, names: readonly string[]): string[] {
  const known = hashesOf(packed);
  return names.filter((name) => !known.has(hashText(name)));
}

/** Hashes of names, 4 bytes each, sorted, base64. */
export function packHashes(texts: readonly string[]): string {
  const hashes = texts.map((text) => hash(text).subarray(0, HASH_BYTES)).sort(Buffer.compare);
  return Buffer.concat(hashes).toString('base64');
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hashText(text: string): string {
  return hash(text).toString('latin1', 0, HASH_BYTES);
}

function hashesOf(base64: string): Set<string> {
  const bytes = Buffer.from(base64, 'base64');
  const hashes = new Set<string>();
  for (let i = 0; i + HASH_BYTES <= bytes.length; i += HASH_BYTES) {
    hashes.add(bytes.toString('latin1', i, i + HASH_BYTES));
  }
  return hashes;
}
