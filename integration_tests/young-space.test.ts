import { startSandbox } from '../src/sandbox/server.js';
import { hubflake, TestFolder } from './support/command.js';

/** Says at the end how many MiB V8's space for new objects takes. Loaded before anything of hubflake's. */
const WITNESS = `process.on('exit', () => {
  const young = require('node:v8').getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  process.stderr.write('young space: ' + young.space_size / 2 ** 20);
});`;

test('the space for new objects does not grow with what is read', async () => {
  const sandbox = await startSandbox({ counts: { contacts: 10_000 }, limits: 'off' });
  const folder = new TestFolder();
  try {
    const config = folder.write('config.json', { credentials: { access_token: sandbox.token } });
    const stream = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh'] };
    const streams = [{ stream, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }];
    const catalog = folder.write('catalog.json', { streams });
    const outcome = await hubflake(['read', '--config', config, '--catalog', catalog], {
      environment: {
        HUBSPOT_BASE_URL: sandbox.url,
        NODE_OPTIONS: `--require ${folder.write('witness.cjs', WITNESS)}`,
      },
    });
    expect(outcome).toMatchObject({ code: 0, stderr: 'young space: 8' });
  } finally {
    folder.remove();
    await sandbox.close();
  }
});
