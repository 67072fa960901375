import type { SourceConfig } from '../../config/source.js';
import type { Version } from '../../hubspot/api/object-row.js';
import { Hasher } from './hasher.js';

/** A shorter value is found within many a text by chance. */
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

  /**
   * The versions of a property as they may leave the process. Their sources may have the value in their ids and labels.
   */
  versionsOf(name: string, versions: readonly Version[]): readonly Version[] {
    if (!this.names.has(name)) return versions;
    const values = new Set(versions.map(({ value }) => value?.toLowerCase() ?? ''));
    const long = [...values].filter((value) => value.length >= SHORTEST_FOUND);
    const tells = (text: string) =>
      values.has(text.toLowerCase()) || long.some((value) => text.toLowerCase().includes(value));
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
 * @param configured those that the configuration names
 * @param sensitive the object's sensitive properties
 */
export function hashedProperties(
  configured: readonly string[],
  sensitive: readonly string[],
  { hashSalt, sensitive: mode }: Pick<SourceConfig, 'hashSalt' | 'sensitive'>,
): HashedProperties | null {
  const names = new Set([...configured, ...(mode === 'hash' ? sensitive : [])]);
  return hashSalt === null || names.size === 0 ? null : new HashedProperties(names, new Hasher(hashSalt));
}
