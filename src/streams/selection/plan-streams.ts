import type { SourceConfig } from '../../config/source.js';
import { findObjectType } from '../../hubspot/api/object-types.js';
import { log } from '../../log.js';
import type { KnownObjects } from '../core/known-objects.js';
import type { StreamDeclaration, StreamPlan } from '../core/stream.js';
import { associationsPlan } from '../resources/crm/associations.js';
import { planFivetran } from './fivetran.js';
import { HISTORY, planHistories, readingsIn } from './histories.js';
import { checkSelectedNames, Exclusion, groupOf, isOfGroups } from './names.js';
import { planCriteria, planEverything } from './objects.js';
import { clash, isSameName } from './plans.js';

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
  checkSelectedNames(config, known, declared);
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

function isAmong({ name, isDefault }: StreamDeclaration, named: readonly string[] | 'all' | 'default'): boolean {
  if (named === 'default') return isDefault === true;
  return named === 'all' || named.includes(name);
}
