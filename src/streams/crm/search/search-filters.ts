import type { Filter, FilterGroup } from '../../../config/source.js';
import { type Instant, timeOf } from '../../../time.js';
import type { ObjectStream } from '../object-stream.js';
import type { PassPosition, RangePosition } from '../run/object-state.js';

/** Adds filters to each of the stream's groups, since HubSpot combines groups by OR. */
export function boundedGroups(stream: Pick<ObjectStream, 'filterGroups'>, bounds: readonly Filter[]): FilterGroup[] {
  if (stream.filterGroups.length === 0) return [{ filters: [...bounds] }];
  return stream.filterGroups.map((group) => ({ filters: [...group.filters, ...bounds] }));
}

/** The filters for the rest of a range of a pass. */
export function rangeGroups(
  stream: Pick<ObjectStream, 'filterGroups' | 'type'>,
  pass: Pick<PassPosition, 'since'>,
  range: RangePosition,
): FilterGroup[] {
  return boundedGroups(stream, [...idBounds(range, stream.filterGroups.length > 0), ...timeBound(stream, pass.since)]);
}

/** @param isSingle whether there is room for only one filter besides the user's own */
function idBounds({ after, upTo }: RangePosition, isSingle: boolean): Filter[] {
  const propertyName = 'hs_object_id';
  if (upTo === null) return [{ propertyName, operator: 'GT', value: after }];
  if (isSingle) return [{ propertyName, operator: 'BETWEEN', value: String(BigInt(after) + 1n), highValue: upTo }];
  return [
    { propertyName, operator: 'GT', value: after },
    { propertyName, operator: 'LTE', value: upTo },
  ];
}

/** Modified from an instant on. */
function timeBound({ type }: Pick<ObjectStream, 'type'>, since: Instant | null): Filter[] {
  if (since === null) return [];
  return [{ propertyName: type.modifiedProperty, operator: 'GTE', value: String(timeOf(since)) }];
}
