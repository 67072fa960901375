import type { Filter, FilterGroup } from '../config/source.js';
import { ConfigError } from '../errors.js';
import type { ObjectStream } from './definition.js';
import type { PassPosition, RangePosition } from './object-state.js';

/** HubSpot takes at most so many groups, filters in a group, and filters in all of one search. */
const MOST_GROUPS = 5;
const MOST_FILTERS = 6;
const MOST_FILTERS_IN_ALL = 18;
/** The filters that every group gets on top: the id it goes on from, and the time. */
const OWN_FILTERS = 2;

/**
 * What a search asks for on top of the stream's own filters goes into each of its groups: to HubSpot they are alternatives.
 */
export function boundedGroups(stream: Pick<ObjectStream, 'filterGroups'>, bounds: readonly Filter[]): FilterGroup[] {
  if (stream.filterGroups.length === 0) return [{ filters: [...bounds] }];
  return stream.filterGroups.map((group) => ({ filters: [...group.filters, ...bounds] }));
}

/** The search for what is left of a range of a pass. */
export function rangeGroups(stream: ObjectStream, pass: PassPosition, range: RangePosition): FilterGroup[] {
  const bounds: Filter[] = [{ propertyName: 'hs_object_id', operator: 'GT', value: range.after }];
  if (range.upTo !== null) bounds.push({ propertyName: 'hs_object_id', operator: 'LTE', value: range.upTo });
  if (pass.since !== null) {
    const since = String(Date.parse(pass.since));
    bounds.push({ propertyName: stream.type.modifiedProperty, operator: 'GTE', value: since });
  }
  return boundedGroups(stream, bounds);
}

/** Throws a ConfigError where a stream's filters leave no room for those that reading adds to each group. */
export function checkFilterLimits(name: string, groups: readonly FilterGroup[]): void {
  const largest = Math.max(0, ...groups.map((group) => group.filters.length));
  const total = groups.reduce((sum, group) => sum + group.filters.length + OWN_FILTERS, 0);
  if (groups.length <= MOST_GROUPS && largest + OWN_FILTERS <= MOST_FILTERS && total <= MOST_FILTERS_IN_ALL) return;
  throw new ConfigError(
    `filter_groups of "${name}": HubSpot takes at most ${MOST_GROUPS} groups, ${MOST_FILTERS} filters in a group and ` +
      `${MOST_FILTERS_IN_ALL} in all, and hubflake adds ${OWN_FILTERS} to each group. Here are ${groups.length} groups, the ` +
      `largest with ${largest} filters, which makes ${total} in all. Use fewer, or divide them between two entries of objects.`,
  );
}
