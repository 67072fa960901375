import { byteText, fromLatin1 } from '../../protocol/json/byte-text.js';
import type { JsonObject, RecordChange } from '../../protocol/messages.js';
import { type EpochMs, instantOf } from '../../time.js';
import { RecordOfBytes } from '../core/sink.js';
import { coerce, type ValueKind } from './coerce.js';
import { ENGAGEMENTS, idColumn, propertyColumn, propertyColumns } from './fivetran-names.js';
import {
  type Derive,
  hashingOf,
  type Layout,
  type LayoutInput,
  localDatesIn,
  memberKey,
  type Tombstone,
  updatedAtOf,
} from './layout.js';
import {
  BOOLEAN,
  DECIMAL,
  INSTANT,
  INTEGER,
  isWhole,
  localDateSchema,
  propertySchema,
  STRING,
  TOMBSTONE,
} from './property-schema.js';
import { RowValues } from './row-values.js';
import { plainTime, SYNCED, TIMESTAMP } from './timestamps.js';

/** What the layout takes besides what all do. */
export interface FivetranInput extends LayoutInput {
  /** The object's name. */
  object: string;
  /** The property with the time of the last modification. */
  modifiedProperty: string;
  /** null: not known. */
  portalId: number | null;
  now: () => EpochMs;
}

/** Ids of people and records, which HubSpot has as texts or choices, and Fivetran as whole numbers. */
const IDS = ['hubspot_owner_id', 'hubspot_team_id', 'associatedcompanyid', 'hs_object_id'];

/** The columns of properties that Fivetran's dbt package reads: a table has them though the portal lacks the property, or it is not selected. */
const EXPECTED: Readonly<Record<string, JsonObject>> = {
  contacts: {
    ...columns(STRING, ['email', 'firstname', 'lastname', 'company', 'jobtitle', 'hs_merged_object_ids']),
    ...columns(TIMESTAMP, ['createdate']),
    ...columns(DECIMAL, ['annualrevenue']),
  },
  companies: {
    ...columns(STRING, ['name', 'description', 'industry', 'address', 'address_2', 'city', 'state', 'country']),
    ...columns(TIMESTAMP, ['createdate']),
    ...columns(DECIMAL, ['annualrevenue']),
  },
  deals: {
    deal_pipeline_id: STRING,
    deal_pipeline_stage_id: STRING,
    owner_id: INTEGER,
    ...columns(STRING, ['dealname', 'description']),
    ...columns(TIMESTAMP, ['closedate', 'createdate']),
    ...columns(DECIMAL, ['amount']),
  },
  tickets: {
    ...columns(STRING, [
      'subject',
      'content',
      'hs_ticket_category',
      'hs_ticket_priority',
      'hs_pipeline',
      'hs_pipeline_stage',
    ]),
    ...columns(TIMESTAMP, ['createdate', 'closed_date', 'first_agent_reply_date']),
    ...columns(INTEGER, ['hubspot_owner_id']),
  },
};
/** The same of every engagement. */
const EXPECTED_OF_ENGAGEMENTS: JsonObject = {
  ...columns(TIMESTAMP, ['hs_createdate', 'hs_timestamp']),
  ...columns(INTEGER, ['hubspot_owner_id', 'hubspot_team_id']),
};

function columns(type: JsonObject, properties: readonly string[]): JsonObject {
  return Object.fromEntries(properties.map((name) => [`property_${name}`, type]));
}

/** A time as the layout writes it: in TIMESTAMP, without a zone. */
export function utcText(time: EpochMs): string {
  return plainTime(instantOf(time));
}

