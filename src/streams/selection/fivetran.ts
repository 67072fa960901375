import type { ObjectCriteria, SourceConfig } from '../../config/source.js';
import { asHubflakeError, ConfigError, type HubflakeError } from '../../errors.js';
import { findObjectType, type ObjectType, standardObject } from '../../hubspot/api/object-types.js';
import { log } from '../../log.js';
import type { KnownObjects } from '../core/known-objects.js';
import type { StreamDeclaration, StreamPlan } from '../core/stream.js';
import { historyName } from '../crm/history/history-plan.js';
import { ReadingPlan } from '../crm/reading/reading-plan.js';
import { DEAL_STAGES, planTables } from '../fivetran/object-tables.js';
import { singular, tableOf } from '../layouts/fivetran-names.js';
import { entryProperties } from '../privacy/entry-properties.js';
import { HISTORY } from './histories.js';
import { checkFilters, declaredAs, planOne } from './objects.js';
import { isSameName, missingPlan } from './plans.js';

/** Every table of CRM records in Fivetran's layout. */
export function tablesOf(
  config: SourceConfig,
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
): StreamPlan[] {
  return everyTable(namesOf(config, known, declared));
}

function everyTable(names: ReadonlyMap<ObjectType, string>): StreamPlan[] {
  const readings = [...names].map(([type, name]) => new ReadingPlan({ name, type, criteria: null }));
  return planTables(readings, { all: true, tables: [] });
}

/** The table of each object; a custom object has none where another table has its name. */
function namesOf(
  { prefixCollidingCustomObjects }: SourceConfig,
  { all, custom }: KnownObjects,
  declared: readonly StreamDeclaration[],
): Map<ObjectType, string> {
  const names = new Map(all.filter((type) => !type.custom).map((type) => [type, tableOf(type)]));
  const taken = new Set([...declared, ...everyTable(names)].map(({ name }) => name));
  for (const type of custom) {
    const own = tableOf(type);
    const name = prefixCollidingCustomObjects && taken.has(own) ? `custom_object_${own}` : own;
    if (taken.has(name)) continue;
    taken.add(name).add(historyName(name));
    names.set(type, name);
  }
  return names;
}

/** The tables of Fivetran's layout that come from CRM records: of the configured objects, or of all; and others that are included by name. */
export function planFivetran(
  config: SourceConfig,
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
): StreamPlan[] {
  const names = namesOf(config, known, declared);
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
    const name = names.get(object);
    const isAgain = readings.some(({ selection }) => selection.type === object);
    if (name === undefined || isAgain) {
      const why = isAgain
        ? `The object ${object.name} is there twice, and has one table.`
        : `The table ${tableOf(object)} of the object ${object.name} is left out: another one has its name. Set prefix_colliding_custom_objects.`;
      if (config.objects !== null) throw new ConfigError(`${path}: ${why}`);
      log.warn(why);
      continue;
    }
    readings.push(new ReadingPlan({ name, type: object, criteria: config.objects === null ? null : criteria }));
  }
  plans.push(...planTables(readings, { all: config.include.includes(HISTORY), tables: config.include }));
  const isThere = (name: string) => plans.some((plan) => isSameName(plan.name, name));
  const others = config.objects === null ? [] : everyTable(names);
  const all = [...plans, ...others.filter(({ name }) => config.include.includes(name) && !isThere(name))];
  return withoutExcluded(all, config, known);
}

/** Leaves out the table that is made of a property which is not to be read. */
function withoutExcluded(plans: StreamPlan[], config: SourceConfig, known: KnownObjects): StreamPlan[] {
  const { table, property } = DEAL_STAGES;
  const left = plans.filter(({ name }) => name !== table);
  const { excluded } = entryProperties(standardObject('deals'), null, config, known);
  if (left.length === plans.length || !excluded.includes(property)) return plans;
  log.info(`${table} is left out: it is made of ${property}, which exclude_properties of deals names.`);
  return left;
}

const NO_CRITERIA = {
  name: null,
  updatedAfter: null,
  filterGroups: [],
  properties: null,
  excludeProperties: [],
  hashProperties: [],
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
