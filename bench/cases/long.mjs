// A first load of two million records: what it needs of memory must not grow with them.

import { startLongList } from '../kit/long-list.mjs';
import { measure, writeJson } from '../kit/measure.mjs';

const SHORT = 20_000;
const LONG = 2_000_000;
const STREAM = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] };

async function open(records) {
  const portal = await startLongList(records);
  const objects = [{ object_type: 'contacts', associations: [] }];
  const credentials = { access_token: 'pat-na1-long-list' };
  const config = writeJson('config.json', { credentials, layout: 'columns', burst_share: 1, objects });
  const streams = [{ stream: STREAM, sync_mode: 'incremental', destination_sync_mode: 'append_dedup' }];
  const catalog = writeJson('catalog.json', { streams });
  const env = { HUBSPOT_BASE_URL: portal.url };
  return {
    own: () => measure('dist/main.js', ['read', '--config', config, '--catalog', catalog], { env }),
    close: portal.close,
  };
}

export const cases = [SHORT, LONG].map((records) => ({
  name: `long: first load of ${records.toLocaleString('en')}`,
  runs: 1,
  open: () => open(records),
}));
