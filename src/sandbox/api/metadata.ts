import { notFound } from '../http/errors.js';
import type { Handler, Services } from '../http/listener.js';
import type { Owner, Pipeline } from '../portal/account.js';
import { iso } from '../portal/clock.js';
import type { ObjectType } from '../portal/types/object-types.js';
import { propertyJson } from './properties.js';
import { reply } from './reply.js';
import { flagParameter, limitParameter } from './request.js';
import { metadataScopes, OWNER_SCOPES, SCHEMA_SCOPES } from './scopes.js';
import { typeNamed } from './type-names.js';

const USUAL_OWNERS = 100;
const MAX_OWNERS = 500;

/** `GET /crm-object-schemas/…/schemas`: the custom objects with their properties and associations. */
export const schemasHandler: Handler = {
  scopes: () => SCHEMA_SCOPES,
  answer(call, services) {
    if (flagParameter(new URLSearchParams(call.query), 'archived')) return reply(services, { results: [] });
    const custom = services.portal.types.all().filter((type) => type.custom);
    return reply(services, { results: custom.map((type) => schemaJson(type, services)) });
  },
};

/** `GET /crm-object-schemas/…/schemas/{type}`. Throws 400 for unknown types, 404 for standard ones. */
export const schemaHandler: Handler = {
  scopes: () => SCHEMA_SCOPES,
  answer(call, services) {
    const type = typeNamed(call.params.type, services);
    if (!type.custom) throw notFound();
    return reply(services, schemaJson(type, services));
  },
};

function schemaJson(type: ObjectType, { portal }: Services) {
  const properties = portal.properties(type).all();
  const createdAt = iso(Math.min(...properties.map((one) => one.createdAt), portal.clock.now()));
  const linked = portal.links.targets(type.id).map((id) => portal.type(id));
  const associations = linked.flatMap((to) => [
    ...definitions(type, to, portal.linkTypes.between(type, to), createdAt),
    ...definitions(to, type, portal.linkTypes.between(to, type), createdAt),
  ]);
  return {
    id: type.id.slice(2),
    objectTypeId: type.id,
    name: type.name,
    fullyQualifiedName: type.fullyQualifiedName,
    labels: type.labels,
    primaryDisplayProperty: type.primaryDisplayProperty,
    secondaryDisplayProperties: [],
    requiredProperties: [type.primaryDisplayProperty],
    searchableProperties: [type.primaryDisplayProperty],
    allowsSensitiveProperties: false,
    properties: properties.filter((one) => one.archivedAt === undefined).map(propertyJson),
    associations,
    createdAt,
    updatedAt: createdAt,
    archived: false,
    restorable: true,
    metaType: 'PORTAL_SPECIFIC',
  };
}

function definitions(
  from: ObjectType,
  to: ObjectType,
  types: readonly { typeId: number; rowType: string }[],
  at: string,
) {
  return types.map(({ typeId, rowType }) => ({
    id: String(typeId),
    name: rowType,
    fromObjectTypeId: from.id,
    toObjectTypeId: to.id,
    createdAt: at,
    updatedAt: at,
  }));
}

/** `GET /crm/owners/…`: limit 100, at most 500; `archived=true` gives the deactivated ones; teams inline. */
export const ownersHandler: Handler = {
  scopes: () => OWNER_SCOPES,
  answer(call, services) {
    const { portal } = services;
    const query = new URLSearchParams(call.query);
    const limit = limitParameter(query.get('limit'), USUAL_OWNERS, MAX_OWNERS);
    const archived = flagParameter(query, 'archived');
    const email = query.get('email');
    const above = Number(query.get('after') ?? 0);
    const wanted = portal.owners.filter(
      (one) => one.archived === archived && Number(one.id) > above && (email === null || one.email === email),
    );
    const page = wanted.slice(0, limit);
    const next = wanted.length > limit ? { paging: { next: { after: page.at(-1)?.id } } } : {};
    return reply(services, { results: page.map(ownerJson), ...next });
  },
};

/** `GET /crm/owners/…/{id}`. Throws 404. */
export const ownerHandler: Handler = {
  scopes: () => OWNER_SCOPES,
  answer(call, services) {
    const { portal } = services;
    const archived = flagParameter(new URLSearchParams(call.query), 'archived');
    const owner = portal.owners.find((one) => one.id === call.params.id && one.archived === archived);
    if (owner === undefined) throw notFound();
    return reply(services, ownerJson(owner));
  },
};

function ownerJson({ userId, createdAt, updatedAt, ...owner }: Owner) {
  return {
    ...owner,
    // A deactivated user has no active id any more, and a queue none at all.
    ...(!owner.archived && { userId }),
    userIdIncludingInactive: userId,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

/** `GET /crm/pipelines/…/{type}`: pipelines with their stages; none for types that have none. */
export const pipelinesHandler: Handler = {
  scopes: metadataScopes,
  answer(call, services) {
    const pipelines = services.portal.pipelines.get(typeNamed(call.params.type, services).id) ?? [];
    return reply(services, { results: pipelines.map(pipelineJson) });
  },
};

/** `GET /crm/pipelines/…/{type}/{id}`. Throws 404. */
export const pipelineHandler: Handler = {
  scopes: metadataScopes,
  answer(call, services) {
    const pipelines = services.portal.pipelines.get(typeNamed(call.params.type, services).id) ?? [];
    const index = pipelines.findIndex((one) => one.id === call.params.id);
    if (index === -1) throw notFound();
    return reply(services, pipelineJson(pipelines[index] as Pipeline, index));
  },
};

/** The pipelines that HubSpot makes itself, and their stages, are as old as the epoch (as live answers show). */
const EPOCH = '1970-01-01T00:00:00Z';

/** A pipeline as the API describes it. */
export function pipelineJson(pipeline: Pipeline, displayOrder: number) {
  const time = (at: number) => (at === 0 ? EPOCH : iso(at));
  const times = { createdAt: time(pipeline.createdAt), updatedAt: time(pipeline.updatedAt) };
  return {
    id: pipeline.id,
    label: pipeline.label,
    displayOrder,
    stages: pipeline.stages.map((stage, position) => ({
      ...stage,
      displayOrder: position,
      ...times,
      archived: false,
      writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT',
    })),
    ...times,
    archived: false,
  };
}
