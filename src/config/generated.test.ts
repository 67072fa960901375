import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

test.each([
  ['the types of configurations', 'config-types'],
  ['the schema of pipelines for editors', 'pipeline-schema'],
])('%s: they are what the schemas in spec/ say', (_, name) => {
  const script = fileURLToPath(new URL(`../../scripts/${name}.mjs`, import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
