import type { Answer } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { badRequest, notFound } from '../http/errors.js';
import type { Handler, Services } from '../http/listener.js';
import { byteText } from '../portal/bytes.js';
import { iso } from '../portal/clock.js';
import type { ObjectType } from '../portal/types/object-types.js';
import { targetAfter } from './records/cursors.js';
import { type LinkPage, labelledTarget, linkPage, typesOf } from './records/linked.js';
import { jsonObject, jsonText, reply, replyWith } from './reply.js';
import { batchInputs, jsonBody, limitParameter } from './request.js';
import { typeNamed } from './type-names.js';

const MAX_PER_RECORD = 500;

const scopes: Handler['scopes'] = (call, services) => [
  ...typeNamed(call.params.from ?? call.params.type, services).scopes,
  ...typeNamed(call.params.to, services).scopes,
];

/** `POST /crm/associations/…/{from}/{to}/batch/read` with labels, as v4 and the date-based versions have it. */
export const batchAssociationsHandler: Handler = {
  scopes,
  answer: (call, services) => batchRead(call, services, labelled),
};

/** The same of v3: ids and the name of the type, one entry for each type. */
export const batchAssociationsV3Handler: Handler = {
  scopes,
  answer: (call, services) => batchRead(call, services, named),
};

/** `GET /crm/objects/…/{type}/{id}/associations/{to}` with labels; limit 500. */
export const recordAssociationsHandler: Handler = {
  scopes,
  answer: (call, services) => ofRecord(call, services, labelled),
};

/** The same of v3. */
export const recordAssociationsV3Handler: Handler = {
  scopes,
  answer: (call, services) => ofRecord(call, services, named),
};

/** `GET /crm/associations/…/{from}/{to}/labels`: all association types from one object type to another. */
export const labelsHandler: Handler = {
  scopes,
  answer(call, services) {
    const types = services.portal.linkTypes.between(
      typeNamed(call.params.from, services),
      typeNamed(call.params.to, services),
    );
    return reply(services, { results: types.map(({ category, typeId, label }) => ({ category, typeId, label })) });
  },
};

/** The targets of a page, each as JSON. */
type Shape = (services: Services, from: ObjectType, to: ObjectType, page: LinkPage) => string[];

const labelled: Shape = (services, from, to, page) =>
  page.links.map((link) => labelledTarget(services, from, to, link));

const named: Shape = (services, from, to, page) =>
  page.links.flatMap((link) =>
    typesOf(services, from, to, link).map(
      (type) => `{"id":"${link.to}","type":${byteText(JSON.stringify(type.rowType))}}`,
    ),
  );

/** Answers with an error for each id that has no associations, and 207 (or 200). */
function batchRead(call: Call, services: Services, shape: Shape): Answer {
  const from = typeNamed(call.params.from, services);
  const to = typeNamed(call.params.to, services);
  const { associationInputs, associationErrors, associationPage: max, keyOrder } = services.switches.now;
  const inputs = batchInputs(jsonBody(call), associationInputs);
  const results: string[] = [];
  const errors: object[] = [];
  for (const { id, after } of inputs) {
    const page = liveRecord(services, from, id)
      ? linkPage(services, from, Number(id), to, targetAfter(to.id, after), max)
      : { links: [], after: undefined };
    if (page.links.length === 0) errors.push(noAssociations(from, to, id));
    else
      results.push(
        jsonObject(keyOrder, { from: `{"id":"${id}"}`, ...targets(shape(services, from, to, page), page, 'to') }),
      );
  }
  const now = JSON.stringify(iso(services.portal.clock.now()));
  const trouble = { numErrors: String(errors.length), errors: jsonText(keyOrder, errors) };
  return replyWith(
    services,
    {
      status: '"COMPLETE"',
      results: `[${results.join(',')}]`,
      startedAt: now,
      completedAt: now,
      ...(errors.length > 0 && trouble),
    },
    errors.length === 0 ? 200 : associationErrors,
  );
}

function ofRecord(call: Call, services: Services, shape: Shape): Answer {
  const from = typeNamed(call.params.type, services);
  const to = typeNamed(call.params.to, services);
  const id = call.params.id ?? '';
  if (!liveRecord(services, from, id)) throw notFound();
  const query = new URLSearchParams(call.query);
  const limit = limitParameter(query.get('limit'), MAX_PER_RECORD, MAX_PER_RECORD);
  const page = linkPage(services, from, Number(id), to, targetAfter(to.id, query.get('after')), limit);
  return replyWith(services, targets(shape(services, from, to, page), page, 'results'));
}

function liveRecord({ portal }: Services, type: ObjectType, id: string): boolean {
  if (!/^\d+$/.test(id)) throw badRequest(`${JSON.stringify(id)} is no record id`);
  return portal.store(type).find(Number(id))?.live === true;
}

function targets(shown: readonly string[], { after }: LinkPage, name: 'results' | 'to') {
  const paging = after === undefined ? undefined : JSON.stringify({ next: { after } });
  return { [name]: `[${shown.join(',')}]`, paging };
}

function noAssociations(from: ObjectType, to: ObjectType, id: string) {
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
    message: `No ${to.singular} is associated with ${from.singular} ${id}.`,
    context: { fromObjectId: [id], fromObjectType: [from.singular], toObjectType: [to.singular] },
  };
}
