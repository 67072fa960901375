import { jsonText } from '../../protocol/encode.js';
import type { AirbyteStream, JsonObject } from '../../protocol/messages.js';
import type { EncodedRecord } from './sink.js';

/** The member of a record that takes rows away instead of being one. */
const REMOVES = '_hubflake_removes';

/** A stream's entry whose records may be removals: they take away the rows with the same values in some fields. */
export function withRemovals(entry: AirbyteStream, by: readonly string[]): AirbyteStream {
  return { ...entry, json_schema: { ...entry.json_schema, hubflake_removes: { by: [...by] } } };
}

/** Takes away every earlier row with these values. */
export function removal(values: JsonObject): EncodedRecord {
  return { data: jsonText({ ...values, [REMOVES]: true }), changes: null };
}
