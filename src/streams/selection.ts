import { EVERY_PROPERTY, type ObjectCriteria, type SourceConfig } from '../config/source.js';
import { nearest } from '../config/suggest.js';
import { asHubflakeError, ConfigError, type HubflakeError } from '../errors.js';
import { findObjectType, type ObjectType, STANDARD_OBJECTS } from '../hubspot/api/object-types.js';
import { log } from '../log.js';
import { GROUPS, type Group } from './core/groups.js';
import type { KnownObjects } from './core/known-objects.js';
import type { StreamDeclaration, StreamPlan } from './core/stream.js';
import { historyName, historyPlan } from './crm/history/history-plan.js';
import { objectPlan } from './crm/object-plan.js';
import { ReadingPlan } from './crm/reading/reading-plan.js';
import { isHistory, planTables } from './fivetran/object-tables.js';
import { singular, tableOf } from './layouts/fivetran-names.js';
import { associationsPlan } from './resources/associations.js';
import { pipelinesOf } from './resources/pipelines.js';

/** Options that only apply to CRM objects. */
const RECORD_OPTIONS = [
  ['filter_groups', 'filterGroups'],
  ['properties', 'properties'],
  ['exclude_properties', 'excludeProperties'],
  ['associations', 'associations'],
] as const;
/** Names that earlier versions or source-hubspot use for streams that are not CRM objects. */
const ALIASES: Readonly<Record<string, string>> = { deal_split: 'deal_splits', '0-72': 'deal_splits' };

/** In `include`: every stream but histories and the legacy ones. In `exclude`: every stream. */
const ALL = 'all';
/** The group of histories. */
const HISTORY = 'history';

/** HubSpot's limits for a search: 5 groups of 6 filters, 18 filters in all; reading adds two to each group. */
const MOST_GROUPS = 5;
const MOST_FILTERS_A_GROUP = 6;
const MOST_FILTERS = 18;
const FILTERS_ADDED = 2;

/**
 * The streams that a configuration selects: one for each entry of `objects`, or without it every standard object, every custom object
 * and the declared streams; and the association streams. Throws a ConfigError for two streams of the same name, and for filters
 * beyond HubSpot's limits. An entry whose object does not exist, or whose name differs from another one only in case, has a plan with
 * an obstacle. The objects of an association stream are looked up when the stream is opened, so that a missing one only fails this
 * stream.
 *
 * @param declared the streams that are not CRM objects
 * @param named streams of a catalog that is to be read: a declared one is planned even if the configuration does not include it; `all`: what
 *   there is to choose from; `default`: without `objects` those as well that most portals are read with
 */
export function planStreams(
  config: SourceConfig,
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
  named: readonly string[] | 'all' | 'default' = [],
): StreamPlan[] {
  const usual = declared.filter(({ group }) => group === 'crm');
  const isFivetran = config.layout === 'fivetran';
  const chosen = isFivetran
    ? planFivetran(config, known, declared)
    : config.objects
      ? planCriteria(config.objects, known, declared)
      : planEverything(config, known.custom, usual);
  checkNames(config, known, declared);
  const excluded = new Exclusion(config, known);
  const histories = isFivetran ? [] : planHistories(config, known, readingsIn(chosen), named);
  const plans = [
    ...chosen.filter(({ name }) => !excluded.has(name, groupOf(name, declared))),
    ...histories.filter(({ name }) => !excluded.has(name, HISTORY)),
  ];
  for (const each of declared) {
    const isAsked = config.include.includes(each.name);
    const isNamed = config.objects === null && isAmong(each, named);
    const isIncluded = isAsked || isNamed || isOfGroups(each, config);
    const isThere = plans.some((plan) => isSameName(plan.name, each.name));
    if (isThere && isAsked && each.group !== 'crm' && findObjectType(each.name, known.custom)) {
      log.warn(
        `The stream ${each.name} of include is left out, since a custom object has its name. List the object in objects with a name of its own.`,
      );
    }
    if (isIncluded && !isThere && !excluded.has(each.name, each.group))
      plans.push({ ...each.plan(), isByGroup: !isAsked });
  }
  for (const [index, association] of config.associationStreams.entries()) {
    const { name, path } = association;
    const other = plans.find((plan) => isSameName(plan.name, name));
    const before = config.associationStreams.slice(0, index).find((each) => isSameName(each.name, name));
    const whose = before ? before.path : `the stream "${other?.name}"`;
    plans.push(
      other
        ? clash(name, other.name, `${path} is called "${name}", as is ${whose}. Give it a "stream_name" of its own.`)
        : associationsPlan(association, known),
    );
  }
  return plans;
}

