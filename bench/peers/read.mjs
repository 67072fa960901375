// Other readers of HubSpot on the same sandbox: what they cost beside hubflake's `read` of the same contacts.
import { join } from 'node:path';
import { measure, writeJson } from '../kit/measure.mjs';
import { installed, measurePython } from '../kit/python.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const RECORDS = 5000;
const FURTHER_PROPERTIES = 70;
const STREAM = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] };

async function openSourceHubspot() {
  const source = join(installed('airbyte-source-hubspot==5.7.0'), 'source-hubspot');
  const sandbox = await startSandbox([
    '--contacts',
    `${RECORDS}`,
    '--properties',
    `${FURTHER_PROPERTIES}`,
    '--no-limits',
  ]);
  const streams = [{ stream: STREAM, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }];
  const catalog = writeJson('catalog.json', { streams });
  const theirs = writeJson('their-config.json', {
    credentials: { credentials_title: 'Private App Credentials', access_token: sandbox.token },
    start_date: '2006-06-01T00:00:00Z',
  });
  const ours = writeJson('config.json', { credentials: { access_token: sandbox.token }, burst_share: 1 });
  return {
    own: () =>
      sandbox.counting(() =>
        measurePython(source, ['read', '--config', theirs, '--catalog', catalog], {
          env: { BENCH_SANDBOX: sandbox.url },
        }),
      ),
    floor: () => measure('dist/main.js', ['read', '--config', ours, '--catalog', catalog], { env: sandbox.env }),
    close: sandbox.close,
  };
}

export const cases = [{ name: 'peer: source-hubspot 5.7.0, beside read', runs: 1, open: openSourceHubspot }];
