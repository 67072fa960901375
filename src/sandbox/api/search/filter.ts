import { ApiError, badRequest } from '../../http/errors.js';
import type { Services } from '../../http/listener.js';
import type { Settings } from '../../http/settings.js';
import type { CrmRecord } from '../../portal/record.js';
import type { ObjectType } from '../../portal/types/object-types.js';
import type { Property } from '../../portal/types/properties.js';
import { valueAt } from '../../portal/values.js';
import { comparable } from './filter-values.js';

/** Whether a record, as it stood at its change number `change`, is among the results. */
export type Predicate = (record: CrmRecord, change: number) => boolean;

export interface SearchFilter {
  propertyName?: unknown;
  operator?: unknown;
  value?: unknown;
  highValue?: unknown;
  values?: unknown;
}

const MAX_GROUPS = 5;
const MAX_FILTERS = 6;
const MAX_FILTERS_IN_ALL = 18;
const ASSOCIATION_PREFIX = 'associations.';

/**
 * Filter groups (any of which must hold) of filters (all of which must hold) as one predicate.
 * @throws ApiError 400 for more than 5 groups, 6 filters in one or 18 in all, unknown properties, operators and values.
 */
export function compileGroups(
  type: ObjectType,
  services: Services,
  groups: readonly (readonly SearchFilter[])[],
): Predicate {
  const total = groups.reduce((sum, group) => sum + group.length, 0);
  if (groups.length > MAX_GROUPS) throw problem(`a search may have at most ${MAX_GROUPS} filter groups`);
  if (groups.some((group) => group.length > MAX_FILTERS))
    throw problem(`a group may have at most ${MAX_FILTERS} filters`);
  if (total > MAX_FILTERS_IN_ALL) throw problem(`a search may have at most ${MAX_FILTERS_IN_ALL} filters`);
  const compiled = groups.map((group) => group.map((filter) => compileFilter(type, services, filter)));
  if (compiled.length === 0) return () => true;
  const [first] = compiled.map(allOf);
  return compiled.length === 1 && first !== undefined ? first : anyOf(compiled.map(allOf));
}

// Loops, as a search looks at every record of the portal.
function allOf(predicates: readonly Predicate[]): Predicate {
  return (record, change) => {
    for (const holds of predicates) if (!holds(record, change)) return false;
    return true;
  };
}

function anyOf(predicates: readonly Predicate[]): Predicate {
  return (record, change) => {
    for (const holds of predicates) if (holds(record, change)) return true;
    return false;
  };
}

function compileFilter(type: ObjectType, services: Services, filter: SearchFilter): Predicate {
  const name = String(filter.propertyName ?? '');
  if (name.startsWith(ASSOCIATION_PREFIX)) return associationFilter(type, services, name, filter);
  const property = services.portal.properties(type).active(name);
  if (property === undefined) throw problem(`Property ${JSON.stringify(name)} does not exist`);
  return propertyFilter(property, filter, services.switches.now);
}

function propertyFilter(property: Property, filter: SearchFilter, settings: Settings): Predicate {
  const { epochZeroFails, mergedIdsSearch } = settings;
  const { read, parse } = comparable(property);
  const one = (value: unknown) => {
    const parsed = parse(text(property.name, value));
    if (epochZeroFails && parsed === 0 && (property.type === 'datetime' || property.type === 'date')) throw epochZero();
    return parsed;
  };
  const compare = (holds: (value: number | string, wanted: number | string) => boolean): Predicate => {
    const wanted = one(filter.value);
    return (record, change) => {
      const value = read(record, change);
      return value !== null && holds(value, wanted);
    };
  };
  switch (filter.operator) {
    case 'EQ':
      return compare((value, wanted) => value === wanted);
    case 'NEQ':
      return not(compare((value, wanted) => value === wanted));
    case 'LT':
      return compare((value, wanted) => value < wanted);
    case 'LTE':
      return compare((value, wanted) => value <= wanted);
    case 'GT':
      return compare((value, wanted) => value > wanted);
    case 'GTE':
      return compare((value, wanted) => value >= wanted);
    case 'BETWEEN': {
      const high = one(filter.highValue);
      return compare((value, low) => value >= low && value <= high);
    }
    case 'IN':
    case 'NOT_IN': {
      const wanted = new Set(textList(property.name, filter.values).map(one));
      const among: Predicate = (record, change) => {
        const value = read(record, change);
        return value !== null && (wanted.has(value) || parts(property, value).some((part) => wanted.has(part)));
      };
      return filter.operator === 'IN' ? among : not(among);
    }
    case 'HAS_PROPERTY':
      if (property.name === 'hs_merged_object_ids' && mergedIdsSearch === 'refused') {
        throw problem('Property "hs_merged_object_ids" cannot be searched');
      }
      return hasValue(property);
    case 'NOT_HAS_PROPERTY':
      return not(hasValue(property));
    case 'CONTAINS_TOKEN':
      return containsToken(property, text(property.name, filter.value));
    case 'NOT_CONTAINS_TOKEN':
      return not(containsToken(property, text(property.name, filter.value)));
    default:
      throw problem(`operator ${JSON.stringify(filter.operator)} is none`);
  }
}

/** NEQ, NOT_IN and NOT_CONTAINS_TOKEN hold for records without a value, too. */
function not(predicate: Predicate): Predicate {
  return (record, change) => !predicate(record, change);
}

function hasValue(property: Property): Predicate {
  return (record, change) => {
    const value = valueAt(record, property, change);
    return value !== null && value !== '';
  };
}

/** One of the words of the value is the token; `*` stands for any letters. */
function containsToken(property: Property, token: string): Predicate {
  const pattern = token.trim().toLowerCase().split('*').map(literal).join('.*');
  const word = new RegExp(`^${pattern}$`, 'u');
  return (record, change) => {
    const value = valueAt(record, property, change)?.toLowerCase();
    return value !== undefined && (word.test(value) || tokensOf(value).some((one) => word.test(one)));
  };
}

/** The words of a text, as the search index cuts it. */
export function tokensOf(value: string): string[] {
  return value.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

/** `associations.{type}` with EQ or IN: records linked to one of these. */
function associationFilter(type: ObjectType, { portal }: Services, name: string, filter: SearchFilter): Predicate {
  const to = portal.types.find(name.slice(ASSOCIATION_PREFIX.length));
  if (to?.readable !== true) throw problem(`there is no object type behind ${JSON.stringify(name)}`);
  const wanted = new Set(filter.operator === 'IN' ? textList(name, filter.values) : [text(name, filter.value)]);
  if (filter.operator !== 'EQ' && filter.operator !== 'IN')
    throw problem(`associations can be filtered by EQ and IN only`);
  return (record) => portal.linkedIds(type, record.id, to).some((id) => wanted.has(id));
}

/** The single values of a property that holds several. */
function parts(property: Property, value: number | string): string[] {
  return property.type === 'enumeration' && typeof value === 'string' ? value.split(';') : [];
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw problem(`the filter on ${name} has no value`);
  }
  return String(value);
}

function textList(name: string, values: unknown): string[] {
  if (!Array.isArray(values)) throw problem(`the filter on ${name} has no values`);
  return values.map((value) => text(name, value));
}

function literal(part: string): string {
  return part.replace(/[.+?^${}()|[\]\\/]/g, '\\$&');
}

function problem(message: string) {
  return badRequest('There was a problem with the request.', [{ message }]);
}

/** Seen by a production connector: a search from epoch 0 on fails on HubSpot's side. */
function epochZero(): ApiError {
  return new ApiError(500, { message: 'internal error', category: 'INTERNAL_ERROR' });
}
