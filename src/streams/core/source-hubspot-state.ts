import { isObject } from '../../json.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { type EpochMs, epochMs, timeOf } from '../../time.js';

/** Earlier than HubSpot's first records. Its search fails for instants near 1970, which some states begin with. */
const EARLIEST = timeOf('2006-01-01T00:00:00Z');
/** The last instant that every consumer of a state can represent. */
const LATEST = timeOf('9999-12-31T23:59:59Z');

/**
 * Where source-hubspot would resume; null: from the beginning; undefined: `given` is not a state of source-hubspot. Its shapes, as
 * airbyte-cdk writes them:
 *
 * - `{updatedAt}`, the plain one: ISO text with or without fractions, epoch milliseconds, or an empty string
 * - `{slices: [{start, end, most_recent_cursor_value}], state_type, legacy}` of a concurrent cursor: everything is read up to the
 *   first gap between slices
 * - `{states: [{partition, cursor: {updatedAt}}], state: {updatedAt}, use_global_cursor, lookback_window}` of a partitioned stream:
 *   everything is read up to the lowest partition cursor, or up to the global cursor less its lookback (seconds)
 * - `{__ab_no_cursor_state_message: true}` of a stream without a cursor
 */
export function sourceHubspotCursor(given: JsonObject): EpochMs | null | undefined {
  if ('updatedAt' in given || 'updated_at' in given) return timeFrom(given.updatedAt ?? given.updated_at);
  // Of histories of properties.
  if ('timestamp' in given) return timeFrom(given.timestamp);
  if (Array.isArray(given.slices)) {
    return given.slices.length > 0 ? ofSlices(given.slices) : sourceHubspotCursor(asObject(given.legacy));
  }
  if ('states' in given || 'use_global_cursor' in given || isObject(given.state)) return ofPartitions(given);
  return Object.keys(given).length === 0 || given.__ab_no_cursor_state_message === true ? null : undefined;
}

function ofSlices(slices: readonly JsonValue[]): EpochMs | undefined {
  const parts = slices.map((slice) => {
    const { start, end, most_recent_cursor_value: seen } = asObject(slice);
    return { start: timeFrom(start), end: timeFrom(end), seen: seen ? timeFrom(seen) : null };
  });
  const times = parts.flatMap(({ start, end }) =>
    typeof start === 'number' && typeof end === 'number' ? [{ start, end }] : [],
  );
  if (times.length < parts.length) return undefined;
  times.sort((a, b) => a.start - b.start);
  const [first] = times;
  if (!first) return undefined;
  let reached: number = first.end;
  // airbyte-cdk merges slices whose bounds differ by at most its unit of time, a millisecond here.
  for (const { start, end } of times) if (start <= reached + 1) reached = Math.max(reached, end);
  const seen = parts.flatMap((part) => (typeof part.seen === 'number' && part.seen <= reached ? [part.seen] : []));
  // A slice's end may be later than what it found; resuming there would trust a search index that lags.
  return seen.length > 0 ? epochMs(Math.max(...seen)) : first.start;
}

function ofPartitions(given: JsonObject): EpochMs | null | undefined {
  const common = sourceHubspotCursor(asObject(given.state));
  const states = Array.isArray(given.states) ? given.states : [];
  if (given.use_global_cursor === true && typeof common === 'number') {
    return bounded(common - Number(given.lookback_window ?? 0) * 1000);
  }
  const each = states.map((state) => sourceHubspotCursor(asObject(asObject(state).cursor)));
  if (each.length === 0) return common;
  if (each.includes(undefined)) return undefined;
  return each.includes(null) ? null : epochMs(Math.min(...each.filter((time) => typeof time === 'number')));
}

/** An instant in any form a state may have; null: an empty one; undefined: anything else. */
function timeFrom(value: JsonValue | undefined): EpochMs | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'number') return bounded(value);
  if (typeof value !== 'string') return undefined;
  if (/^-?\d+$/.test(value)) return bounded(Number(value));
  // Without a zone it is UTC; Date.parse would assume this machine's zone.
  const [, day, clock, zone = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ]([\d:.]+)\s*(Z|[+-]\d{2}:?\d{2})?)?$/.exec(value) ?? [];
  const time = day === undefined ? Number.NaN : Date.parse(clock === undefined ? day : `${day}T${clock}${zone}`);
  return Number.isNaN(time) ? undefined : bounded(time);
}

function bounded(time: number): EpochMs | undefined {
  return Number.isNaN(time) ? undefined : epochMs(Math.min(Math.max(time, EARLIEST), LATEST));
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
