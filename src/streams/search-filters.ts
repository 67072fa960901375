import type { Filter, FilterGroup } from '../config/source.js';
import type { ObjectStream } from './definition.js';
import type { PassPosition, RangePosition } from './object-state.js';

/**
 * What a search asks for on top of the stream's own filters goes into each of its groups: to HubSpot they are alternatives.
 */
export function boundedGroups(stream: Pick<ObjectStream, 'filterGroups'>, bounds: readonly Filter[]): FilterGroup[] {
  if (stream.filterGroups.length === 0) return [{ filters: [...bounds] }];
  return stream.filterGroups.map((group) => ({ filters: [...group.filters, ...bounds] }));
}

/** The search for what is left of a range of a pass. */
export function rangeGroups(
  stream: ObjectStream,
  pass: Pick<PassPosition, 'since'>,
  range: RangePosition,
): FilterGroup[] {
  const bounds: Filter[] = [{ propertyName: 'hs_object_id', operator: 'GT', value: range.after }];
  if (range.upTo !== null) bounds.push({ propertyName: 'hs_object_id', operator: 'LTE', value: range.upTo });
  if (pass.since !== null) {
    const since = String(Date.parse(pass.since));
    bounds.push({ propertyName: stream.type.modifiedProperty, operator: 'GTE', value: since });
  }
  return boundedGroups(stream, bounds);
}
