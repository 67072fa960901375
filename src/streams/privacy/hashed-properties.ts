import type { SourceConfig } from '../../config/source.js';
import type { Version } from '../../hubspot/api/object-row.js';
import { findObjectType, type ObjectType } from '../../hubspot/api/object-types.js';
import type { KnownObjects } from '../core/known-objects.js';
import { Hasher } from './hasher.js';

/** A shorter value is found in many a text by chance. */
const SHORTEST_FOUND = 4;

/** The properties of an object whose values are replaced by hashes. */
export class HashedProperties {
  constructor(
    readonly names: ReadonlySet<string>,
    readonly hasher: Hasher,
  ) {}

  /** The hash of a value; null: a blank one, which tells nothing. */
  valueOf(value: string): string | null {
    return value === '' ? null : this.hasher.hash(value);
  }

  /** A property's name with how its values are written, so that a state can tell whether they were written so. */
  marked(name: string): string {
    return this.names.has(name) ? `${name}\0hashed ${this.hasher.mark}` : name;
  }

  /** The versions of a property as they may leave the process. What set them may have the value in its own name. */
  versionsOf(name: string, versions: readonly Version[]): readonly Version[] {
    if (!this.names.has(name)) return versions;
    const values = versions
      .map(({ value }) => value?.toLowerCase() ?? '')
      .filter((value) => value.length >= SHORTEST_FOUND);
    const tells = (text: string) => values.some((value) => text.toLowerCase().includes(value));
    const safe = (text: string | null | undefined) => (text && tells(text) ? this.valueOf(text) : (text ?? null));
    return versions.map((version) => ({
      ...version,
      value: this.valueOf(version.value ?? ''),
      sourceId: safe(version.sourceId),
      sourceLabel: safe(version.sourceLabel),
    }));
  }
}

/**
 * Which properties of an object are to be hashed; null: none.
 *
 * @param own those of the stream's entry of `objects`; null: it has none. Then those of all entries of the object count, since what is read
 *   besides `objects`, such as archived deals, has the same values
 * @param sensitive the object's sensitive properties
 */
export function hashedProperties(
  type: ObjectType,
  own: readonly string[] | null,
  sensitive: readonly string[],
  config: Pick<SourceConfig, 'objects' | 'hashSalt' | 'sensitive'>,
  known: KnownObjects,
): HashedProperties | null {
  const configured = own ?? hashedOfObject(type, config, known);
  const names = new Set([...configured, ...(config.sensitive === 'hash' ? sensitive : [])]);
  return config.hashSalt === null || names.size === 0 ? null : new HashedProperties(names, new Hasher(config.hashSalt));
}

/** The properties of an object that any entry of `objects` hashes. */
export function hashedOfObject(
  type: ObjectType,
  { objects }: Pick<SourceConfig, 'objects'>,
  { all }: KnownObjects,
): string[] {
  const entries = (objects ?? []).filter(({ objectType }) => findObjectType(objectType, all) === type);
  return entries.flatMap(({ hashProperties }) => hashProperties);
}
