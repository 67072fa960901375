// `read` of the same pages as `read.mjs`, written as programs other than HubSpot write JSON.
import { measure, writeJson } from '../kit/measure.mjs';
import { startRestyled, startSandbox } from '../kit/sandbox.mjs';

const STREAM = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh'] };
const GOALS = { airbyte: 1, columns: 0.8 };

async function open(layout, style) {
  const sandbox = await startSandbox(['--contacts', '20000', '--properties', '70', '--no-limits']);
  const { url, close } = await startRestyled(sandbox.url, style);
  const credentials = { access_token: sandbox.token };
  const config = writeJson('config.json', { credentials, layout, burst_share: 1 });
  const streams = [{ stream: STREAM, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }];
  const catalog = writeJson('catalog.json', { streams });
  const env = { HUBSPOT_BASE_URL: url };
  return {
    own: () => measure('dist/main.js', ['read', '--config', config, '--catalog', catalog], { env }),
    floor: () => measure('bench/floors/read.mjs', [url, sandbox.token, layout]),
    close: () => {
      close();
      sandbox.close();
    },
  };
}

export const cases = ['compact', 'python', 'sorted', 'indented'].flatMap((style) =>
  ['airbyte', 'columns'].map((layout) => ({
    name: `forms: ${style} JSON, layout ${layout}`,
    goal: GOALS[layout],
    open: () => open(layout, style),
  })),
);
