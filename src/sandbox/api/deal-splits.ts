import { jsonBytes } from '../http/answer.js';
import type { Handler } from '../http/listener.js';
import { iso } from '../portal/clock.js';
import { valueAt } from '../portal/values.js';
import { batchInputs, jsonBody } from './request.js';
import { rowJson } from './row.js';
import { select } from './selection.js';

const MAX_INPUTS = 100;

/** `POST /deal-splits/…/batch/read`: for each deal id, the splits of that deal; deals without splits have an empty list. */
export const dealSplitsHandler: Handler = {
  scopes: () => [['crm.dealsplits.read_write']],
  answer(call, services) {
    const { portal } = services;
    const inputs = batchInputs(jsonBody(call), MAX_INPUTS);
    const type = portal.type('deal_splits');
    const dealId = portal.properties(type).active('hs_deal_id');
    const selection = select(type, services, ['hs_deal_id', 'hs_deal_split_percentage', 'hs_deal_split_amount']);
    const live = portal.store(type).records.filter((record) => record.live);
    const results = inputs.map(({ id }) => {
      const own = dealId === undefined ? [] : live.filter((record) => valueAt(record, dealId, record.change) === id);
      const rows = own.map((record) =>
        rowJson(record, record.change, selection, { portalId: portal.account.portalId }),
      );
      return `{"id":${JSON.stringify(id)},"splits":[${rows.join(',')}]}`;
    });
    const now = iso(portal.clock.now());
    return jsonBytes(
      `{"status":"COMPLETE","results":[${results.join(',')}],"startedAt":"${now}","completedAt":"${now}"}`,
    );
  },
};
