import type { ObjectCriteria, SourceConfig } from '../../config/source.js';
import { asHubflakeError, ConfigError, type HubflakeError } from '../../errors.js';
import { findObjectType, type ObjectType } from '../../hubspot/api/object-types.js';
import { log } from '../../log.js';
import type { KnownObjects } from '../core/known-objects.js';
import type { StreamDeclaration, StreamPlan } from '../core/stream.js';
import { ReadingPlan } from '../crm/reading/reading-plan.js';
import { planTables } from '../fivetran/object-tables.js';
import { singular, tableOf } from '../layouts/fivetran-names.js';
import { HISTORY } from './histories.js';
import { checkFilters, declaredAs, planOne } from './objects.js';
import { isSameName, missingPlan } from './plans.js';

/** Every table of CRM records in Fivetran's layout. */
export function tablesOf({ all }: KnownObjects): StreamPlan[] {
  return planTables(
    all.map((type) => new ReadingPlan({ name: tableOf(type.name, type.stream), type, criteria: null })),
    true,
  );
}

/** The tables of Fivetran's layout that come from CRM records: of the configured objects, or of all; and others that are included by name. */
export function planFivetran(
  config: SourceConfig,
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
): StreamPlan[] {
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
