import type { ObjectCriteria, SourceConfig } from '../../config/source.js';
import { asHubflakeError, ConfigError } from '../../errors.js';
import { findObjectType, type ObjectType, STANDARD_OBJECTS } from '../../hubspot/api/object-types.js';
import { log } from '../../log.js';
import type { KnownObjects } from '../core/known-objects.js';
import type { StreamDeclaration, StreamPlan } from '../core/stream.js';
import { objectPlan } from '../crm/object-plan.js';
import { ReadingPlan } from '../crm/reading/reading-plan.js';
import { pipelinesOf } from '../resources/crm/pipelines.js';
import { clash, isSameName, missingPlan } from './plans.js';

/** Options that only apply to CRM objects. */
const RECORD_OPTIONS = [
  ['filter_groups', 'filterGroups'],
  ['properties', 'properties'],
  ['exclude_properties', 'excludeProperties'],
  ['associations', 'associations'],
] as const;

/** Names that earlier versions or source-hubspot use for streams that are not CRM objects. */
const ALIASES: Readonly<Record<string, string>> = { deal_split: 'deal_splits', '0-72': 'deal_splits' };

/** HubSpot's limits for a search: 5 groups of 6 filters, 18 filters in all; reading adds two to each group. */
const MOST_GROUPS = 5;

const MOST_FILTERS_A_GROUP = 6;

const MOST_FILTERS = 18;

const FILTERS_ADDED = 2;

export function planEverything(
  config: SourceConfig,
  customTypes: readonly ObjectType[],
  declared: readonly StreamDeclaration[],
): StreamPlan[] {
  const plans: StreamPlan[] = [
    ...STANDARD_OBJECTS.map((type) => objectPlan(new ReadingPlan({ name: type.stream, type, criteria: null }))),
    ...declared.map((each) => each.plan()),
  ];
  const taken = new Set(plans.map((plan) => plan.name.toLowerCase()));
  const pipelines: StreamPlan[] = [];
  for (const type of customTypes) {
    let name = type.stream;
    if (taken.has(name.toLowerCase())) {
      if (!config.prefixCollidingCustomObjects) {
        log.warn(
          `The custom object ${type.name} has the name of another stream, ${name}, and is left out. ` +
            'Set prefix_colliding_custom_objects, or list it in objects with a name of its own.',
        );
        continue;
      }
      name = `custom_object_${name}`;
    }
    taken.add(name.toLowerCase());
    plans.push(objectPlan(new ReadingPlan({ name, type, criteria: null })));
    pipelines.push(pipelinesOf(type, `${name}_pipelines`).plan());
  }
  // An object may have the name of another one's pipelines.
  return [...plans, ...pipelines.filter((plan) => !taken.has(plan.name.toLowerCase()))];
}

export function planCriteria(
  objects: readonly ObjectCriteria[],
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
): StreamPlan[] {
  const plans = objects.map((criteria, index) => planOne(criteria, `objects[${index}]`, known, declared));
  return plans.map((plan, index) => {
    const first = plans.findIndex((each) => isSameName(each.name, plan.name));
    const other = plans[first]?.name;
    if (first === index || other === undefined) return plan;
    return clash(
      plan.name,
      other,
      `objects[${first}] and objects[${index}] are both called "${other}". Give one of them a "name" of its own.`,
    );
  });
}

/**
 * The stream of this name that is not a CRM object. A custom object of the same name takes precedence over pipelines of custom objects,
 * and over streams of other groups, which came later than the portal's own names.
 */
export function declaredAs(
  given: string,
  declared: readonly StreamDeclaration[],
  custom: readonly ObjectType[],
): StreamDeclaration | undefined {
  const lower = given.toLowerCase();
  const name = ALIASES[lower] ?? lower;
  const fixed = declared.find((each) => each.name === name);
  if (findObjectType(given, custom)) return fixed?.group === 'crm' ? fixed : undefined;
  if (fixed) return fixed;
  return custom
    .map((type) => pipelinesOf(type, `${type.stream}_pipelines`))
    .find((each) => isSameName(each.name, name));
}

export function planOne(
  criteria: ObjectCriteria,
  path: string,
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
): StreamPlan {
  const { objectType } = criteria;
  const declaration = declaredAs(objectType, declared, known.custom);
  if (declaration) {
    if ((criteria.history ?? []).length > 0) {
      throw new ConfigError(
        `${path}.history: HubSpot keeps no past values of ${declaration.name}, only of the properties of CRM objects. Leave it out.`,
      );
    }
    // Unlike the options below, it is not let pass: what was to be hashed would come in clear.
    if (criteria.hashProperties.length > 0) {
      throw new ConfigError(
        `${path}.hash_properties: only properties of CRM objects can be hashed, and ${declaration.name} are none. Leave it out, or the stream.`,
      );
    }
    for (const [option, key] of RECORD_OPTIONS) {
      if ((criteria[key] ?? []).length > 0)
        log.warn(`${path}.${option} has no effect: ${declaration.name} is read whole.`);
    }
    return declaration.plan(criteria.name ?? declaration.name);
  }
  checkFilters(criteria, path);
  try {
    const others = declared.map((each) => each.name);
    const type = known.find(objectType, `${path}.object_type`, others);
    return objectPlan(new ReadingPlan({ name: criteria.name ?? type.stream, type, criteria }));
  } catch (error) {
    // The stream of a custom object has its plain name. HubSpot's other names contain it: p_<name>, p<portal>_<name>.
    return missingPlan(criteria.name ?? objectType.replace(/^p\d*_/i, ''), asHubflakeError(error));
  }
}

export function checkFilters({ filterGroups }: ObjectCriteria, path: string): void {
  const mostOwn = MOST_FILTERS_A_GROUP - FILTERS_ADDED;
  const all = filterGroups.reduce((sum, group) => sum + group.filters.length + FILTERS_ADDED, 0);
  const tooLarge = filterGroups.findIndex((group) => group.filters.length > mostOwn);
  if (filterGroups.length <= MOST_GROUPS && tooLarge === -1 && all <= MOST_FILTERS) return;
  throw new ConfigError(
    `${path}.filter_groups is more than HubSpot's search takes: at most ${MOST_GROUPS} groups, ${mostOwn} filters a group, and ` +
      `${MOST_FILTERS} filters in all, where reading adds ${FILTERS_ADDED} to each group. Use fewer groups or filters.`,
  );
}
