import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parsePipelineConfig } from '../src/config/pipeline.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

/** A block of text in YAML, under a key that ends in a bar. */
function block(yaml: string, key: string): string {
  const [, indent = '', text = ''] = new RegExp(`^( *)${key}: \\|\\n((?:\\1 +.*\\n|\\n)+)`, 'm').exec(yaml) ?? [];
  return text.replaceAll(new RegExp(`^${indent}  `, 'gm'), '');
}

test("Kubernetes' pipeline is one, with the secrets that the CronJob is given", () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const yaml = read('deploy/kubernetes/cronjob.yaml');
  const environment = { HUBSPOT_TOKEN: 'pat-na1-kubernetes', SNOWFLAKE_PRIVATE_KEY: privateKey };
  const pipeline = parsePipelineConfig(JSON.parse(block(yaml, 'pipeline.json')), environment);
  expect(pipeline.source.credentials).toEqual({ kind: 'token', accessToken: 'pat-na1-kubernetes' });
  expect(pipeline.destination).toMatchObject({ credentials: { kind: 'key-pair' } });
  for (const name of Object.keys(environment)) expect(yaml).toMatch(new RegExp(`create secret .*${name}=`));
  expect(yaml).toContain(`image: hubflake/source-hubspot:${version}\n`);
});

test("Snowpark's pipeline is one, with what Snowflake puts into the job's environment", () => {
  const job = read('deploy/snowpark/job.yaml');
  const [, token] = /envVarName: (\w+)/.exec(job) ?? [];
  const environment = { [token as string]: 'pat-na1-snowpark', SNOWFLAKE_HOST: 'snowflake.internal.example' };
  process.env.SNOWFLAKE_ACCOUNT = 'MYACCOUNT';
  try {
    const pipeline = parsePipelineConfig(JSON.parse(read('deploy/snowpark/pipeline.json')), environment);
    expect(pipeline.destination).toMatchObject({
      account: 'MYACCOUNT',
      url: 'https://snowflake.internal.example',
      credentials: { kind: 'container', tokenFile: '/snowflake/session/token' },
    });
  } finally {
    delete process.env.SNOWFLAKE_ACCOUNT;
  }
  expect(job).toContain(`source-hubspot:${version}\n`);
});

test('what the job of Snowpark names is what setup.sql makes', () => {
  const job = read('deploy/snowpark/job.yaml');
  const sql = read('deploy/snowpark/setup.sql');
  const pipeline = JSON.parse(read('deploy/snowpark/pipeline.json')).destination as Record<string, string>;
  const kinds = 'ROLE|DATABASE|SCHEMA|WAREHOUSE|COMPUTE POOL|SECRET|EXTERNAL ACCESS INTEGRATION|IMAGE REPOSITORY|STAGE';
  const created = new RegExp(`CREATE (?:OR REPLACE )?(${kinds}) (?:IF NOT EXISTS )?([A-Z_.]+)`, 'g');
  const made = [...sql.matchAll(created)].map(([, kind, name]) => `${kind} ${name}`);
  const inSchema = (path = '') => path.replace(/^[@/]?ANALYTICS[./]HUBFLAKE[./]/, '');
  const [, secret] = /objectName: (.*)/.exec(job) ?? [];
  const [, stage] = /source: "(.*)"/.exec(job) ?? [];
  const [, repository] = /image: (.*)\/source-hubspot/.exec(job) ?? [];
  expect(made).toEqual(
    expect.arrayContaining([
      `SECRET ${inSchema(secret)}`,
      `STAGE ${inSchema(stage)}`,
      `IMAGE REPOSITORY ${inSchema(repository)}`,
      `WAREHOUSE ${pipeline.warehouse}`,
      `DATABASE ${pipeline.database}`,
      `SCHEMA ${pipeline.database}.${pipeline.schema}`,
    ]),
  );
  for (const [, pool] of sql.matchAll(/IN COMPUTE POOL (\w+)/g)) expect(made).toContain(`COMPUTE POOL ${pool}`);
  for (const [, access] of sql.matchAll(/EXTERNAL_ACCESS_INTEGRATIONS = \((\w+)\)/g)) {
    expect(made).toContain(`EXTERNAL ACCESS INTEGRATION ${access}`);
  }
});
