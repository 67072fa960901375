// `sync` to DuckDB, which carries records from the one half to the other without messages, beside `read` and `write`.
import { spawnSync } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measure, newPath, root, writeJson } from '../kit/measure.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const RECORDS = 20_000;
const FURTHER_PROPERTIES = 70;

async function open() {
  const options = ['--contacts', `${RECORDS}`, '--properties', `${FURTHER_PROPERTIES}`, '--no-limits'];
  const sandbox = await startSandbox(options);
  const { env } = sandbox;
  const source = {
    credentials: { access_token: sandbox.token },
    objects: [{ object_type: 'contacts' }],
    burst_share: 1,
  };
  const config = writeJson('source.json', source);
  const main = join(root, 'dist/main.js');
  const discovered = spawnSync(process.execPath, [main, 'discover', '--config', config], {
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 30,
  });
  const catalogs = discovered.stdout
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('{"type":"CATALOG"'));
  if (catalogs.length !== 1) throw new Error(`discover gave no catalog: ${discovered.stdout}`);
  const { streams } = JSON.parse(catalogs[0]).catalog;
  const modes = { sync_mode: 'incremental', destination_sync_mode: 'append_dedup', generation_id: 0, sync_id: 1 };
  const stream = streams.find(({ name }) => name === 'contacts');
  const configured = { stream, ...modes, minimum_generation_id: 0, primary_key: stream.source_defined_primary_key };
  const catalog = writeJson('catalog.json', { streams: [configured] });
  const reading = ['read', '--config', config, '--catalog', catalog];
  const messages = newPath('messages');
  spawnSync(process.execPath, [main, ...reading], {
    env: { ...process.env, ...env },
    stdio: ['ignore', openSync(messages, 'w'), 'inherit'],
  });
  const destination = () => ({ type: 'duckdb', path: newPath('sync.duckdb') });
  return {
    own: async () => {
      const pipeline = { name: 'bench', source, destination: destination(), streams: [{ name: 'contacts' }] };
      const cost = await sandbox.counting(() =>
        measure('dist/main.js', ['sync', '--json', '--config', writeJson('pipeline.json', pipeline)], { env }),
      );
      return { ...cost, records: RECORDS };
    },
    /** Both halves. */
    floor: async () => {
      const read = await measure('dist/main.js', reading, { env });
      const write = ['write', '--config', writeJson('destination.json', destination()), '--catalog', catalog];
      const written = await measure('dist/main.js', write, { input: messages });
      return {
        cpuSeconds: read.cpuSeconds + written.cpuSeconds,
        maxRssMb: Math.max(read.maxRssMb, written.maxRssMb),
        records: RECORDS,
      };
    },
    close: () => {
      sandbox.close();
      rmSync(messages);
    },
  };
}

export const cases = [{ name: 'sync to DuckDB, beside read and write', goal: 1, open }];
