import type { JsonObject, JsonValue } from '../../protocol/messages.js';

/** Before HubSpot there is nothing; its search fails for instants near 1970, which some states begin with. */
const EARLIEST_MS = Date.parse('2006-01-01T00:00:00Z');
/** The last instant that every consumer of a state can write. */
const LATEST_MS = Date.parse('9999-12-31T23:59:59Z');

/**
 * Where source-hubspot would go on, epoch ms; null: from the beginning; undefined: `given` is no state of it. Its shapes, as
 * airbyte-cdk writes them:
 *
 * - `{updatedAt}`, the plain one: ISO text with or without fractions, epoch milliseconds, or an empty string
 * - `{slices: [{start, end, most_recent_cursor_value}], state_type, legacy}` of a concurrent cursor: up to the end of the first
 *   stretch of slices without a gap, all is read
 * - `{states: [{partition, cursor: {updatedAt}}], state: {updatedAt}, use_global_cursor, lookback_window}` of a stream in
 *   partitions: all is read up to the least of their cursors, or up to the common one less its lookback (seconds)
 * - `{__ab_no_cursor_state_message: true}` of a stream that was read whole: it says nothing of where to go on
 */
export function sourceHubspotCursor(given: JsonObject): number | null | undefined {
  if ('updatedAt' in given || 'updated_at' in given) return timeOf(given.updatedAt ?? given.updated_at);
  if (Array.isArray(given.slices)) {
    return given.slices.length > 0 ? ofSlices(given.slices) : sourceHubspotCursor(asObject(given.legacy));
  }
  if ('states' in given || 'use_global_cursor' in given || isObject(given.state)) return ofPartitions(given);
  return Object.keys(given).length === 0 || given.__ab_no_cursor_state_message === true ? null : undefined;
}

function ofSlices(slices: readonly JsonValue[]): number | undefined {
  const parts = slices.map((slice) => {
    const { start, end, most_recent_cursor_value: seen } = asObject(slice);
    return { start: timeOf(start), end: timeOf(end), seen: seen ? timeOf(seen) : null };
  });
  const times = parts.flatMap(({ start, end }) =>
    typeof start === 'number' && typeof end === 'number' ? [{ start, end }] : [],
  );
  if (times.length < parts.length) return undefined;
  times.sort((a, b) => a.start - b.start);
  let reached = times[0]?.end as number;
  // airbyte-cdk counts slices as joined whose bounds differ by its unit of time at most, a millisecond here.
  for (const { start, end } of times) if (start <= reached + 1) reached = Math.max(reached, end);
  const seen = parts.flatMap((part) => (typeof part.seen === 'number' && part.seen <= reached ? [part.seen] : []));
  // A slice ends where it was asked to, which may be later than what it found; going on from there would trust a search that lags.
  return seen.length > 0 ? Math.max(...seen) : (times[0]?.start as number);
}

function ofPartitions(given: JsonObject): number | null | undefined {
  const common = sourceHubspotCursor(asObject(given.state));
  const states = Array.isArray(given.states) ? given.states : [];
  if (given.use_global_cursor === true && typeof common === 'number') {
    return bounded(common - Number(given.lookback_window ?? 0) * 1000);
  }
  const each = states.map((state) => sourceHubspotCursor(asObject(asObject(state).cursor)));
  if (each.length === 0) return common;
  if (each.includes(undefined)) return undefined;
  return each.includes(null) ? null : Math.min(...(each as number[]));
}

/** Epoch ms of an instant in any form a state has; null of an empty one; undefined of anything else. */
function timeOf(value: JsonValue | undefined): number | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'number') return bounded(value);
  if (typeof value !== 'string') return undefined;
  if (/^-?\d+$/.test(value)) return bounded(Number(value));
  // Without a zone it is UTC, which Date.parse would take for the time of this machine.
  const [, day, clock, zone = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ]([\d:.]+)\s*(Z|[+-]\d{2}:?\d{2})?)?$/.exec(value) ?? [];
  const time = day === undefined ? Number.NaN : Date.parse(clock === undefined ? day : `${day}T${clock}${zone}`);
  return Number.isNaN(time) ? undefined : bounded(time);
}

function bounded(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : Math.min(Math.max(time, EARLIEST_MS), LATEST_MS);
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
