import type { SourceConfig } from '../../config/source.js';
import { type Pipeline, type PipelineStage, readPipelines } from '../../hubspot/api/collections.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import type { JsonObject } from '../../protocol/messages.js';
import { BOOLEAN, INSTANT, INTEGER, STRING, TOMBSTONE } from '../layouts/property-schema.js';
import type { SnapshotStream } from './snapshot.js';

const OBJECT: JsonObject = { type: ['null', 'object'], additionalProperties: true };
const STAGES: JsonObject = { type: ['null', 'array'], items: OBJECT };

/** The pipelines of an object with their stages inside, in source-hubspot's layouts. */
export function pipelinesStream(name: string, type: ObjectType, config: SourceConfig): SnapshotStream {
  const legacy = type.name === 'deals';
  const marksDeletes = config.deletes !== 'off';
  const cdc = config.deletes === 'cdc';
  return {
    kind: 'snapshot',
    name,
    schema: {
      ...(legacy ? LEGACY_SCHEMA : SCHEMA),
      archived: TOMBSTONE,
      ...(marksDeletes ? { archivedAt: INSTANT } : {}),
      ...(cdc ? { _ab_cdc_deleted_at: INSTANT } : {}),
    },
    primaryKey: legacy ? 'pipelineId' : 'id',
    cursorField: 'updatedAt',
    marksDeletes,
    cdc,
    async read(client) {
      const pipelines = await readPipelines(client, type);
      const items = pipelines.map((pipeline) => ({
        id: String(pipeline.id),
        live: pipeline.archived !== true,
        data: legacy ? legacyData(pipeline, type) : currentData(pipeline),
      }));
      return { items, calls: 1 };
    },
  };
}

const SCHEMA: JsonObject = {
  id: STRING,
  label: STRING,
  displayOrder: INTEGER,
  stages: STAGES,
  createdAt: INSTANT,
  updatedAt: INSTANT,
};

function currentData(pipeline: Pipeline): JsonObject {
  return {
    id: String(pipeline.id),
    label: pipeline.label ?? null,
    displayOrder: pipeline.displayOrder ?? null,
    stages: (pipeline.stages ?? []) as unknown as JsonObject[],
    createdAt: pipeline.createdAt ?? null,
    updatedAt: pipeline.updatedAt ?? null,
  };
}

/** source-hubspot's deal_pipelines keep the layout of HubSpot's first API: other names, and times as milliseconds. */
const LEGACY_SCHEMA: JsonObject = {
  label: STRING,
  displayOrder: INTEGER,
  active: BOOLEAN,
  stages: STAGES,
  objectType: STRING,
  objectTypeId: STRING,
  pipelineId: STRING,
  createdAt: INTEGER,
  updatedAt: INTEGER,
  default: BOOLEAN,
};

function legacyData(pipeline: Pipeline, { typeId }: ObjectType): JsonObject {
  return {
    label: pipeline.label ?? null,
    displayOrder: pipeline.displayOrder ?? null,
    active: pipeline.archived !== true,
    stages: (pipeline.stages ?? []).map(legacyStage),
    objectType: 'DEAL',
    objectTypeId: typeId,
    pipelineId: String(pipeline.id),
    createdAt: milliseconds(pipeline.createdAt),
    updatedAt: milliseconds(pipeline.updatedAt),
    default: pipeline.id === 'default',
  };
}

function legacyStage(stage: PipelineStage): JsonObject {
  return {
    stageId: String(stage.id),
    label: stage.label ?? null,
    displayOrder: stage.displayOrder ?? null,
    metadata: stage.metadata ?? {},
    active: stage.archived !== true,
    createdAt: milliseconds(stage.createdAt),
    updatedAt: milliseconds(stage.updatedAt),
  };
}

function milliseconds(instant: string | undefined): number | null {
  const time = instant === undefined ? Number.NaN : Date.parse(instant);
  return Number.isNaN(time) ? null : time;
}
