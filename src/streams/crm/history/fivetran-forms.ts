import type { JsonObject } from '../../../protocol/messages.js';
import { epochMs } from '../../../time.js';
import { utcText, wholeId } from '../../layouts/fivetran-layout.js';
import { BOOLEAN, INTEGER, STRING } from '../../layouts/property-schema.js';
import { SYNCED, TIMESTAMP } from '../../layouts/timestamps.js';
import type { HistoryForm, RecordVersion } from './history-form.js';
import { heldValue } from './versions.js';

/** The end of what has none, as Fivetran writes it. */
const OPEN_END = '9999-12-31T23:59:59.999';
/** A version ends so long before the next one begins. */
const GAP_MS = 1;

const PERIOD: JsonObject = {
  _fivetran_start: { ...TIMESTAMP, description: 'When the value was set.' },
  _fivetran_end: {
    ...TIMESTAMP,
    description: 'A millisecond before the next value was set; the year 9999: it is the current one.',
  },
  _fivetran_active: { ...BOOLEAN, description: 'Whether it is the current value.' },
};

function periodOf({ at, until }: RecordVersion): JsonObject {
  return {
    _fivetran_start: utcText(at),
    _fivetran_end: until === null ? OPEN_END : utcText(epochMs(until - GAP_MS)),
    _fivetran_active: until === null,
  };
}

function keywordsOf(of: string[], by: string): JsonObject {
  const columns = { from: '_fivetran_start', to: '_fivetran_end', current: '_fivetran_active' };
  return { hubflake_validity: { of, by, ...columns, gap_ms: GAP_MS, open: `${OPEN_END}Z` } };
}

/** The form of `<object>_property_history`. @param id the column with the record's id */
export function fivetranForm(object: string, id: string): HistoryForm {
  // Tickets' tables have it so since they are a history in Fivetran's own sense.
  const by = object === 'tickets' ? 'timestamp_instant' : 'timestamp';
  return {
    key: [id, 'name', by],
    cursorField: by,
    schema: {
      [id]: INTEGER,
      name: STRING,
      timestamp: TIMESTAMP,
      ...(object === 'tickets' ? { timestamp_instant: TIMESTAMP } : {}),
      value: STRING,
      source: STRING,
      source_id: STRING,
      ...PERIOD,
      _fivetran_synced: SYNCED,
    },
    keywords: keywordsOf([id, 'name'], by),
    hasValidity: true,
    synced: '_fivetran_synced',
    data: (version) => ({
      [id]: wholeId(version.id),
      name: version.property,
      timestamp: utcText(version.at),
      ...(object === 'tickets' ? { timestamp_instant: utcText(version.at) } : {}),
      ...valueAndSource(version),
      ...periodOf(version),
    }),
    publicCursor: (cursor) => cursor,
  };
}

/** The form of `deal_stage`: the stages that deals were in. */
export const DEAL_STAGE_FORM: HistoryForm = {
  key: ['deal_id', '_fivetran_start'],
  cursorField: '_fivetran_start',
  schema: {
    deal_id: INTEGER,
    value: { ...STRING, description: "The stage's id." },
    date_entered: TIMESTAMP,
    source: STRING,
    source_id: STRING,
    ...PERIOD,
    _fivetran_synced: SYNCED,
  },
  keywords: keywordsOf(['deal_id'], '_fivetran_start'),
  hasValidity: true,
  synced: '_fivetran_synced',
  data: (version) => ({
    deal_id: wholeId(version.id),
    ...valueAndSource(version),
    date_entered: utcText(version.at),
    ...periodOf(version),
  }),
  publicCursor: (cursor) => cursor,
};

function valueAndSource({ version }: RecordVersion): JsonObject {
  return {
    // A cleared value is null there.
    value: heldValue(version),
    source: version.sourceType ?? null,
    source_id: version.sourceId ?? null,
  };
}
