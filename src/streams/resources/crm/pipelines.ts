import type { Endpoint, Item } from '../../../hubspot/api/endpoint.js';
import { metadataScopes, type ObjectType, standardObject } from '../../../hubspot/api/object-types.js';
import { CALLS } from '../../../hubspot/client/calls.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { stateValue } from '../../core/stream-state.js';
import { BOOLEAN, INSTANT, INTEGER, STRING } from '../../layouts/property-schema.js';
import { pick } from '../../strategies/resource.js';
import { whole } from '../../strategies/whole/whole.js';

const STAGES: JsonObject = { type: ['null', 'array'], items: { type: ['null', 'object'], additionalProperties: true } };

const SCHEMA: JsonObject = {
  id: STRING,
  label: STRING,
  displayOrder: INTEGER,
  stages: STAGES,
  createdAt: INSTANT,
  updatedAt: INSTANT,
};

/** The pipelines of an object, with their stages. */
export const pipelinesEndpoint = (type: ObjectType): Endpoint => ({
  kind: CALLS.pipelines,
  path: { of: type, at: paths.pipelines },
  what: `the pipelines of ${type.name}`,
  paging: 'none',
});

/** The pipelines of an object with nested stages, in source-hubspot's layouts. */
export function pipelinesOf(type: ObjectType, name: string): StreamDeclaration {
  const layout =
    type.name === 'deals'
      ? { key: 'pipelineId', schema: LEGACY_SCHEMA, record: legacyRecord }
      : { key: 'id', schema: SCHEMA, record: currentRecord };
  return whole({
    name,
    group: 'crm',
    keepsNames: true,
    scopes: [metadataScopes(type)],
    subject: type.custom ? 'custom' : type.name,
    endpoint: pipelinesEndpoint(type),
    isLive: (pipeline) => pipeline.archived !== true,
    cursor: 'updatedAt',
    ...layout,
  });
}

function currentRecord(pipeline: Item): JsonObject {
  const fields = pick(SCHEMA, pipeline);
  return { ...fields, stages: fields.stages ?? [] };
}

/** source-hubspot's deal_pipelines have the layout of HubSpot's v1 API: other names, and times in milliseconds. */
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

function legacyRecord(pipeline: Item): JsonObject {
  const { id, label, displayOrder, stages, createdAt, updatedAt } = currentRecord(pipeline);
  return {
    label: label ?? null,
    displayOrder: displayOrder ?? null,
    active: pipeline.archived !== true,
    stages: Array.isArray(stages) ? stages.map(legacyStage) : (stages ?? []),
    objectType: 'DEAL',
    objectTypeId: standardObject('deals').typeId,
    pipelineId: id ?? null,
    createdAt: milliseconds(createdAt),
    updatedAt: milliseconds(updatedAt),
    default: id === 'default',
  };
}

function legacyStage(value: JsonValue): JsonValue {
  const stage = stateValue.object(value);
  if (stage === null) return value;
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

/** The milliseconds of an instant; any other value as it is. */
function milliseconds(value: JsonValue | undefined): JsonValue {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? (value ?? null) : time;
}

/** The objects that have pipelines, by the names of their streams, the first two as in source-hubspot. */
const OBJECTS: Readonly<Record<string, string>> = {
  deal_pipelines: 'deals',
  ticket_pipelines: 'tickets',
  lead_pipelines: 'leads',
  order_pipelines: 'orders',
  appointment_pipelines: 'appointments',
  course_pipelines: 'courses',
  listing_pipelines: 'listings',
  service_pipelines: 'services',
};

export const pipelines: readonly StreamDeclaration[] = Object.entries(OBJECTS).map(([name, object]) =>
  pipelinesOf(standardObject(object), name),
);
