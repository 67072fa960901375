// `read` of 20,000 contacts with a hundred properties, without limits, beside a bare Node program that emits the same.
import { measure, writeJson } from '../kit/measure.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const RECORDS = 20_000;
/** The sample's contacts have some properties of their own; these make about a hundred. */
const FURTHER_PROPERTIES = 70;
const STREAM = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh'] };

async function open(layout) {
  const sandbox = await startSandbox([
    '--contacts',
    `${RECORDS}`,
    '--properties',
    `${FURTHER_PROPERTIES}`,
    '--no-limits',
  ]);
  const { env, token, url } = sandbox;
  const config = writeJson('config.json', { credentials: { access_token: token }, layout, burst_share: 1 });
  const streams = [{ stream: STREAM, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }];
  const catalog = writeJson('catalog.json', { streams });
  return {
    own: () =>
      sandbox.counting(() => measure('dist/main.js', ['read', '--config', config, '--catalog', catalog], { env })),
    floor: () => measure('bench/floors/read.mjs', [url, token, layout]),
    close: sandbox.close,
  };
}

export const cases = [
  { name: 'read, layout airbyte', goal: 1, open: () => open('airbyte') },
  { name: 'read, layout columns', goal: 0.8, open: () => open('columns') },
];
