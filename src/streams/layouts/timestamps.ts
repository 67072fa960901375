import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { epochMs, type Instant, instantOf } from '../../time.js';
import { coerce, EARLIEST_MS, LATEST_MS } from './coerce.js';

/** An instant in UTC without its zone, as tables of Fivetran have it: columns of type TIMESTAMP, and TIMESTAMP_NTZ in Snowflake. */
export const TIMESTAMP: JsonObject = {
  type: ['null', 'string'],
  format: 'date-time',
  airbyte_type: 'timestamp_without_timezone',
};

/** When a row of Fivetran's tables was last written. Our writer ignores it when it compares rows. */
export const SYNCED: JsonObject = {
  ...TIMESTAMP,
  description: 'When the row was written last, in UTC.',
  hubflake_stamp: true,
};

/** `2024-05-01T12:34:56.789`, of `2024-05-01T12:34:56.789Z`. */
export function plainTime(instant: Instant): string {
  return instant.replace(/Z$/, '');
}

/** A time in any form of HubSpot's, milliseconds among them, as {@link TIMESTAMP} has it; null: a blank; undefined: it is no time. */
export function timestampOf(value: JsonValue): string | null | undefined {
  if (typeof value === 'string' && value.trim() === '') return null;
  const time = typeof value === 'string' ? parse(value) : value;
  if (typeof time !== 'number' || !(time >= EARLIEST_MS && time <= LATEST_MS)) return undefined;
  return plainTime(instantOf(epochMs(time)));
}

function parse(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  const json = coerce('datetime', text);
  return json === undefined ? Number.NaN : Date.parse(JSON.parse(json));
}