/** The readings of objects that plans have. */
function readingsIn(plans: readonly StreamPlan[]): ReadingPlan[] {
  return plans.flatMap(({ sources = [] }) => sources.filter((source) => source instanceof ReadingPlan));
}

/** The streams of past values: of objects that are configured with them, and of those that are included, or named by a catalog. */
function planHistories(
  config: SourceConfig,
  known: KnownObjects,
  readings: readonly ReadingPlan[],
  named: readonly string[] | 'all' | 'default',
): StreamPlan[] {
  const isNamed = (name: string) => config.objects === null && (named === 'all' || named.includes(name));
  const ofReadings = readings.flatMap((reading) => {
    const name = historyName(reading.selection.name);
    const configured = reading.selection.criteria?.history ?? null;
    if (configured !== null && configured.length > 0) return [historyPlan(reading, configured)];
    if (config.include.includes(name)) return [historyPlan(reading, [EVERY_PROPERTY])];
    const isByGroup = (configured === null && config.include.includes(HISTORY)) || isNamed(name);
    return isByGroup ? [{ ...historyPlan(reading, [EVERY_PROPERTY]), isByGroup }] : [];
  });
  const planned = ofReadings.map(({ name }) => name);
  const others = known.all
    .filter(({ stream }) => config.include.includes(historyName(stream)) && !planned.includes(historyName(stream)))
    .map((type) => historyPlan(new ReadingPlan({ name: type.stream, type, criteria: null }), [EVERY_PROPERTY]));
  return [...ofReadings, ...others];
}

function isAmong({ name, isDefault }: StreamDeclaration, named: readonly string[] | 'all' | 'default'): boolean {
  if (named === 'default') return isDefault === true;
  return named === 'all' || named.includes(name);
}

/** Whether a configuration includes a stream by its group. */
function isOfGroups({ group }: StreamDeclaration, { include }: SourceConfig): boolean {
  return include.includes(group) || (include.includes(ALL) && group !== 'legacy');
}

/** What a configuration leaves out. A stream that it asks for by its own name stays, though its group be left out. */
class Exclusion {
  readonly #names: readonly string[];
  readonly #asked: readonly string[];

  constructor({ exclude, include, layout }: SourceConfig, known: KnownObjects) {
    const streamOf = (name: string) =>
      layout === 'fivetran' ? name : (findObjectType(name, known.all)?.stream ?? name);
    this.#names = exclude.map(streamOf);
    this.#asked = include;
  }

