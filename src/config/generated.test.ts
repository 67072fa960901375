import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

test('the types of configurations are those of the schemas in spec/', () => {
  const script = fileURLToPath(new URL('../../scripts/config-types.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
