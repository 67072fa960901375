import { jsonText } from '../../protocol/encode.js';
import type { AirbyteStream, JsonObject } from '../../protocol/messages.js';
import type { Instant } from '../../time.js';
import { removal, withRemovals } from '../core/removals.js';
import type { EncodedRecord } from '../core/sink.js';
import { catalogEntry, type PortalFacts } from '../core/stream.js';
import { INSTANT, TOMBSTONE } from '../layouts/property-schema.js';
import { plainTime, SYNCED } from '../layouts/timestamps.js';
import type { Fitted } from './fitting.js';
import { keysOf, type Resource } from './resource.js';

/** The fields that a resource's records have besides its schema, to mark tombstones. */
export interface Marks {
  /** Whether tombstones are emitted for items that are gone. */
  deletes: boolean;
  /** The field that is true on them; null: there is none. Of a resource without tombstones, only where HubSpot has one. */
  mark: 'archived' | '_fivetran_deleted' | null;
  /** Whether they have `_ab_cdc_deleted_at`, on which Airbyte's destinations delete. */
  cdc: boolean;
  /** The field that says when; null: there is none. */
  archivedAt: 'archivedAt' | 'archived_at' | null;
  /** The field with the time of emission, which is the stream's cursor; null: its records have times of their own. */
  noticedAt: 'noticedAt' | 'noticed_at' | '_fivetran_synced' | null;
  /** The fields by which a row that is gone is taken away, instead of marked; null: it is not. */
  removedBy: readonly string[] | null;
  /** What a tombstone says besides. */
  whenGone: JsonObject;
}

export function marksFor({ config }: PortalFacts, resource: Resource, hasTombstones: boolean): Marks {
  const { fivetran, whenGone = {} } = resource;
  const deletes = hasTombstones && config.deletes !== 'off';
  const cdc = hasTombstones && config.deletes === 'cdc';
  if (fivetran !== undefined) {
    return {
      deletes: deletes && fivetran !== 'keeps',
      mark: fivetran === 'marks' ? '_fivetran_deleted' : null,
      cdc: cdc && fivetran === 'marks',
      archivedAt: null,
      noticedAt: '_fivetran_synced',
      removedBy: fivetran === 'removes' ? keysOf(resource) : null,
      whenGone,
    };
  }
  const isSnake = config.layout === 'columns' && !resource.keepsNames;
  return {
    mark: hasTombstones || 'archived' in resource.schema ? 'archived' : null,
    deletes,
    cdc,
    archivedAt: isSnake ? 'archived_at' : 'archivedAt',
    noticedAt: resource.cursor !== null ? null : isSnake ? 'noticed_at' : 'noticedAt',
    removedBy: null,
    whenGone,
  };
}

const NOTICED: JsonObject = {
  ...INSTANT,
  description: 'When a sync noticed this version. HubSpot tells no time of it.',
};

/** A resource's entry in the catalog. A resource without tombstones keeps its own `archived`. */
export function markedEntry(resource: Resource, hasTombstones: boolean, marks: Marks): AirbyteStream {
  const { deletes, cdc, mark, archivedAt, noticedAt, removedBy } = marks;
  const isFivetrans = resource.fivetran !== undefined;
  const schema = {
    ...resource.schema,
    ...(noticedAt === null ? {} : { [noticedAt]: isFivetrans ? SYNCED : NOTICED }),
    ...(hasTombstones && mark !== null ? { [mark]: TOMBSTONE } : {}),
    ...(deletes && archivedAt !== null ? { [archivedAt]: INSTANT } : {}),
    ...(cdc ? { _ab_cdc_deleted_at: INSTANT } : {}),
  };
  const entry = catalogEntry(resource.name, schema, keysOf(resource), noticedAt ?? resource.cursor);
  if (!deletes || removedBy === null) return entry;
  return withRemovals(entry, removedBy);
}

/** A record with its marks. @param archivedAt not null: its tombstone @param now the time of emission, of records that have it */
export function encodeRecord(
  { data, changes }: Fitted,
  marks: Marks,
  archivedAt: string | null,
  now: Instant | null = null,
): EncodedRecord {
  const { deletes, cdc, mark, noticedAt, removedBy, whenGone } = marks;
  if (archivedAt !== null && removedBy !== null) {
    return removal(Object.fromEntries(removedBy.map((field) => [field, data[field] ?? null])));
  }
  const record: JsonObject = { ...data, ...(archivedAt === null ? {} : whenGone) };
  if (mark !== null) record[mark] = archivedAt !== null || data[mark] === true;
  if (noticedAt !== null) record[noticedAt] = noticedAt === '_fivetran_synced' && now !== null ? plainTime(now) : now;
  if (deletes && marks.archivedAt !== null) record[marks.archivedAt] = archivedAt;
  if (cdc) record._ab_cdc_deleted_at = archivedAt;
  return encodeFitted({ data: record, changes });
}

/** A record as it is. */
export function encodeFitted({ data, changes }: Fitted): EncodedRecord {
  return { data: jsonText(data), changes: changes.length === 0 ? null : changes };
}
