import { ConfigError } from '../errors.js';

/** Conditions, all of which a record has to meet. */
interface Group {
  filters: readonly {
    propertyName: string;
    operator: string;
    value?: string;
    highValue?: string;
    values?: readonly string[];
  }[];
}

/** What operators compare with, where that is not one value. https://developers.hubspot.com/docs/api-reference/search/guide#filter-search-results */
const COMPARED: Readonly<Record<string, readonly ('value' | 'highValue' | 'values')[]>> = {
  BETWEEN: ['value', 'highValue'],
  IN: ['values'],
  NOT_IN: ['values'],
  HAS_PROPERTY: [],
  NOT_HAS_PROPERTY: [],
};

/** Throws a ConfigError for a filter that lacks what its operator compares with. @param path where the groups are in the configuration */
export function refuseIncomplete(groups: readonly Group[], path: string): void {
  for (const [group, { filters }] of groups.entries()) {
    for (const [index, filter] of filters.entries()) {
      const lacking = (COMPARED[filter.operator] ?? ['value']).find((member) => (filter[member] ?? []).length === 0);
      if (lacking === undefined) continue;
      throw new ConfigError(
        `${path}[${group}].filters[${index}] has no "${lacking}", with which ${filter.operator} compares ${filter.propertyName}. Add it.`,
      );
    }
  }
}
