import type { Version } from '../../../hubspot/api/object-row.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, epochMs, instantOf, timeOf } from '../../../time.js';
import { BOOLEAN, INSTANT, INTEGER, STRING } from '../../layouts/property-schema.js';
import { MILLISECONDS } from '../../strategies/resource.js';
import type { HeldVersion } from './versions.js';

/** A version of a property of a record. */
export interface RecordVersion extends HeldVersion {
  id: string;
  property: string;
  /** Whether the record is archived. */
  archived: boolean;
}

/** How a history's records are written. */
export interface HistoryForm {
  key: readonly string[];
  cursorField: string;
  /** The top-level properties of the json_schema. */
  schema: JsonObject;
  /** What the json_schema says besides, for our writer. */
  keywords: JsonObject;
  /** Whether records tell until when a version held, so that it changes with the next one. */
  hasValidity: boolean;
  /** The field with the time of emission, which does not make another version; none: there is none. */
  synced?: string;
  data(version: RecordVersion): JsonObject;
  /** The cursor as source-hubspot has it in its state. */
  publicCursor(cursor: string): JsonValue;
}

/** From when to when a version held. */
const VALIDITY: JsonObject = {
  valid_from: { ...INSTANT, description: 'When the value was set.' },
  valid_to: { ...INSTANT, description: 'When the next value was set; null: it is the current one.' },
  is_current: { ...BOOLEAN, description: 'Whether it is the current value.' },
};

/** The field with the record's id in source-hubspot's histories; contacts have a form of their own. */
const AIRBYTE_IDS: Readonly<Record<string, string>> = { companies: 'companyId', deals: 'dealId' };

/** The form of the layout `airbyte`: source-hubspot's where it has the stream. @param object the object's name */
export function airbyteForm(object: string, hasValidity: boolean): HistoryForm {
  return withValidity(object === 'contacts' ? CONTACTS : likeCompanies(AIRBYTE_IDS[object] ?? 'id'), hasValidity);
}

/** The form of the layout `columns`. */
export function columnsForm(hasValidity: boolean): HistoryForm {
  return withValidity(COLUMNS, hasValidity);
}

/** source-hubspot keeps the names of HubSpot's first API for contacts. */
const CONTACTS: HistoryForm = {
  key: ['vid', 'property', 'timestamp'],
  cursorField: 'timestamp',
  schema: {
    vid: INTEGER,
    property: STRING,
    timestamp: MILLISECONDS,
    value: STRING,
    'source-type': STRING,
    'source-id': STRING,
    'source-label': STRING,
    'updated-by-user-id': INTEGER,
    archived: BOOLEAN,
    // HubSpot's API no longer has them. source-hubspot has the columns, always empty.
    selected: BOOLEAN,
    'is-contact': BOOLEAN,
    'canonical-vid': INTEGER,
    'portal-id': INTEGER,
    'source-vids': { type: ['null', 'array'], items: INTEGER },
  },
  keywords: {},
  hasValidity: false,
  data: ({ id, property, version, at, archived }) => ({
    vid: Number(id),
    property,
    timestamp: at,
    value: version.value ?? null,
    'source-type': version.sourceType ?? null,
    'source-id': version.sourceId ?? null,
    'source-label': version.sourceLabel ?? null,
    'updated-by-user-id': version.updatedByUserId ?? null,
    archived,
  }),
  publicCursor: (cursor) => String(timeOf(cursor)),
};

/** @param id the field with the record's id */
function likeCompanies(id: string): HistoryForm {
  return {
    key: [id, 'property', 'timestamp'],
    cursorField: 'timestamp',
    schema: {
      [id]: STRING,
      property: STRING,
      timestamp: { ...INSTANT, airbyte_type: 'timestamp_with_timezone' },
      value: STRING,
      sourceType: STRING,
      sourceId: STRING,
      sourceLabel: STRING,
      updatedByUserId: { type: ['null', 'number'] },
      archived: BOOLEAN,
    },
    keywords: {},
    hasValidity: false,
    data: ({ id: recordId, property, version, at, archived }) => ({
      [id]: recordId,
      property,
      timestamp: timeIn(version, at),
      value: version.value ?? null,
      sourceType: version.sourceType ?? null,
      sourceId: version.sourceId ?? null,
      sourceLabel: version.sourceLabel ?? null,
      updatedByUserId: version.updatedByUserId ?? null,
      archived,
    }),
    publicCursor: (cursor) => cursor,
  };
}

const COLUMNS: HistoryForm = {
  key: ['id', 'property', 'timestamp'],
  cursorField: 'timestamp',
  schema: {
    id: STRING,
    property: STRING,
    timestamp: INSTANT,
    value: STRING,
    source_type: STRING,
    source_id: STRING,
    source_label: STRING,
    updated_by_user_id: INTEGER,
  },
  keywords: {},
  hasValidity: false,
  data: ({ id, property, version, at }) => ({
    id,
    property,
    // In one form, since it is part of the key.
    timestamp: instantOf(at),
    value: version.value ?? null,
    source_type: version.sourceType ?? null,
    source_id: version.sourceId ?? null,
    source_label: version.sourceLabel ?? null,
    updated_by_user_id: version.updatedByUserId ?? null,
  }),
  publicCursor: (cursor) => cursor,
};

/** The time as HubSpot wrote it. */
function timeIn({ timestamp }: Version, at: EpochMs): string {
  return timestamp ?? instantOf(at);
}

function withValidity(form: HistoryForm, hasValidity: boolean): HistoryForm {
  if (!hasValidity) return form;
  const [id = 'id', property = 'property'] = form.key;
  return {
    ...form,
    hasValidity,
    schema: { ...form.schema, ...VALIDITY },
    keywords: {
      hubflake_validity: {
        of: [id, property],
        // The same instant as `timestamp`, which is a number in the contacts' form, and of another type in tables that others made.
        by: 'valid_from',
        from: 'valid_from',
        to: 'valid_to',
        current: 'is_current',
        gap_ms: 0,
        open: null,
      },
    },
    data: (version) => ({
      ...form.data(version),
      valid_from: instantOf(version.at),
      valid_to: version.until === null ? null : instantOf(epochMs(version.until)),
      is_current: version.until === null,
    }),
  };
}
