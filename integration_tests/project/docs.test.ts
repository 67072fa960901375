import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INIT } from '../../src/commands/runner/init-command.js';
import { script, setupStatements } from '../../src/warehouse/snowflake/setup/statements.js';
import { compatibilityTables } from '../peer/docs.js';
import { run } from '../support/processes/command.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');

test('the table of streams in docs/airbyte.md is what the code says', async () => {
  const outcome = await run(process.execPath, [`${root}scripts/docs.mjs`, '--check'], {});
  expect([outcome.code, outcome.stderr]).toEqual([0, '']);
});

test('docs/compatibility.md lists the differences that npm run test:peer finds, and no others', () => {
  const page = read('docs/compatibility.md');
  const [, held = ''] = page.split('## Records, in the layout `airbyte`')[1]?.split('<!-- held by npm test -->') ?? [];
  expect(held.match(/(^\|.*\n)+/gm)?.map((table) => table.trimEnd())).toEqual(compatibilityTables());
});

test("docs/airbyte.md has the headings of Airbyte's template, in its order", () => {
  const wanted = [
    '# HubSpot (hubflake)',
    '## Prerequisites',
    '## Setup guide',
    '### Set up HubSpot',
    '### Set up HubSpot (hubflake) in Airbyte',
    '## Supported sync modes',
    '## Supported Streams',
    '## Performance considerations',
    '## Data type map',
    '## Limitations & Troubleshooting',
    '## Changelog',
  ];
  expect(read('docs/airbyte.md').match(/^#+ .*$/gm)).toEqual(wanted);
});

test('docs/durability.md names each point at which a run can be killed, and the suites kill at each', () => {
  const points = [...read('src/commit-steps.ts').matchAll(/^ {2}\| '(.*)'/gm)].map(([, point]) => point as string);
  const folder = 'integration_tests/stores';
  const names = readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' });
  const suites = names.filter((name) => name.endsWith('.ts')).map((name) => read(`${folder}/${name}`));
  const [page, tests] = [read('docs/durability.md'), suites.join('')];
  expect(points.length).toBeGreaterThan(8);
  expect(points.filter((point) => !page.includes(`\`${point}\``) || !tests.includes(`'${point}`))).toEqual([]);
});

test('README has the SQL that init shows and runs', () => {
  const names = {
    role: 'HUBFLAKE',
    user: 'HUBFLAKE',
    warehouse: 'HUBFLAKE_WH',
    database: 'ANALYTICS',
    schema: 'HUBSPOT',
  };
  const sql = script(setupStatements(names, '<the public key>'));
  expect(read('README.md')).toContain(sql.replace(/^/gm, '   '));
});

test('docs/setup.md has every option of init', () => {
  const page = read('docs/setup.md');
  const { options } = INIT;
  const named = Object.keys(options).map((name) => (options[name]?.default ? `--no-${name}` : `--${name}`));
  expect(named.filter((option) => !page.includes(`\`${option}`))).toEqual([]);
});

test('one version everywhere', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const others = {
    metadata: /dockerImageTag: (.*)/.exec(read('metadata.yaml'))?.[1],
    image: [...read('Dockerfile').matchAll(/ARG VERSION=(.*)/g)].map(([, each]) => each),
    changelog: /\| (\d+\.\d+\.\d+) \|/.exec(read('docs/airbyte.md'))?.[1],
    setup: /tag `(.*?)`/.exec(read('docs/airbyte.md'))?.[1],
  };
  expect(others).toEqual({ metadata: version, image: [version, version], changelog: version, setup: version });
});
