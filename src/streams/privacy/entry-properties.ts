import type { ObjectCriteria, SourceConfig } from '../../config/source.js';
import { findObjectType, type ObjectType } from '../../hubspot/api/object-types.js';
import type { KnownObjects } from '../core/known-objects.js';

/** What entries of `objects` say of an object's properties by name. */
export interface EntryProperties {
  /** Their values are replaced by hashes. */
  hashed: readonly string[];
  /** They are not fetched. */
  excluded: readonly string[];
}

/**
 * What the configuration says of an object's properties.
 *
 * @param criteria the stream's entry of `objects`; null: it has none. Then what any entry of the object says counts, since what is read besides
 *   `objects`, such as archived deals, has the same values
 */
export function entryProperties(
  type: ObjectType,
  criteria: Pick<ObjectCriteria, 'hashProperties' | 'excludeProperties'> | null,
  { objects }: Pick<SourceConfig, 'objects'>,
  { all }: KnownObjects,
): EntryProperties {
  const ofObject = () => (objects ?? []).filter(({ objectType }) => findObjectType(objectType, all) === type);
  const entries = criteria === null ? ofObject() : [criteria];
  return {
    hashed: entries.flatMap(({ hashProperties }) => hashProperties),
    excluded: entries.flatMap(({ excludeProperties }) => excludeProperties),
  };
}
