// A first load of past values at HubSpot's limits, beside the time that these impose on its calls, 50 deals each, and what it needs of
// memory. `--records=1000000` is the bound that was asked for, and takes 18 minutes. Below some 160,000 deals the beginning outweighs
// the goal: the list is read page by page until it is known to be long.
import { budgetSeconds } from '../kit/limits.mjs';
import { measure, writeJson } from '../kit/measure.mjs';
import { startProcess } from '../kit/process.mjs';

const DEALS = 200_000;
const VERSIONS = 30;
const LISTED = 50;
const STREAM = {
  name: 'deals_property_history',
  json_schema: {},
  supported_sync_modes: ['full_refresh', 'incremental'],
};

async function open({ records: deals = DEALS }) {
  const hubspot = await startProcess('bench/kit/stub-histories.mjs', [`${deals}`]);
  const objects = [{ object_type: 'deals', associations: [], history: true }];
  const credentials = { access_token: 'pat-na1-histories' };
  const config = writeJson('config.json', { credentials, layout: 'columns', burst_share: 1, objects });
  const streams = [{ stream: STREAM, sync_mode: 'incremental', destination_sync_mode: 'append_dedup' }];
  const args = ['read', '--config', config, '--catalog', writeJson('catalog.json', { streams })];
  return {
    own: async () => {
      const cost = await measure('dist/main.js', args, { env: { HUBSPOT_BASE_URL: hubspot.url } });
      const { calls, refused } = await (await fetch(`${hubspot.url}/__stub/counts`)).json();
      if (refused > 0) throw new Error(`${refused} calls were refused`);
      if (cost.records !== deals * VERSIONS) throw new Error(`${cost.records} versions of ${deals * VERSIONS}`);
      return { ...cost, calls };
    },
    boundSeconds: budgetSeconds(Math.ceil(deals / LISTED)),
    close: hubspot.close,
  };
}

export const cases = [{ name: 'histories: first load of deals', timeGoal: 1.15, runs: 1, open }];
