import { TestFolder } from '../support/processes/command.js';
import { destination, pipeline, source } from './pipelines.js';
import { read, template } from './rendered.js';

let folder: TestFolder;

beforeAll(() => {
  folder = new TestFolder();
});

afterAll(() => folder.remove());

test.each([
  [
    'a secret in the pipeline',
    { pipeline: { ...pipeline, source: { credentials: { access_token: 'pat-na1-plain' } } } },
    'access_token',
  ],
  [
    'a password in the pipeline',
    { pipeline: { source, destination: { credentials: { password: 'hunter2' } } } },
    'password',
  ],
  ['an interval and a schedule', { every: '60s', schedule: '0 * * * *', pipeline }, 'portals'],
  ['an interval without a unit', { every: '60', pipeline }, 'every'],
  ['a member that there is not', { pipelin: pipeline, pipeline }, 'pipelin'],
  ['two Secrets', { secret: { existing: 'a', create: { A: 'b' } }, pipeline }, 'secret'],
  ['no source', { pipeline: { destination } }, 'portals.crm.pipeline.source is missing'],
])('Helm refuses %s', async (_, portal, named) => {
  const { code, stderr } = await template(folder, { portals: { crm: portal } });
  expect([code, stderr]).toEqual([1, expect.stringContaining(named)]);
});

test('Helm refuses names that Kubernetes would refuse', async () => {
  for (const [portal, named] of [
    ['EMEA', 'EMEA'],
    ['p'.repeat(44), 'shorten'],
  ] as const) {
    const { code, stderr } = await template(folder, { portals: { [portal]: { pipeline } } });
    expect([code, stderr]).toEqual([1, expect.stringContaining(named)]);
  }
});

/** The members of a JSON document whose value is such. */
function membersOf(json: string, isSuch: (value: Record<string, unknown>) => boolean): string[] {
  const found = new Set<string>();
  JSON.parse(json, (key, value) => {
    if (typeof value === 'object' && value !== null && isSuch(value)) found.add(key);
    return value;
  });
  return [...found].sort();
}

test("every secret of hubflake's configurations has to be a reference", () => {
  const { $defs } = JSON.parse(read('deploy/helm/hubflake/values.schema.json'));
  for (const part of ['source', 'destination']) {
    const secrets = membersOf(read(`spec/${part}.json`), ({ airbyte_secret }) => airbyte_secret === true);
    const schema = JSON.stringify($defs.pipeline.properties[part]);
    expect(secrets.length).toBeGreaterThan(2);
    expect(membersOf(schema, ({ $ref }) => $ref === '#/$defs/reference')).toEqual(secrets);
  }
});
