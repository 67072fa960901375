import { notFound } from '../http/errors.js';
import type { Handler } from '../http/listener.js';
import { iso } from '../portal/clock.js';
import type { Property } from '../portal/types/properties.js';
import { reply } from './reply.js';
import { flagParameter } from './request.js';
import { metadataScopes } from './scopes.js';
import { typeToRead } from './type-names.js';

/** A property as the API describes it. */
export function propertyJson(property: Property) {
  const { generate: _, system, createdAt, updatedAt, archivedAt, options, referencedObjectType, ...rest } = property;
  const readOnly = property.calculated || system !== undefined;
  return {
    ...rest,
    options: options.map((option, displayOrder) => ({ ...option, description: '', displayOrder, hidden: false })),
    displayOrder: -1,
    externalOptions: referencedObjectType !== undefined,
    formField: !readOnly,
    ...(referencedObjectType !== undefined && { referencedObjectType }),
    modificationMetadata: {
      archivable: !property.hubspotDefined,
      readOnlyDefinition: property.hubspotDefined,
      readOnlyOptions: property.hubspotDefined,
      readOnlyValue: readOnly,
    },
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    archived: archivedAt !== undefined,
    ...(archivedAt !== undefined && { archivedAt: iso(archivedAt) }),
  };
}

/** `GET /crm/properties/…/{type}`: all properties; `archived=true`: the archived ones; `dataSensitivity`: the usual, the `sensitive` or the `highly_sensitive` ones. */
export const propertiesHandler: Handler = {
  scopes: metadataScopes,
  answer(call, services) {
    const type = typeToRead(call.params.type, services);
    const query = new URLSearchParams(call.query);
    const archived = flagParameter(query, 'archived');
    const sensitivity = query.get('dataSensitivity') ?? 'non_sensitive';
    const wanted = services.portal
      .properties(type)
      .all()
      .filter((one) => (one.archivedAt !== undefined) === archived && one.dataSensitivity === sensitivity);
    return reply(services, { results: wanted.map(propertyJson) });
  },
};

/** `GET /crm/properties/…/{type}/{name}`. Throws 404. */
export const propertyHandler: Handler = {
  scopes: metadataScopes,
  answer(call, services) {
    const found = services.portal.properties(typeToRead(call.params.type, services)).find(call.params.name ?? '');
    const archived = flagParameter(new URLSearchParams(call.query), 'archived');
    if (found === undefined || (found.archivedAt !== undefined) !== archived)
      throw notFound('Property does not exist.');
    return reply(services, propertyJson(found));
  },
};

/** `GET /crm/properties/…/{type}/groups`. */
export const groupsHandler: Handler = {
  scopes: metadataScopes,
  answer(call, services) {
    const properties = services.portal.properties(typeToRead(call.params.type, services)).all();
    const names = [...new Set(properties.map((one) => one.groupName))];
    return reply(services, {
      results: names.map((name) => ({ name, label: name, displayOrder: -1, archived: false })),
    });
  },
};
