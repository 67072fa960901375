import type { Portal } from '../portal/portal.js';
import type { ObjectType } from '../portal/types/object-types.js';
import { type NewProperty, property } from '../portal/types/properties.js';
import { ACTIVITY_PROPERTIES } from './activity-properties.js';
import { COMMERCE_PROPERTIES } from './commerce-properties.js';
import { commonProperties, type SampleContext } from './context.js';
import { extraProperties } from './extra-properties.js';
import { Kit, REFERENCE_TIME, SAMPLE_SPAN_MS } from './kit.js';
import { linkSamples } from './links.js';
import { NEWER_PROPERTIES } from './newer-properties.js';
import { SAMPLE_PIPELINES, sampleOwners } from './people.js';
import { poolsFor } from './pools.js';
import { sampleCount, sampleLosses, sampleRecords } from './records.js';
import { SALES_PROPERTIES } from './sales-properties.js';

export interface SampleOptions {
  /** The same seed gives the same portal. */
  readonly seed: number;
  /** Records per object type, by any of its names; `*` stands for all types not named. */
  readonly counts: Readonly<Record<string, number>>;
  /** Further custom properties per object type. */
  readonly extraProperties: Readonly<Record<string, number>>;
  /** Contacts of the first company. */
  readonly hubContacts: number;
}

const PLANS = { ...SALES_PROPERTIES, ...ACTIVITY_PROPERTIES, ...COMMERCE_PROPERTIES, ...NEWER_PROPERTIES };
const FOUNDED = REFERENCE_TIME - SAMPLE_SPAN_MS;
/** Types whose duplicates people merge. */
const MERGED_TYPES = ['contacts', 'companies', 'deals', 'tickets', 'vehicles'];

/** Fills an empty portal with the data of a plausible CRM. @throws Error when an option names an unknown object type. */
export function buildSample(portal: Portal, options: SampleOptions): void {
  const { seed } = options;
  const pools = poolsFor(seed);
  portal.addObjectType('vehicles', { singular: 'Vehicle', plural: 'Vehicles' }, 'vin');
  portal.addObjectType('Wartungs_Plan', { singular: 'Wartungsplan', plural: 'Wartungspläne & Verträge' }, 'plan_name');
  portal.owners.push(...sampleOwners(pools, seed));
  for (const [name, pipelines] of Object.entries(SAMPLE_PIPELINES)) {
    portal.pipelines.set(portal.type(name).id, [...pipelines]);
  }
  for (const type of portal.types.all()) sampleRecords(portal, type, sampleCount(portal, type, options.counts), seed);

  const extras = new Map(Object.entries(options.extraProperties).map(([name, count]) => [portal.type(name).id, count]));
  const context = sampleContext(portal);
  for (const type of portal.types.all()) {
    const kit = new Kit(pools, seed, type.id);
    const own = PLANS[type.name]?.(kit, context) ?? [];
    const parts = [...commonProperties(kit, context, type), ...own, ...extraProperties(kit, extras.get(type.id) ?? 0)];
    defineProperties(portal, type, parts);
  }

  linkSamples(portal, seed, options.hubContacts);
  for (const type of portal.types.all()) sampleLosses(portal, type, seed, MERGED_TYPES.includes(type.name));
}

function defineProperties(portal: Portal, type: ObjectType, parts: readonly NewProperty[]): void {
  const set = portal.properties(type);
  const system = (name: string, label: string, kind: 'id' | 'created' | 'modified') =>
    property(
      { name, label, type: kind === 'id' ? 'number' : 'datetime', groupName, hubspotDefined: true, system: kind },
      FOUNDED,
    );
  const groupName = `${type.singular}information`;
  set.put(system('hs_object_id', 'Record ID', 'id'));
  set.put(system(type.createdProperty, 'Create Date', 'created'));
  set.put(system(type.modifiedProperty, 'Last Modified Date', 'modified'));
  // Contacts have both names for the modified date.
  if (type.modifiedProperty !== 'hs_lastmodifieddate') {
    set.put(system('hs_lastmodifieddate', 'Object last modified date/time', 'modified'));
  }
  for (const one of parts) set.put(property({ groupName, ...one }, FOUNDED));
}

function sampleContext(portal: Portal): SampleContext {
  const ids = new Map<string, readonly string[]>();
  const idsOf = (objectType: string) => {
    const type = portal.type(objectType);
    const known = ids.get(type.id);
    if (known !== undefined) return known;
    const all = portal.store(type).records.map((record) => String(record.id));
    const listed = all.length === 0 ? [''] : all;
    ids.set(type.id, listed);
    return listed;
  };
  const pipelinesOf = (objectType: string) => portal.pipelines.get(portal.type(objectType).id) ?? [];
  const stagesOf = (objectType: string, pipelineId: string) =>
    pipelinesOf(objectType).find((one) => one.id === pipelineId)?.stages ?? [];
  return {
    ownerIds: portal.owners.map((owner) => owner.id),
    userIds: portal.owners.flatMap(({ userId }) => (userId === undefined ? [] : String(userId))),
    idsOf,
    countLinked: (from, id, to) => portal.linkedIds(portal.type(from), id, portal.type(to)).length,
    pipelineIds: (objectType) => pipelinesOf(objectType).map((one) => one.id),
    stageIds: (objectType, pipelineId) => stagesOf(objectType, pipelineId).map((stage) => stage.id),
    openStageIds: (objectType, pipelineId) => {
      const open = stagesOf(objectType, pipelineId).filter(({ metadata }) => metadata.isClosed !== 'true');
      return open.map((stage) => stage.id);
    },
  };
}
