import type { ObjectType } from '../portal/types/object-types.js';
import type { NewProperty } from '../portal/types/properties.js';
import type { Kit } from './kit.js';
import { moving } from './moves.js';

/** What the properties of a sample portal refer to outside their own object type. */
export interface SampleContext {
  readonly ownerIds: readonly string[];
  readonly userIds: readonly string[];
  /** The ids of a type's sample records; `['']` when there are none. */
  idsOf(objectType: string): readonly string[];
  /** How many live records of `to` record `id` of `from` is linked to, now. */
  countLinked(from: string, id: number, to: string): number;
  pipelineIds(objectType: string): readonly string[];
  stageIds(objectType: string, pipelineId: string): readonly string[];
  /** Those of them in which a record is not closed. */
  openStageIds(objectType: string, pipelineId: string): readonly string[];
}

/** The properties of one object type, besides those every type has. */
export type PropertyPlan = (kit: Kit, context: SampleContext) => NewProperty[];

/** The pipeline and stage properties of a type, the stage always one of the record's own pipeline. */
export function pipelineProperties(
  kit: Kit,
  context: SampleContext,
  objectType: string,
  [pipelineName, stageName]: readonly [string, string],
): NewProperty[] {
  const pipelines = context.pipelineIds(objectType);
  const stages = new Map(pipelines.map((id) => [id, kit.draw(stageName, context.stageIds(objectType, id))]));
  const openStages = new Map(pipelines.map((id) => [id, context.openStageIds(objectType, id)]));
  const pipelineOf = kit.draw(pipelineName, pipelines);
  const everyStage = pipelines.flatMap((id) => context.stageIds(objectType, id));
  return [
    { ...kit.choice(pipelineName, 'Pipeline', pipelines, { empty: 0 }), generate: pipelineOf },
    {
      ...kit.choice(stageName, 'Stage', everyStage, { empty: 0 }),
      generate: moving(
        stageName,
        (id) => stages.get(pipelineOf(id) ?? '')?.(id) ?? null,
        (id) => openStages.get(pipelineOf(id) ?? '') ?? [],
      ),
    },
  ];
}

/** What every object type has. */
export function commonProperties(kit: Kit, context: SampleContext, type: ObjectType): NewProperty[] {
  return [
    kit.choice('hubspot_owner_id', 'Owner', context.ownerIds, {
      referencedObjectType: 'OWNER',
      options: [],
      empty: 0.2,
    }),
    kit.choice('hs_created_by_user_id', 'Created by user ID', context.userIds, {
      options: [],
      type: 'number',
      fieldType: 'number',
    }),
    kit.choice('hs_object_source', 'Record source', ['CRM_UI', 'IMPORT', 'INTEGRATION', 'API'], { empty: 0 }),
    kit.flag('hs_was_imported', 'Performed in an import', { empty: 0.5 }),
    {
      name: 'hs_merged_object_ids',
      label: 'Merged object IDs',
      type: 'enumeration',
      fieldType: 'checkbox',
      hubspotDefined: true,
    },
    ...(type.createdProperty === 'createdate' || type.custom
      ? [kit.datetime('notes_last_updated', 'Last Activity Date', { empty: 0.4 })]
      : []),
  ];
}
