import type { Filter, FilterGroup } from '../../../config/source.js';
import type { ObjectStream } from '../object-stream.js';
import type { PassPosition, RangePosition } from '../run/object-state.js';

/**
 * What a search asks for on top of the stream's own filters goes into each of its groups: to HubSpot they are alternatives.
 */
export function boundedGroups(stream: Pick<ObjectStream, 'filterGroups'>, bounds: readonly Filter[]): FilterGroup[] {
  if (stream.filterGroups.length === 0) return [{ filters: [...bounds] }];
  return stream.filterGroups.map((group) => ({ filters: [...group.filters, ...bounds] }));
}

/** The search for what is left of a range of a pass. */
export function rangeGroups(
  stream: Pick<ObjectStream, 'filterGroups' | 'type'>,
  pass: Pick<PassPosition, 'since'>,
  range: RangePosition,
): FilterGroup[] {
  return boundedGroups(stream, [...idBounds(range, stream.filterGroups.length > 0), ...timeBound(stream, pass.since)]);
}

/** @param isOne whether there is room for one filter only, which the user's own may leave */
function idBounds({ after, upTo }: RangePosition, isOne: boolean): Filter[] {
  const propertyName = 'hs_object_id';
  if (upTo === null) return [{ propertyName, operator: 'GT', value: after }];
  if (isOne) return [{ propertyName, operator: 'BETWEEN', value: String(BigInt(after) + 1n), highValue: upTo }];
  return [
    { propertyName, operator: 'GT', value: after },
    { propertyName, operator: 'LTE', value: upTo },
  ];
}

/** What was modified from an instant on. */
function timeBound({ type }: Pick<ObjectStream, 'type'>, since: string | null): Filter[] {
  if (since === null) return [];
  return [{ propertyName: type.modifiedProperty, operator: 'GTE', value: String(Date.parse(since)) }];
}
