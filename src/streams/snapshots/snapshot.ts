import { createHash } from 'node:crypto';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import type { EncodedRecord } from '../core/sink.js';

/** One item of a collection that HubSpot only answers as a whole. */
export interface SnapshotItem {
  id: string;
  /** False: HubSpot lists it as archived. */
  live: boolean;
  /** The record, without the members that every record has. */
  data: JsonObject;
}

/** Items, and the calls that they took. */
export interface SnapshotItems {
  items: SnapshotItem[];
  calls: number;
}

/**
 * A stream whose collection is small and has no changed-since filter (owners, pipelines): it is read whole each time, and what
 * differs from the time before is emitted.
 */
export interface SnapshotStream {
  kind: 'snapshot';
  name: string;
  schema: JsonObject;
  primaryKey: string;
  cursorField: string;
  /** Whether an item that is gone, or is listed as archived, becomes a tombstone. */
  marksDeletes: boolean;
  cdc: boolean;
  read(client: HubSpotClient): Promise<SnapshotItems>;
  /** Where gone items are in a list of their own: asked for only when an item is gone. */
  readGone?(client: HubSpotClient): Promise<SnapshotItems>;
}

/** The record of an item; with `archivedAt` (ISO 8601) its tombstone. */
export function encodeItem(stream: SnapshotStream, item: SnapshotItem, archivedAt: string | null): EncodedRecord {
  const data: JsonObject = { ...item.data, archived: archivedAt !== null || item.data.archived === true };
  if (stream.marksDeletes) data.archivedAt = archivedAt;
  if (stream.cdc) data._ab_cdc_deleted_at = archivedAt;
  return { data: jsonText(data), changes: null };
}

/** A short hash of an item's content, by which the next sync knows whether it has changed. */
export function contentHash(data: JsonObject): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('base64url').slice(0, 16);
}

/** A cursor value (ISO 8601, or epoch milliseconds where source-hubspot's stream has those) as epoch milliseconds. */
export function cursorTime(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return Number.NEGATIVE_INFINITY;
  const time = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}
