import { type Answer, jsonBytes } from '../../http/answer.js';
import type { Call } from '../../http/call.js';
import { ApiError } from '../../http/errors.js';
import type { Handler, Services } from '../../http/listener.js';
import type { CrmRecord } from '../../portal/record.js';
import type { ObjectType } from '../../portal/types/object-types.js';
import { replyWith } from '../reply.js';
import { baseUrl, flagParameter, limitParameter, listParameter } from '../request.js';
import { recordScopes } from '../scopes.js';
import { typesNamed, typeToRead } from '../type-names.js';
import { cursorBehind, idAbove } from './cursors.js';
import { inlineAssociations } from './linked.js';
import type { PageCache } from './page-cache.js';
import { rowJson } from './row.js';
import { select } from './selection.js';

const EMPTY = jsonBytes('');

const USUAL_LIMIT = 10;
const MAX_LIMIT = 100;
const MAX_LIMIT_WITH_HISTORY = 50;

/**
 * `GET /crm/objects/…/{type}`: a page of live (or archived) records in the order of their ids.
 * Throws 400 for limits above 100 (50 with history), cursors that are none, and unknown object types.
 */
export function listHandler(pages: PageCache): Handler {
  return {
    scopes: recordScopes,
    answer: (call, services) => listPage(call, services, pages),
  };
}

function listPage(call: Call, services: Services, pages: PageCache): Answer {
  const { portal, switches, access } = services;
  const type = typeToRead(call.params.type, services);
  const store = portal.store(type);
  const epoch = `${portal.properties(type).epoch}.${switches.generation}.${access.generation}`;
  const key = `${call.gzip ? 'gzip' : 'plain'} ${call.url}`;
  const kept = pages.get(key, epoch);
  if (kept !== undefined) {
    const { encoding, body } = kept;
    return { ...EMPTY, body, ...(encoding !== undefined && { encoding }) };
  }

  const query = new URLSearchParams(call.query);
  const archived = flagParameter(query, 'archived');
  const historyNames = listParameter(query, 'propertiesWithHistory') ?? [];
  const max = historyNames.length > 0 ? MAX_LIMIT_WITH_HISTORY : MAX_LIMIT;
  const limit = limitParameter(query.get('limit'), Math.min(USUAL_LIMIT, max), max);
  const above = idAbove(switches, type.id, query.get('after'));
  const selection = select(type, services, listParameter(query, 'properties'), historyNames);
  const associated = typesNamed(listParameter(query, 'associations') ?? [], services);
  const targets = archived ? [] : associated;

  const isShown = archived ? inArchive(type, services) : (record: CrmRecord) => record.live;
  const { records, following } = take(store.records, store.indexAbove(above), limit, isShown);
  const rows = records.map((record) =>
    rowJson(record, record.change, selection, {
      portalId: portal.account.portalId,
      order: switches.now.keyOrder,
      associations: inlineAssociations(services, type, record.id, targets, baseUrl(call)),
    }),
  );
  const last = records.at(-1)?.id ?? above;
  const next = following && nextPage(call, query, cursorBehind(switches, type.id, last));
  const answer = replyWith(services, { results: `[${rows.join(',')}]`, paging: next && `{"next":${next}}` });
  // What the recycle bin still holds depends on the time, as what is calculated does in histories, so such a page cannot be kept.
  if (archived || historyNames.length > 0) return answer;
  const basis = { store, above, upTo: following?.id ?? Number.POSITIVE_INFINITY, epoch };
  const { version } = store;
  return { ...answer, keep: (body, encoding) => pages.put(key, { body, encoding }, basis, version) };
}

/**
 * Whether an archived list shows a record. Of e-mails it shows none, and of meetings there is no such list (as live answers show).
 *
 * @throws ApiError 400, without a category
 */
function inArchive(type: ObjectType, { portal, switches }: Services): (record: CrmRecord) => boolean {
  const { archiveRefused, archiveEmpty } = switches.now;
  const among = (names: readonly string[]) => names.some((name) => portal.types.find(name)?.id === type.id);
  if (among(archiveRefused))
    throw new ApiError(400, { message: 'Paging through deleted objects is not yet supported' });
  if (among(archiveEmpty)) return () => false;
  const oldest = portal.clock.now() - portal.rules.recycleBinMs;
  return (record) => record.binned && record.archivedAt >= oldest;
}

/** The first `limit` wanted records from position `from` on, and the one that follows, if any does. */
function take(records: readonly CrmRecord[], from: number, limit: number, wanted: (record: CrmRecord) => boolean) {
  const taken: CrmRecord[] = [];
  for (let index = from; index < records.length; index++) {
    const record = records[index] as CrmRecord;
    if (!wanted(record)) continue;
    if (taken.length === limit) return { records: taken, following: record };
    taken.push(record);
  }
  return { records: taken, following: undefined };
}

function nextPage(call: Call, query: URLSearchParams, after: string): string {
  query.set('after', after);
  return JSON.stringify({ after, link: `${baseUrl(call)}?${query}` });
}