/** An object's table as Fivetran's connector makes it: ids as whole numbers, times in TIMESTAMP without a zone, and deletion as a mark, twice. */
export function fivetranLayout(input: FivetranInput): Layout {
  const { object, modifiedProperty, portalId, now, cdc } = input;
  const engagement = ENGAGEMENTS[object];
  const id = idColumn(object);
  const cursor = propertyColumn(modifiedProperty);
  const isNote = object === 'notes';
  const fixed = fixedColumns(id, cursor, { isEngagement: engagement !== undefined, isNote, cdc });
  const chosen = input.properties
    .map((property, index) => {
      const derive = hashingOf([property.name], input);
      const kind = input.kinds[index] ?? 'string';
      return { property, derive, kind: derive === null ? kindIn(property, kind) : kind };
    })
    .filter(({ property }) => property.name !== modifiedProperty);
  const dated = localDatesIn(input).filter(({ property }) => property.name !== modifiedProperty);
  // Behind the properties, so that these have the columns that they have without local dates.
  const names = propertyColumns(
    object,
    [...chosen.map(({ property }) => property.name), ...dated.map(({ name }) => name)],
    Object.keys(fixed),
  );
  const placed = chosen.map((each, index) => ({ ...each, name: names[index] ?? each.property.name }));
  const dates = dated.map((each, index) => ({ ...each, name: names[chosen.length + index] ?? each.name }));
  const values = new RowValues([
    ...placed.map(({ property, name, kind, derive }) => fieldOf(name, property.name, kind, derive)),
    ...dates.map(({ property, name, derive }) => fieldOf(name, property.name, 'date', derive)),
    // Fivetran had it there before HubSpot's current API, and the package reads both.
    ...(isNote ? [fieldOf('body', 'hs_note_body', 'string', hashingOf(['hs_note_body'], input))] : []),
  ]);
  const constant = `${portalId === null ? '' : `,"portal_id":${portalId}`}${engagement ? `,"type":"${engagement.type}"` : ''}`;

  const head = (rowId: string, updatedAt: string | null, tombstone: Tombstone | null) => {
    const isGone = tombstone !== null;
    const at = JSON.stringify(
      tombstone === null ? null : 'leftAt' in tombstone ? tombstone.leftAt : tombstone.archivedAt,
    );
    return (
      `{"${id}":${wholeNumber(rowId)},"_fivetran_synced":"${utcText(now())}","_fivetran_deleted":${isGone},"is_deleted":${isGone},` +
      `"${cursor}":${updatedAt === null ? 'null' : (coerce('utc', updatedAt) ?? 'null')}${constant}${cdc ? `,"_ab_cdc_deleted_at":${at}` : ''}`
    );
  };

  return {
    primaryKey: id,
    cursorField: cursor,
    schema: {
      ...fixed,
      ...Object.fromEntries(placed.map(({ property, name, kind }) => [name, schemaOf(property, kind)])),
      ...Object.fromEntries(dates.map(({ property, name, zone }) => [name, localDateSchema(property, zone)])),
      ...missingFrom(engagement ? EXPECTED_OF_ENGAGEMENTS : (EXPECTED[object] ?? {}), names),
    },
    encode(row, _, tombstone) {
      const changes: RecordChange[] = [];
      const start = head(row.id, updatedAtOf(row), tombstone);
      return new RecordOfBytes(fromLatin1(`${byteText(start)}${values.members(row, changes, ',')}}`), changes);
    },
    encodeMergedAway(rowId, updatedAt, tombstone) {
      return { data: `${head(rowId, updatedAt, tombstone)}}`, changes: null };
    },
    propertyOf: (column) => [...placed, ...dates].find(({ name }) => name === column)?.property.name ?? null,
  };
}

function fixedColumns(
  id: string,
  cursor: string,
  { isEngagement, isNote, cdc }: { isEngagement: boolean; isNote: boolean; cdc: boolean },
): JsonObject {
  return {
    [id]: INTEGER,
    _fivetran_synced: SYNCED,
    _fivetran_deleted: TOMBSTONE,
    is_deleted: BOOLEAN,
    portal_id: INTEGER,
    ...(isEngagement ? { type: STRING } : {}),
    ...(isNote ? { body: STRING } : {}),
    [cursor]: TIMESTAMP,
    ...(cdc ? { _ab_cdc_deleted_at: INSTANT } : {}),
  };
}

type Property = LayoutInput['properties'][number];

function kindIn({ name }: Property, kind: ValueKind): ValueKind {
  if (IDS.includes(name)) return 'number';
  return kind === 'datetime' ? 'utc' : kind;
}

function schemaOf(property: Property, kind: ValueKind): JsonObject {
  const schema = propertySchema(property, kind, true);
  if (kind !== 'number' || !IDS.includes(property.name) || isWhole(property)) return schema;
  const { hubflake_decimal: _, ...texts } = schema;
  return { ...texts, ...INTEGER };
}

function fieldOf(name: string, property: string, kind: ValueKind, derive: Derive | null) {
  return { kind, key: memberKey(name), places: [name], sources: [property], derive };
}

function missingFrom(expected: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(expected).filter(([name]) => !names.includes(name)));
}

/** An id as a number; as a text where a number has not all of its digits. */
export function wholeId(id: string): number | string {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : id;
}

/** The JSON of an id with all its digits. HubSpot's ids are whole numbers; any other stays a text. */
export function wholeNumber(id: string): string {
  return /^(?:0|[1-9]\d*)$/.test(id) ? id : JSON.stringify(id);
}
