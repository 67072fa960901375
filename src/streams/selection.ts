import type { AssociationCriteria, ObjectCriteria, SourceConfig } from '../config/source.js';
import { asHubflakeError, ConfigError, type HubflakeError } from '../errors.js';
import { findObjectType, type ObjectType, STANDARD_OBJECTS, standardObject } from '../hubspot/api/object-types.js';
import { log } from '../log.js';
import type { KnownObjects } from './core/known-objects.js';

/** What a stream reads, before anything of the portal but its custom objects is known. */
export type StreamPlan =
  | { kind: 'object'; name: string; type: ObjectType; criteria: ObjectCriteria | null }
  | { kind: 'owners'; name: string; archived: boolean }
  | { kind: 'pipelines'; name: string; type: ObjectType }
  | { kind: 'dealSplits'; name: string }
  | ({ kind: 'associations' } & AssociationCriteria)
  /** Asked for, and not to be had today. */
  | { kind: 'missing'; name: string; error: HubflakeError };

/** The objects that have pipelines, and what their streams are called: the first two as in source-hubspot. */
const PIPELINES: Record<string, string> = {
  deal_pipelines: 'deals',
  ticket_pipelines: 'tickets',
  lead_pipelines: 'leads',
  order_pipelines: 'orders',
  appointment_pipelines: 'appointments',
  course_pipelines: 'courses',
  listing_pipelines: 'listings',
  service_pipelines: 'services',
};

const COLLECTIONS: readonly StreamPlan[] = [
  { kind: 'owners', name: 'owners', archived: false },
  { kind: 'owners', name: 'owners_archived', archived: true },
  ...Object.entries(PIPELINES).map(([name, object]) => ({
    kind: 'pipelines' as const,
    name,
    type: standardObject(object),
  })),
  { kind: 'dealSplits', name: 'deal_splits' },
];
/** Criteria that act on records of CRM objects alone. */
const OF_RECORDS = [
  ['filter_groups', 'filterGroups'],
  ['properties', 'properties'],
  ['exclude_properties', 'excludeProperties'],
  ['associations', 'associations'],
] as const;
/** Names that objects had here, or have in source-hubspot, for what is none. */
const COLLECTION_ALIASES: Record<string, string> = { deal_split: 'deal_splits', '0-72': 'deal_splits' };

/** The pipelines of a custom object. @param stream the object's */
function customPipelines(type: ObjectType, stream = type.stream): StreamPlan {
  return { kind: 'pipelines', name: `${stream}_pipelines`, type };
}

/** HubSpot: a search takes up to 5 groups of up to 6 filters, 18 filters in all; reading adds two to each group. */
const MOST_GROUPS = 5;
const MOST_FILTERS_A_GROUP = 6;
const MOST_FILTERS = 18;
const FILTERS_ADDED = 2;

/**
 * Which streams a configuration asks for: one for each entry of `objects`, or without them every standard object, every
 * custom object and the collections; and the association streams. Throws a ConfigError for two streams of one name, and for
 * filters that are more than HubSpot takes. An entry whose object does not exist today is planned as missing, as is one whose
 * name differs from that of another in capital letters only; the objects of an association stream are looked up when the stream is
 * defined, so that what is gone fails alone.
 */
export function planStreams(config: SourceConfig, known: KnownObjects): StreamPlan[] {
  const plans = config.objects ? planCriteria(config.objects, known) : planEverything(config, known.custom);
  for (const association of config.associationStreams) {
    const { name, path } = association;
    const other = plans.find((plan) => isSameName(plan.name, name));
    const whose = other?.kind === 'associations' ? other.path : `the stream "${other?.name}"`;
    plans.push(
      other
        ? clash(name, other.name, `${path} is called "${name}", as is ${whose}. Give it a "stream_name" of its own.`)
        : { kind: 'associations', ...association },
    );
  }
  return plans;
}

/** Tables and columns know no capital letters: what differs in them alone is one name, here as everywhere. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A stream that has the name of one before it: it fails alone, unless nobody could tell the two apart. Throws then. */
function clash(name: string, other: string, message: string): StreamPlan {
  const error = new ConfigError(message);
  if (name === other) throw error;
  return { kind: 'missing', name, error };
}

