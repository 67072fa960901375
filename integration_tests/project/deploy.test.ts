import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parsePipelineConfig } from '../../src/config/pipeline.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
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

test("the Helm chart's image is that of this version", () => {
  expect(read('deploy/helm/hubflake/Chart.yaml')).toContain(`\nappVersion: "${version}"\n`);
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
  const created = new RegExp(`CREATE (?:OR (?:REPLACE|ALTER) )?(${kinds}) (?:IF NOT EXISTS )?([A-Z_.]+)`, 'g');
  const made = [...sql.matchAll(created)].map(([, kind, name]) => `${kind} ${name}`);
  const inSchema = (path = '') => path.replace(/^[@/]?ANALYTICS[./]HUBFLAKE[./]/, '');
  const [, secret] = /objectName: (.*)/.exec(job) ?? [];
  const [, stage] = /source: stage\n(?: +.*\n)*? +name: "(.*)"/.exec(job) ?? [];
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

/** The statements of an SQL script, without comments and with single spaces. */
function statements(sql: string): string[] {
  return sql
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((each) => each.replaceAll(/\s+/g, ' ').trim())
    .filter((each) => each !== '');
}

describe("Snowpark's setup", () => {
  const all = statements(read('deploy/snowpark/setup.sql'));
  const containing = (text: string) => all.filter((each) => each.includes(text));

  test('starts jobs without a name, which Snowflake would take once in 30 days, and names the specification last', () => {
    const jobs = containing('EXECUTE JOB SERVICE');
    expect(jobs).toHaveLength(2);
    for (const job of jobs) {
      expect(job).not.toMatch(/\bNAME =/);
      expect(job).toMatch(
        /EXTERNAL_ACCESS_INTEGRATIONS = \(\w+\) FROM @ANALYTICS\.HUBFLAKE\.CONFIG SPECIFICATION_FILE = 'job\.yaml'$/,
      );
    }
  });

  test('lets the task run for a day, and go on after failures', () => {
    const [task] = containing('CREATE OR REPLACE TASK');
    const [head] = (task as string).split(' AS EXECUTE JOB SERVICE ');
    expect(head).toContain('USER_TASK_TIMEOUT_MS = 86400000');
    // Of the two limits the lower one counts.
    expect(head).toContain('STATEMENT_TIMEOUT_IN_SECONDS = 86400');
    expect(head).toContain('SUSPEND_TASK_AFTER_NUM_FAILURES = 0');
    expect(all).toContain('ALTER TASK HUBFLAKE_SYNC RESUME');
  });

  test('can be run again', () => {
    const creates = all.filter((each) => each.startsWith('CREATE '));
    expect(creates.length).toBeGreaterThan(10);
    const once = creates.filter((each) => !/^CREATE (OR REPLACE|OR ALTER|[A-Z ]+ IF NOT EXISTS) /.test(each));
    expect(once).toEqual([]);
    // What is replaced loses its grants.
    const replaced = creates.map((each) => /^CREATE OR REPLACE (?!TASK)[A-Z ]+ (\w+) /.exec(each)?.[1]);
    const regranted = replaced.filter(
      (name) => name && !all.some((each) => each.startsWith(`GRANT USAGE ON INTEGRATION ${name} `)),
    );
    expect(regranted).toEqual([]);
  });

  test('grants what the job does: https://docs.snowflake.com/en/sql-reference/sql/execute-job-service', () => {
    const wanted = [
      'USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA ANALYTICS.HUBSPOT',
      'USAGE, CREATE SERVICE, CREATE TASK ON SCHEMA ANALYTICS.HUBFLAKE',
      'USAGE ON DATABASE ANALYTICS',
      'USAGE ON WAREHOUSE HUBFLAKE_WH',
      'USAGE, MONITOR ON COMPUTE POOL HUBFLAKE_POOL',
      'USAGE ON INTEGRATION HUBSPOT_ACCESS',
      'READ ON SECRET HUBSPOT_TOKEN',
      'READ ON STAGE CONFIG',
      'READ, WRITE ON IMAGE REPOSITORY IMAGES',
      'EXECUTE TASK, EXECUTE MANAGED TASK ON ACCOUNT',
    ].map((each) => `GRANT ${each} TO ROLE HUBFLAKE`);
    expect(all).toEqual(expect.arrayContaining([...wanted, 'GRANT ROLE HUBFLAKE TO ROLE SYSADMIN']));
  });

  test('reads the logs in an event table, to which the job sends them', () => {
    expect(containing('SNOWFLAKE.TELEMETRY.EVENTS')).toHaveLength(1);
    expect(read('deploy/snowpark/job.yaml')).toMatch(/logExporters:\n +eventTableConfig:\n +logLevel: INFO\n/);
  });
});

test("README's pipeline names what README's SQL makes", () => {
  const readme = read('README.md');
  const blocks = (language: string) =>
    [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text]) => text as string);
  const sql = statements(blocks('sql').join(';'));
  const [pipeline] = blocks('json').filter((text) => text.includes('"host"'));
  const { role, warehouse, database, schema, username } = JSON.parse(pipeline as string).destination;
  const begins = (start: string) => sql.some((each) => `${each} `.startsWith(`${start} `));
  const makes = [
    `CREATE ROLE IF NOT EXISTS ${role}`,
    `CREATE WAREHOUSE IF NOT EXISTS ${warehouse}`,
    `CREATE DATABASE IF NOT EXISTS ${database}`,
    `CREATE SCHEMA IF NOT EXISTS ${database}.${schema}`,
    `CREATE USER IF NOT EXISTS ${username}`,
    `GRANT ROLE ${role} TO USER ${username}`,
    `GRANT ROLE ${role} TO ROLE SYSADMIN`,
    `GRANT USAGE ON WAREHOUSE ${warehouse} TO ROLE ${role}`,
    `GRANT USAGE ON DATABASE ${database} TO ROLE ${role}`,
    `GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA ${database}.${schema} TO ROLE ${role}`,
  ];
  expect(makes.filter((each) => !begins(each))).toEqual([]);
});
