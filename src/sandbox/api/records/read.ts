import type { Answer } from '../../http/answer.js';
import type { Call } from '../../http/call.js';
import { badRequest, notFound } from '../../http/errors.js';
import type { Handler, Services } from '../../http/listener.js';
import { iso } from '../../portal/clock.js';
import type { CrmRecord } from '../../portal/record.js';
import type { ObjectType } from '../../portal/types/object-types.js';
import { valueAt } from '../../portal/values.js';
import { jsonText, replyText, replyWith } from '../reply.js';
import { baseUrl, batchInputs, flagParameter, jsonBody, listParameter, textsIn } from '../request.js';
import { recordScopes } from '../scopes.js';
import { typesNamed, typeToRead } from '../type-names.js';
import { inlineAssociations } from './linked.js';
import { rowJson } from './row.js';
import { select } from './selection.js';

const MAX_INPUTS = 100;
const MAX_INPUTS_WITH_HISTORY = 50;

/** `GET /crm/objects/…/{type}/{id}`. Throws 404 for records that are not there (or not archived, with `archived=true`). */
export const getHandler: Handler = { scopes: recordScopes, answer: getOne };

/** `POST /crm/objects/…/{type}/batch/read`: up to 100 records (50 with history) by id, or by a property that is unique. */
export const batchReadHandler: Handler = { scopes: recordScopes, answer: batchRead };

function getOne(call: Call, services: Services): Answer {
  const type = typeToRead(call.params.type, services);
  const query = new URLSearchParams(call.query);
  const record = finder(
    type,
    services,
    flagParameter(query, 'archived'),
    query.get('idProperty'),
  )(call.params.id ?? '');
  if (record === undefined) throw notFound();
  const selection = select(
    type,
    services,
    listParameter(query, 'properties'),
    listParameter(query, 'propertiesWithHistory'),
  );
  const targets = typesNamed(listParameter(query, 'associations') ?? [], services);
  const url = baseUrl(call);
  const collection = url.slice(0, url.lastIndexOf('/'));
  return replyText(
    services,
    rowJson(record, record.change, selection, {
      portalId: services.portal.account.portalId,
      order: services.switches.now.keyOrder,
      associations: inlineAssociations(services, type, record.id, targets, collection),
    }),
  );
}

/** Answers 207 with one error for all ids that are missing. Rows come in the order of their ids, whatever was asked. */
function batchRead(call: Call, services: Services): Answer {
  const { portal, switches } = services;
  const { keyOrder } = switches.now;
  const type = typeToRead(call.params.type, services);
  const body = jsonBody(call);
  const historyNames = textsIn(body, 'propertiesWithHistory');
  const inputs = batchInputs(body, historyNames.length > 0 ? MAX_INPUTS_WITH_HISTORY : MAX_INPUTS);
  const properties = body.properties === undefined ? undefined : textsIn(body, 'properties');
  const idProperty = typeof body.idProperty === 'string' ? body.idProperty : null;
  const archived = flagParameter(new URLSearchParams(call.query), 'archived');
  const find = finder(type, services, archived, idProperty);

  const found = new Map<number, CrmRecord>();
  const missing: string[] = [];
  for (const { id } of inputs) {
    const record = find(id);
    if (record === undefined) missing.push(id);
    else found.set(record.id, record);
  }
  const selection = select(type, services, properties, historyNames);
  const rows = [...found.values()]
    .sort((a, b) => a.id - b.id)
    .map((record) => rowJson(record, record.change, selection, { portalId: portal.account.portalId, order: keyOrder }));
  const now = JSON.stringify(iso(portal.clock.now()));
  const errors = [
    {
      status: 'error',
      category: 'OBJECT_NOT_FOUND',
      message: `Could not get some ${type.singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
      context: { ids: missing },
    },
  ];
  return replyWith(
    services,
    {
      status: '"COMPLETE"',
      results: `[${rows.join(',')}]`,
      ...(missing.length > 0 && { numErrors: '1', errors: jsonText(keyOrder, errors) }),
      startedAt: now,
      completedAt: now,
    },
    missing.length === 0 ? 200 : 207,
  );
}

/** Finds a live (or archived) record by its id, or by the value of a unique property. @throws ApiError 400 */
function finder(
  type: ObjectType,
  { portal, switches }: Services,
  archived: boolean,
  idProperty: string | null,
): (id: string) => CrmRecord | undefined {
  const store = portal.store(type);
  const fits = (record: CrmRecord | undefined) => (archived ? record?.binned : record?.live);
  if (idProperty === null || idProperty === 'hs_object_id') {
    return (id) => {
      let record = store.find(Number(id));
      while (switches.now.mergedReads === 'survivor' && record !== undefined && record.mergedInto !== 0) {
        record = store.find(record.mergedInto);
      }
      return fits(record) ? record : undefined;
    };
  }
  const property = portal.properties(type).active(idProperty);
  if (property?.hasUniqueValue !== true) throw badRequest(`${idProperty} is not a property with unique values`);
  return (id) => store.records.find((record) => fits(record) && valueAt(record, property, record.change) === id);
}
