import type { Handler } from '../http/listener.js';
import type { Route } from '../http/router.js';
import type { Collection } from '../portal/collection.js';
import { pipelineJson } from './metadata.js';
import { propertyJson } from './properties.js';
import { reply } from './reply.js';
import { jsonBody, limitParameter } from './request.js';
import { metadataScopes } from './scopes.js';
import { typeNamed, typeToRead } from './type-names.js';

/** Paths of v1 to v3 whose answers look different from today's. Older connectors call them; hubflake only the search of lists, where HubSpot has no list of them. */
export function olderRoutes(collections: readonly Collection[]): Route<Handler>[] {
  const lists = collections.find(({ options }) => options.path === LISTS);
  return [
    { kind: 'properties', method: 'GET', paths: ['/properties/v2/:type/properties'], handler: propertiesHandler },
    { kind: 'pipelines', method: 'GET', paths: ['/crm-pipelines/v1/pipelines/:type'], handler: pipelinesHandler },
    ...(lists
      ? [{ kind: 'collection' as const, method: 'POST', paths: ['/crm/v3/lists/search'], handler: listSearch(lists) }]
      : []),
  ];
}

/**
 * `GET /properties/v2/{type}/properties`: an array of all properties. It takes forms, too (source-hubspot fails where their array is
 * empty, so that it cannot be); which ones those have nobody has published: here, those that everything has.
 */
const propertiesHandler: Handler = {
  scopes: (call, services) => (call.params.type === 'form' ? [] : metadataScopes(call, services)),
  answer(call, services) {
    const isForm = call.params.type === 'form';
    const all = services.portal
      .properties(isForm ? services.portal.type('notes') : typeToRead(call.params.type, services))
      .all();
    const shown = all.filter((one) => one.archivedAt === undefined && one.dataSensitivity === 'non_sensitive');
    return reply(services, shown.filter(({ system }) => !isForm || system !== undefined).map(propertyJson));
  },
};

/** `GET /crm-pipelines/v1/pipelines/{type}`: other names for ids and for what is archived, times in epoch milliseconds. */
const pipelinesHandler: Handler = {
  scopes: metadataScopes,
  answer(call, services) {
    const type = typeNamed(call.params.type, services);
    const pipelines = services.portal.pipelines.get(type.id) ?? [];
    return reply(services, {
      results: pipelines.map((pipeline, index) => {
        const { id: pipelineId, label, displayOrder, stages } = pipelineJson(pipeline, index);
        const times = { createdAt: pipeline.createdAt, updatedAt: pipeline.updatedAt };
        return {
          pipelineId,
          label,
          displayOrder,
          active: true,
          default: pipelineId === 'default',
          objectType: type.singular.toUpperCase(),
          objectTypeId: type.id,
          stages: stages.map((stage) => ({
            stageId: stage.id,
            label: stage.label,
            displayOrder: stage.displayOrder,
            metadata: stage.metadata,
            active: true,
            ...times,
          })),
          ...times,
        };
      }),
    });
  },
};

const LISTS = '/crm/lists/:date/all';
const USUAL_LISTS = 20;
const MOST_LISTS = 500;

/** `POST /crm/v3/lists/search`: by `count` and `offset`. More than 500 were seen to be asked for by a connector, and are not refused. */
function listSearch(lists: Collection): Handler {
  return {
    scopes: () => lists.options.scopes,
    answer(call, services) {
      const { count, offset } = jsonBody(call) as { count?: number; offset?: number };
      const limit = Math.min(limitParameter(count, USUAL_LISTS, Number.POSITIVE_INFINITY), MOST_LISTS);
      const start = Number(offset ?? 0);
      const all = lists.list(false);
      const page = all.slice(start, start + limit);
      const end = start + page.length;
      return reply(services, {
        lists: page.map((item) => lists.json(item)),
        hasMore: end < all.length,
        offset: end,
        total: all.length,
      });
    },
  };
}