/** Whether a stream may be a custom object, so that the portal's schemas have to be read to know it. */
export function mayBeCustom(config: SourceConfig, streamNames: readonly string[] | null): boolean {
  const isKnown = (name: string) =>
    findObjectType(name, STANDARD_OBJECTS) !== undefined || collectionNamed(name, []) !== undefined;
  const associations = config.associationStreams.filter(({ name }) => streamNames?.includes(name) ?? true);
  if (associations.some(({ fromObject, toObject }) => !isKnown(fromObject) || !isKnown(toObject))) return true;
  if (config.objects) {
    return config.objects.some(
      (entry) => !isKnown(entry.objectType) || (entry.associations ?? []).some((name) => !isKnown(name)),
    );
  }
  if (streamNames === null) return true;
  return streamNames.some((name) => !isKnown(name) && !associations.some((each) => each.name === name));
}

function planEverything(config: SourceConfig, customTypes: readonly ObjectType[]): StreamPlan[] {
  const plans: StreamPlan[] = [
    ...STANDARD_OBJECTS.map((type) => ({ kind: 'object' as const, name: type.stream, type, criteria: null })),
    ...COLLECTIONS,
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
    plans.push({ kind: 'object', name, type, criteria: null });
    pipelines.push(customPipelines(type, name));
  }
  // An object may be called like the pipelines of another one.
  return [...plans, ...pipelines.filter((plan) => !taken.has(plan.name.toLowerCase()))];
}

function planCriteria(objects: readonly ObjectCriteria[], known: KnownObjects): StreamPlan[] {
  const plans = objects.map((criteria, index) => planOne(criteria, `objects[${index}]`, known));
  return plans.map((plan, index) => {
    const first = plans.findIndex((other) => isSameName(other.name, plan.name));
    if (first === index) return plan;
    const { name: other } = plans[first] as StreamPlan;
    return clash(
      plan.name,
      other,
      `objects[${first}] and objects[${index}] are both called "${other}". Give one of them a "name" of its own.`,
    );
  });
}

/** What is no CRM object, by its name; a custom object of the same name comes first. */
function collectionNamed(given: string, custom: readonly ObjectType[]): StreamPlan | undefined {
  const lower = given.toLowerCase();
  const name = COLLECTION_ALIASES[lower] ?? lower;
  const fixed = COLLECTIONS.find((plan) => plan.name === name);
  if (fixed || findObjectType(given, custom)) return fixed;
  return custom.map((type) => customPipelines(type)).find((plan) => plan.name.toLowerCase() === name);
}

function planOne(criteria: ObjectCriteria, path: string, known: KnownObjects): StreamPlan {
  const { objectType } = criteria;
  const collection = collectionNamed(objectType, known.custom);
  if (collection) {
    for (const [option, key] of OF_RECORDS) {
      if ((criteria[key] ?? []).length > 0)
        log.warn(`${path}.${option} has no effect: ${collection.name} is read whole.`);
    }
    return { ...collection, name: criteria.name ?? collection.name };
  }
  checkFilters(criteria, path);
  try {
    const others = COLLECTIONS.map((each) => each.name);
    const type = known.find(objectType, `${path}.object_type`, others);
    return { kind: 'object', name: criteria.name ?? type.stream, type, criteria };
  } catch (error) {
    // The stream of a custom object has its plain name, which HubSpot's other names for it contain: p_<name>, p<portal>_<name>.
    const name = criteria.name ?? objectType.replace(/^p\d*_/i, '');
    return { kind: 'missing', name, error: asHubflakeError(error) };
  }
}

function checkFilters({ filterGroups }: ObjectCriteria, path: string): void {
  const mostOwn = MOST_FILTERS_A_GROUP - FILTERS_ADDED;
  const all = filterGroups.reduce((sum, group) => sum + group.filters.length + FILTERS_ADDED, 0);
  const tooLarge = filterGroups.findIndex((group) => group.filters.length > mostOwn);
  if (filterGroups.length <= MOST_GROUPS && tooLarge === -1 && all <= MOST_FILTERS) return;
  throw new ConfigError(
    `${path}.filter_groups is more than HubSpot's search takes: at most ${MOST_GROUPS} groups, ${mostOwn} filters a group, and ` +
      `${MOST_FILTERS} filters in all, where reading adds ${FILTERS_ADDED} to each group. Use fewer groups or filters.`,
  );
}
