import type { Handler, Services } from '../http/listener.js';
import { iso } from '../portal/clock.js';
import type { Property } from '../portal/types/properties.js';
import { valueAt } from '../portal/values.js';
import { reply } from './reply.js';
import { batchInputs, jsonBody } from './request.js';
import { DEAL_SPLIT_SCOPES } from './scopes.js';

const MAX_INPUTS = 100;
const SHOWN = ['hs_deal_split_percentage', 'hubspot_owner_id', 'hs_deal_split_amount'];

/** `POST /deal-splits/…/batch/read`: for each deal id, the splits of that deal; deals without splits have an empty list. */
export const dealSplitsHandler: Handler = {
  scopes: () => DEAL_SPLIT_SCOPES,
  answer(call, services) {
    const inputs = batchInputs(jsonBody(call), MAX_INPUTS);
    const byDeal = splitsByDeal(services);
    const now = iso(services.portal.clock.now());
    return reply(services, {
      status: 'COMPLETE',
      results: inputs.map(({ id }) => ({ id, splits: byDeal.get(id) ?? [] })),
      startedAt: now,
      completedAt: now,
    });
  },
};

function splitsByDeal({ portal }: Services): Map<string, object[]> {
  const type = portal.type('deal_splits');
  const set = portal.properties(type);
  const dealId = set.get('hs_deal_id');
  const shown: Property[] = SHOWN.flatMap((name) => set.active(name) ?? []);
  const byDeal = new Map<string, object[]>();
  for (const record of portal.store(type).records) {
    const deal = record.live ? valueAt(record, dealId, record.change) : null;
    if (deal === null) continue;
    const splits = byDeal.get(deal) ?? [];
    byDeal.set(deal, splits);
    splits.push({
      id: String(record.id),
      properties: Object.fromEntries(shown.map((one) => [one.name, valueAt(record, one, record.change)])),
      createdAt: iso(record.createdAt),
      updatedAt: iso(record.modifiedAt),
      archived: false,
    });
  }
  return byDeal;
}
