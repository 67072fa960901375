import type { CallKind } from '../http/call.js';
import type { Handler } from '../http/listener.js';
import type { Route } from '../http/router.js';
import type { Collection } from '../portal/collection.js';
import {
  accountHandler,
  enablementHandler,
  enablementOfHandler,
  recordCountsHandler,
  usageHandler,
} from './account.js';
import {
  batchAssociationsHandler,
  batchAssociationsV3Handler,
  labelsHandler,
  recordAssociationsHandler,
  recordAssociationsV3Handler,
} from './associations.js';
import { collectionHandler } from './collections.js';
import { dealSplitsHandler } from './deal-splits.js';
import {
  ownerHandler,
  ownersHandler,
  pipelineHandler,
  pipelinesHandler,
  schemaHandler,
  schemasHandler,
} from './metadata.js';
import { tokenHandler } from './oauth.js';
import { olderRoutes } from './older.js';
import { groupsHandler, propertiesHandler, propertyHandler } from './properties.js';
import { listHandler } from './records/list.js';
import type { PageCache } from './records/page-cache.js';
import { batchReadHandler, getHandler } from './records/read.js';
import { searchHandler } from './search/search.js';
import { introspectHandler, privateTokenInfoHandler } from './token-info.js';

/** Every operation with its date-based path and the ones of v3 and v4; and those whose answers were different before. */
export function routes(pages: PageCache, collections: readonly Collection[]): Route<Handler>[] {
  const get = (kind: CallKind, handler: Handler, ...paths: string[]) => ({ kind, method: 'GET', paths, handler });
  const post = (kind: CallKind, handler: Handler, ...paths: string[]) => ({ kind, method: 'POST', paths, handler });
  return [
    post('dealSplits', dealSplitsHandler, '/deal-splits/:date/batch/read', '/crm/v3/objects/deals/splits/batch/read'),
    get('list', listHandler(pages), '/crm/objects/:date/:type', '/crm/v3/objects/:type'),
    get('get', getHandler, '/crm/objects/:date/:type/:id', '/crm/v3/objects/:type/:id'),
    post('batchRead', batchReadHandler, '/crm/objects/:date/:type/batch/read', '/crm/v3/objects/:type/batch/read'),
    post('search', searchHandler, '/crm/objects/:date/:type/search', '/crm/v3/objects/:type/search'),
    get(
      'associations',
      recordAssociationsHandler,
      '/crm/objects/:date/:type/:id/associations/:to',
      '/crm/v4/objects/:type/:id/associations/:to',
    ),
    get('associations', recordAssociationsV3Handler, '/crm/v3/objects/:type/:id/associations/:to'),
    post(
      'associations',
      batchAssociationsHandler,
      '/crm/associations/:date/:from/:to/batch/read',
      '/crm/v4/associations/:from/:to/batch/read',
    ),
    post('associations', batchAssociationsV3Handler, '/crm/v3/associations/:from/:to/batch/read'),
    get(
      'associationLabels',
      labelsHandler,
      '/crm/associations/:date/:from/:to/labels',
      '/crm/v4/associations/:from/:to/labels',
    ),
    get('properties', groupsHandler, '/crm/properties/:date/:type/groups', '/crm/v3/properties/:type/groups'),
    get('properties', propertiesHandler, '/crm/properties/:date/:type', '/crm/v3/properties/:type'),
    get('properties', propertyHandler, '/crm/properties/:date/:type/:name', '/crm/v3/properties/:type/:name'),
    get(
      'schemas',
      schemasHandler,
      '/crm-object-schemas/:date/schemas',
      '/crm-object-schemas/v3/schemas',
      '/crm/v3/schemas',
    ),
    get(
      'schemas',
      schemaHandler,
      '/crm-object-schemas/:date/schemas/:type',
      '/crm-object-schemas/v3/schemas/:type',
      '/crm/v3/schemas/:type',
    ),
    get('owners', ownersHandler, '/crm/owners/:date', '/crm/v3/owners'),
    get('owners', ownerHandler, '/crm/owners/:date/:id', '/crm/v3/owners/:id'),
    get('pipelines', pipelinesHandler, '/crm/pipelines/:date/:type', '/crm/v3/pipelines/:type'),
    get('pipelines', pipelineHandler, '/crm/pipelines/:date/:type/:id', '/crm/v3/pipelines/:type/:id'),
    get('account', accountHandler, '/account-info/:date/details', '/account-info/v3/details'),
    get(
      'usage',
      usageHandler,
      '/account-info/:date/api-usage/daily/private-apps',
      '/account-info/v3/api-usage/daily/private-apps',
    ),
    get('recordCounts', recordCountsHandler, '/crm/limits/:date/records', '/crm/v3/limits/records'),
    get('enablement', enablementHandler, '/crm/object-library/:date/enablement', '/crm/v3/object-library/enablement'),
    get(
      'enablement',
      enablementOfHandler,
      '/crm/object-library/:date/enablement/:type',
      '/crm/v3/object-library/enablement/:type',
    ),
    post('token', tokenHandler, '/oauth/:date/token', '/oauth/v3/token', '/oauth/v1/token'),
    post('tokenInfo', privateTokenInfoHandler, '/oauth/v2/private-apps/get/access-token-info'),
    ...collections.map((each) => {
      const { paging, path, olderPath } = each.options;
      const paths = olderPath === undefined ? [path] : [path, olderPath];
      return (paging === 'post' || paging === 'batch' ? post : get)('collection', collectionHandler(each), ...paths);
    }),
    post('tokenInfo', introspectHandler, '/oauth/:date/token/introspect', '/oauth/v3/token/introspect'),
    ...olderRoutes(collections),
  ];
}
