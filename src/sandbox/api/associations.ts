import { type Answer, json } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { badRequest, notFound } from '../http/errors.js';
import type { Handler, Services } from '../http/listener.js';
import { iso } from '../portal/clock.js';
import type { ObjectType } from '../portal/object-types.js';
import { targetAfter } from './cursors.js';
import { labelledTarget, linkPage, typesOf } from './linked.js';
import { batchInputs, jsonBody, limitParameter } from './request.js';
import { typeNamed } from './type-names.js';

/** HubSpot: since February 2025 a batch read of associations takes up to 1,000 ids. */
const MAX_INPUTS = 1_000;
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
    return json({ results: types.map(({ category, typeId, label }) => ({ category, typeId, label })) });
  },
};

type Shape = (services: Services, from: ObjectType, to: ObjectType, page: ReturnType<typeof linkPage>) => object[];

const labelled: Shape = (services, from, to, page) =>
  page.links.map((link) => labelledTarget(services, from, to, link));

const named: Shape = (services, from, to, page) =>
  page.links.flatMap((link) =>
    typesOf(services, from, to, link).map((type) => ({ id: String(link.to), type: type.rowType })),
  );

/** Answers 207 with an error for each id that has no associations. */
function batchRead(call: Call, services: Services, shape: Shape): Answer {
  const from = typeNamed(call.params.from, services);
  const to = typeNamed(call.params.to, services);
  const inputs = batchInputs(jsonBody(call), MAX_INPUTS);
  const max = services.switches.now.associationPage;
  const results: object[] = [];
  const errors: object[] = [];
  for (const { id, after } of inputs) {
    const page = liveRecord(services, from, id)
      ? linkPage(services, from, Number(id), to, targetAfter(to.id, after), max)
      : { links: [], after: undefined };
    if (page.links.length === 0) errors.push(noAssociations(from, to, id));
    else results.push({ from: { id }, to: shape(services, from, to, page), ...paging(page.after) });
  }
  const now = iso(services.portal.clock.now());
  const body = { status: 'COMPLETE', results, startedAt: now, completedAt: now };
  return errors.length === 0 ? json(body) : json({ ...body, numErrors: errors.length, errors }, 207);
}

function ofRecord(call: Call, services: Services, shape: Shape): Answer {
  const from = typeNamed(call.params.type, services);
  const to = typeNamed(call.params.to, services);
  const id = call.params.id ?? '';
  if (!liveRecord(services, from, id)) throw notFound();
  const query = new URLSearchParams(call.query);
  const limit = limitParameter(query.get('limit'), MAX_PER_RECORD, MAX_PER_RECORD);
  const page = linkPage(services, from, Number(id), to, targetAfter(to.id, query.get('after')), limit);
  return json({ results: shape(services, from, to, page), ...paging(page.after) });
}

function liveRecord({ portal }: Services, type: ObjectType, id: string): boolean {
  if (!/^\d+$/.test(id)) throw badRequest(`${JSON.stringify(id)} is no record id`);
  return portal.store(type).find(Number(id))?.live === true;
}

function paging(after: string | undefined): object {
  return after === undefined ? {} : { paging: { next: { after } } };
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
