// Other readers of HubSpot on the same sandbox: what they cost beside hubflake's `read` of the same contacts.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure, newPath, root, writeJson } from '../kit/measure.mjs';
import { installed, measurePython } from '../kit/python.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const RECORDS = 5000;
const FURTHER_PROPERTIES = 70;
const SINCE = '2006-06-01T00:00:00Z';
const STREAM = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] };

/** @param prepare gives the program, its arguments, and what its RECORD lines begin with */
async function open(requirement, prepare) {
  const programs = installed(requirement);
  const options = ['--contacts', `${RECORDS}`, '--properties', `${FURTHER_PROPERTIES}`, '--no-limits'];
  const sandbox = await startSandbox(options);
  const streams = [{ stream: STREAM, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }];
  const catalog = writeJson('catalog.json', { streams });
  const ours = writeJson('config.json', { credentials: { access_token: sandbox.token }, burst_share: 1 });
  const env = { BENCH_SANDBOX: sandbox.url, BENCH_TOKEN: sandbox.token };
  const { program, args, record } = prepare({ programs, catalog, token: sandbox.token, env });
  return {
    own: () => sandbox.counting(() => measurePython(program, args, { env, record })),
    floor: () => measure('dist/main.js', ['read', '--config', ours, '--catalog', catalog], { env: sandbox.env }),
    close: sandbox.close,
  };
}

function sourceHubspot({ programs, catalog, token }) {
  const credentials = { credentials_title: 'Private App Credentials', access_token: token };
  const config = writeJson('their-config.json', { credentials, start_date: SINCE });
  return { program: join(programs, 'source-hubspot'), args: ['read', '--config', config, '--catalog', catalog] };
}

function tapHubspot({ programs, env }) {
  const config = writeJson('their-config.json', { api_key: 'unused', start_date: SINCE });
  const hooks = join(root, 'bench/peers/python');
  const { stdout, stderr } = spawnSync(join(programs, 'python'), [join(hooks, 'tap_catalog.py')], {
    env: { ...process.env, ...env, PYTHONPATH: hooks, BENCH_COST: newPath('cost.json') },
    maxBuffer: 2 ** 28,
  });
  if (stdout.length === 0) throw new Error(`tap-hubspot gave no catalog: ${stderr}`);
  const catalog = newPath('their-catalog.json');
  writeFileSync(catalog, stdout);
  return {
    program: join(programs, 'tap-hubspot'),
    args: ['--config', config, '--properties', catalog],
    record: '{"type": "RECORD"',
  };
}

export const cases = [
  ['tap-hubspot==4.5.0', tapHubspot],
  ['airbyte-source-hubspot==5.7.0', sourceHubspot],
].map(([requirement, prepare]) => ({
  name: `peer ${requirement}, beside read`,
  runs: 1,
  open: () => open(requirement, prepare),
}));
