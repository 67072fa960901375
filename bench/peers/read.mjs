// Other readers of HubSpot on the same sandbox: what they cost beside hubflake's `read` of the same contacts.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { measure, newPath, writeJson } from '../kit/measure.mjs';
import { HOOKS, installed, measurePython } from '../kit/python.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const RECORDS = 20_000;
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

/** Runs a program of a peer that is not measured; the JSON it prints. */
function asked(program, args, env) {
  const { stdout, stderr } = spawnSync(program, args, {
    env: { ...process.env, ...env, PYTHONPATH: HOOKS, BENCH_COST: newPath('cost.json') },
    maxBuffer: 2 ** 28,
  });
  if (stdout.length === 0) throw new Error(`${program} gave no catalog: ${stderr}`);
  return JSON.parse(stdout);
}

function tapHubspot({ programs, env }) {
  const config = writeJson('their-config.json', { api_key: 'unused', start_date: SINCE });
  const catalog = asked(join(programs, 'python'), [join(HOOKS, 'tap_catalog.py')], env);
  return {
    program: join(programs, 'tap-hubspot'),
    args: ['--config', config, '--properties', writeJson('their-catalog.json', catalog)],
    record: '{"type": "RECORD"',
  };
}

/** Without a date to begin at it reads the list, as the others do; with one it would search. */
function meltanoTap({ programs, env }) {
  const program = join(programs, 'tap-hubspot');
  const config = writeJson('their-config.json', { access_token: 'unused' });
  const { streams } = asked(program, ['--config', config, '--discover'], env);
  const catalog = { streams: streams.filter(({ tap_stream_id }) => tap_stream_id === 'contacts') };
  return { program, args: ['--config', config, '--catalog', writeJson('their-catalog.json', catalog)] };
}

function dltSource(step) {
  return ({ programs }) => ({
    program: join(programs, 'python'),
    args: [join(HOOKS, 'dlt_contacts.py'), step],
    record: 'row',
  });
}

export const cases = [
  ['tap-hubspot==4.5.0', tapHubspot],
  ['meltano-tap-hubspot==0.10.1', meltanoTap],
  ['dlt==1.31.0', dltSource('extract'), ' rest_api, extract'],
  ['dlt==1.31.0', dltSource('normalize'), ' rest_api, extract and normalize'],
  ['airbyte-source-hubspot==5.7.0', sourceHubspot, '', 50],
].map(([requirement, prepare, what = '', leastGoal]) => ({
  name: `peer ${requirement}${what}, beside read`,
  runs: 1,
  leastGoal,
  open: () => open(requirement, prepare),
}));
