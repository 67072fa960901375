import { startSandbox } from '../src/sandbox/server.js';
import { hubflake, TestFolder } from './support/command.js';

/** Says at the end how many MiB V8's space for new objects takes. Loaded before anything of hubflake's. */
const WITNESS = `process.on('exit', () => {
  const young = require('node:v8').getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  process.stderr.write('young space: ' + young.space_size / 2 ** 20);
});`;
const BOUNDED = { code: 0, stderr: 'young space: 8' };

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});

afterEach(() => folder.remove());

const witnessed = () => ({ NODE_OPTIONS: `--require ${folder.write('witness.cjs', WITNESS)}` });
const catalogOf = (modes: object, schema: object = {}) => {
  const stream = { name: 'contacts', json_schema: schema, supported_sync_modes: ['full_refresh'] };
  return folder.write('catalog.json', { streams: [{ stream, sync_mode: 'full_refresh', ...modes }] });
};

test('the space for new objects does not grow with what is read', async () => {
  const sandbox = await startSandbox({ counts: { contacts: 10_000 }, limits: 'off' });
  try {
    const config = folder.write('config.json', { credentials: { access_token: sandbox.token } });
    const catalog = catalogOf({ destination_sync_mode: 'overwrite' });
    const environment = { HUBSPOT_BASE_URL: sandbox.url, ...witnessed() };
    expect(await hubflake(['read', '--config', config, '--catalog', catalog], { environment })).toMatchObject(BOUNDED);
  } finally {
    await sandbox.close();
  }
});

test('nor with what is written', async () => {
  const config = folder.write('config.json', { type: 'duckdb', path: folder.join('test.duckdb') });
  const properties = { id: { type: 'string' }, text: { type: 'string' } };
  const catalog = catalogOf({ destination_sync_mode: 'append' }, { type: 'object', properties });
  const lines = Array.from({ length: 60_000 }, (_, i) => {
    const data = { id: `${i}`, text: `record number ${i} `.repeat(10) };
    return JSON.stringify({ type: 'RECORD', record: { stream: 'contacts', emitted_at: 1_700_000_000_000, data } });
  });
  const options = { input: lines.join('\n'), environment: witnessed() };
  expect(await hubflake(['write', '--config', config, '--catalog', catalog], options)).toMatchObject(BOUNDED);
});