  has(name: string, group: Group): boolean {
    if (this.#names.includes(name)) return true;
    return !this.#asked.includes(name) && (this.#names.includes(group) || this.#names.includes(ALL));
  }
}

/** Throws a ConfigError for a name that no stream and no group has. */
function checkNames(config: SourceConfig, known: KnownObjects, declared: readonly StreamDeclaration[]): void {
  const ofObjects =
    config.layout === 'fivetran'
      ? tablesOf(known).map(({ name }) => name)
      : known.all.map(({ stream }) => historyName(stream));
  const names = [ALL, ...GROUPS, ...declared.map(({ name }) => name), ...ofObjects];
  for (const option of ['include', 'exclude'] as const) {
    for (const [index, name] of config[option].entries()) {
      if (names.includes(name)) continue;
      const isObject = findObjectType(name, known.all) !== undefined;
      if (isObject && option === 'exclude') continue;
      const meant = nearest(name, names);
      const hint = isObject ? ' To read an object, list it in objects.' : meant ? ` Did you mean "${meant}"?` : '';
      throw new ConfigError(`${option}[${index}]: there is no stream and no group called "${name}".${hint}`);
    }
  }
}

function groupOf(name: string, declared: readonly StreamDeclaration[]): Group {
  return declared.find((each) => each.name === name)?.group ?? (isHistory(name) ? HISTORY : 'crm');
}

/** Every table of CRM records in Fivetran's layout. */
function tablesOf({ all }: KnownObjects): StreamPlan[] {
  return planTables(
    all.map((type) => new ReadingPlan({ name: tableOf(type.name, type.stream), type, criteria: null })),
    true,
  );
}

/** The tables of Fivetran's layout that come from CRM records: of the configured objects, or of all; and others that are included by name. */
function planFivetran(config: SourceConfig, known: KnownObjects, declared: readonly StreamDeclaration[]): StreamPlan[] {
  const isTaken = (name: string) => declared.some((each) => isSameName(each.name, name));
  const readings: ReadingPlan[] = [];
  const plans: StreamPlan[] = [];
  const entries = config.objects ?? known.all.map(({ name }) => ({ ...NO_CRITERIA, objectType: name }));
  for (const [index, criteria] of entries.entries()) {
    const path = `objects[${index}]`;
    const declaration = declaredAs(singular(criteria.objectType.toLowerCase()), declared, known.custom);
    if (config.objects !== null && declaration && !findObjectType(criteria.objectType, known.custom)) {
      plans.push(planOne({ ...criteria, objectType: declaration.name }, path, known, declared));
      continue;
    }
    const object = objectOf(criteria, path, known, declared);
    if ('obstacle' in object) {
      plans.push(object);
      continue;
    }
    const name = tableOf(object.name, object.stream);
    if (readings.some(({ selection }) => isSameName(selection.name, name)) || isTaken(name)) {
      const why = `The table ${name} of the object ${object.name} is left out: another one has its name.`;
      if (config.objects !== null) throw new ConfigError(`${path}: ${why}`);
      log.warn(why);
      continue;
    }
    readings.push(new ReadingPlan({ name, type: object, criteria: config.objects === null ? null : criteria }));
  }
  plans.push(...planTables(readings, config.include.includes(HISTORY)));
  const isThere = (name: string) => plans.some((plan) => isSameName(plan.name, name));
  const others = config.objects === null ? [] : tablesOf(known);
  return [...plans, ...others.filter(({ name }) => config.include.includes(name) && !isThere(name))];
}

const NO_CRITERIA = {
  name: null,
  updatedAfter: null,
  filterGroups: [],
  properties: null,
  excludeProperties: [],
  associations: null,
  history: null,
};

/** The object of an entry of the configuration; the plan of an unavailable stream where the portal has none. */
function objectOf(
  criteria: ObjectCriteria,
  path: string,
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
): ObjectType | (StreamPlan & { obstacle: HubflakeError }) {
  checkFilters(criteria, path);
  try {
    return known.find(
      criteria.objectType,
      `${path}.object_type`,
      declared.map((each) => each.name),
    );
  } catch (error) {
    const obstacle = asHubflakeError(error);
    return { ...missingPlan(criteria.objectType.replace(/^p\d*_/i, ''), obstacle), obstacle };
  }
}

/** Names are compared without regard to case, as tables and columns are. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A stream whose name an earlier one has. Only this stream fails if the names differ in case; otherwise throws. */
function clash(name: string, other: string, message: string): StreamPlan {
  const error = new ConfigError(message);
  if (name === other) throw error;
  return missingPlan(name, error);
}

/** A configured stream that is unavailable. */
function missingPlan(name: string, obstacle: HubflakeError): StreamPlan {
  const fail = async () => {
    throw obstacle;
  };
  return {
    name,
    scopes: [],
    subject: name,
    objectTypeId: null,
    obstacle,
    probe: fail,
    open: fail,
    hiddenDeletions: () => null,
  };
}

/** The object's stream, of a stream of its past values. */
function objectNameIn(stream: string): string {
  return stream.endsWith(historyName('')) ? stream.slice(0, -historyName('').length) : stream;
}

/** Whether a stream may be a custom object, so that the portal's schemas have to be read. */
export function mayBeCustom(
  config: SourceConfig,
  streamNames: readonly string[] | null,
  declared: readonly StreamDeclaration[],
): boolean {
  const isAsked = (each: StreamDeclaration) =>
    streamNames?.includes(each.name) || config.include.includes(each.name) || isOfGroups(each, config);
  if (declared.some((each) => each.isOfAllObjects && isAsked(each))) return true;
  const isKnown = (name: string) =>
    findObjectType(objectNameIn(name), STANDARD_OBJECTS) !== undefined ||
    declaredAs(name, declared, [])?.group === 'crm';
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

function planEverything(
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

function planCriteria(
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
function declaredAs(
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

function planOne(
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
