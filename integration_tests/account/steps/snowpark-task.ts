import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NotRun } from '../../support/account/not-run.js';
import { type Step, step } from '../../support/account/step.js';
import { stepVariables } from '../../support/account/variables.js';
import { quoted } from '../../support/stand-in/snowflake-warehouse.js';

/**
 * 9. The task of deploy/snowpark/setup.sql, run twice: its first version failed each time but the first. Its text and that of the job are those
 * of the folder, with the names of this account; the portal is a sandbox within the container, so that the job needs no way out.
 */

const FOLDER = new URL('../../../deploy/snowpark/', import.meta.url);
const LONGEST_RUN_MS = 15 * 60_000;
const LOOK_MS = 10_000;
const PORT = 8080;
const MAIN = 'node /hubflake/dist/main.js';
/** One container, which ends with the sync: a job is over only when all of its containers are. */
const SCRIPT = `${MAIN} sandbox --port ${PORT} & sleep 5; exec ${MAIN} sync --config /pipeline/pipeline.json --json`;

export function snowparkTask(): void {
  step('9. the Snowpark task of setup.sql, twice', 60, async (at) => {
    const pool = stepVariables.computePool();
    const image = stepVariables.image();
    if (at.account.isDryRun) throw new NotRun('a stand-in has no compute pools');
    if (!pool || !image) throw new NotRun('It takes SNOWFLAKE_TEST_COMPUTE_POOL and SNOWFLAKE_TEST_IMAGE');
    await prepare(at, image);
    const task = at.name('HUBFLAKE_SYNC');
    const lacking =
      'It takes CREATE TASK, EXECUTE TASK and EXECUTE MANAGED TASK, and USAGE on the pool and the integration';
    at.beforeEnd(() => endJobs(at));
    const names = { task, pool, warehouse: quoted(at.account.warehouse), stage: at.name('CONFIG') };
    await at.needs(lacking, taskStatement({ ...names, integration: stepVariables.integration() }));
    for (const run of [1, 2]) {
      const began = Date.now();
      await at.needs(lacking, `EXECUTE TASK ${task}`);
      const { state, error } = await ended(at, run);
      at.note(`Run ${run}: ${state} after ${((Date.now() - began) / 1000).toFixed(0)} s${error ? `: ${error}` : ''}.`);
      await tellLogs(at);
      expect([run, state, error]).toEqual([run, 'SUCCEEDED', null]);
    }
    const [row] = await at.query(`SELECT COUNT(*) AS N FROM ${at.name('CONTACTS')}`);
    expect(Number(row?.N)).toBeGreaterThan(0);
  });
}

/** The stage with the pipeline and the job's specification, as setup.sql makes it. */
async function prepare(at: Step, image: string): Promise<void> {
  const stage = at.name('CONFIG');
  await at.query(`CREATE STAGE ${stage} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')`);
  const pipeline = JSON.parse(file('pipeline.json')) as { source: object; destination: object };
  const { database, warehouse } = at.account;
  const paths = [
    at.folder.write('pipeline.json', {
      ...pipeline,
      source: { ...pipeline.source, objects: [{ object_type: 'contacts', properties: ['firstname'] }] },
      destination: {
        ...pipeline.destination,
        database,
        warehouse,
        schema: at.schema,
        jdbc_url_params: `QUERY_TAG=${at.mark}`,
      },
    }),
    at.folder.write('job.yaml', jobFile(image, stage)),
  ];
  await at.query(`USE SCHEMA ${quoted(database, at.schema)}`);
  for (const path of paths) await at.query(`PUT file://${path} @CONFIG AUTO_COMPRESS = FALSE OVERWRITE = TRUE`);
}

export function jobFile(image: string, stage: string): string {
  const replaced: [RegExp, string][] = [
    [/image: .*/, `image: ${image}`],
    [/ {6}args:\n(?: {8}- .*\n)+/, `      command: ["/bin/sh", "-c", "${SCRIPT}"]\n`],
    [/ {6}secrets:\n(?: {8,}.*\n)+/, ''],
    [
      / {6}env:\n/,
      `      env:\n        HUBSPOT_TOKEN: pat-na1-sandbox\n        HUBSPOT_BASE_URL: http://127.0.0.1:${PORT}\n`,
    ],
    [/name: "@ANALYTICS\.HUBFLAKE\.CONFIG"/, `name: ${JSON.stringify(`@${stage}`)}`],
  ];
  return replacedIn(file('job.yaml'), replaced);
}

/** What a task of setup.sql is about here. */
interface TaskNames {
  task: string;
  pool: string;
  warehouse: string;
  stage: string;
  integration: string | undefined;
}

export function taskStatement({ task, pool, warehouse, stage, integration }: TaskNames): string {
  const [statement = ''] = /CREATE OR REPLACE TASK HUBFLAKE_SYNC[\s\S]*?(?=;)/.exec(file('setup.sql')) ?? [];
  return replacedIn(statement, [
    [/TASK HUBFLAKE_SYNC/, `TASK ${task}`],
    [/HUBFLAKE_POOL/, pool],
    [/HUBFLAKE_WH/, warehouse],
    [/ *EXTERNAL_ACCESS_INTEGRATIONS = .*\n/, integration ? `  EXTERNAL_ACCESS_INTEGRATIONS = (${integration})\n` : ''],
    [/@ANALYTICS\.HUBFLAKE\.CONFIG/, `@${stage}`],
  ]);
}

function file(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, FOLDER)), 'utf8');
}

/** Throws where the file has changed so that one of them is not there. */
export function replacedIn(text: string, replaced: readonly [RegExp, string][]): string {
  return replaced.reduce((so, [what, by]) => {
    if (!what.test(so)) throw new Error(`deploy/snowpark/ has no ${what} any more: change this step, too`);
    return so.replace(what, () => by);
  }, text);
}

/** Waits for the end of the task's n-th run. */
async function ended(at: Step, run: number): Promise<{ state: string; error: string | null }> {
  const until = Date.now() + LONGEST_RUN_MS;
  const from = new Date(at.since - 60_000).toISOString();
  while (Date.now() < until) {
    const rows = await at.query(
      `SELECT STATE, ERROR_MESSAGE FROM TABLE(${quoted(at.account.database)}.INFORMATION_SCHEMA.TASK_HISTORY(` +
        `SCHEDULED_TIME_RANGE_START => TO_TIMESTAMP_LTZ('${from}'), TASK_NAME => 'HUBFLAKE_SYNC')) ` +
        `WHERE SCHEMA_NAME = '${at.schema}' AND COMPLETED_TIME IS NOT NULL ORDER BY COMPLETED_TIME`,
    );
    const row = rows[run - 1];
    if (row) return { state: String(row.STATE), error: (row.ERROR_MESSAGE as string | null) ?? null };
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return { state: 'STILL RUNNING', error: null };
}

/** What the last job has said, while its node is still there. */
async function tellLogs(at: Step): Promise<void> {
  for (const name of (await jobs(at)).slice(-1)) {
    const service = at.name(name).replaceAll("'", "''");
    const [row] = await at
      .query(`SELECT SYSTEM$GET_SERVICE_LOGS('${service}', 0, 'hubflake', 20) AS LOGS`)
      .catch((error: Error) => [{ LOGS: `(${error.message})` }]);
    at.note(`  ${name} said: ${String(row?.LOGS).split('\n').join('\n    ')}`);
  }
}

/** The names of the schema's jobs, the oldest first. */
async function jobs(at: Step): Promise<string[]> {
  const rows = await at.query(`SHOW JOB SERVICES IN SCHEMA ${quoted(at.account.database, at.schema)}`);
  return rows.sort((a, b) => String(a.created_on).localeCompare(String(b.created_on))).map(({ name }) => String(name));
}

/** A schema with jobs in it may not let itself be dropped. */
async function endJobs(at: Step): Promise<void> {
  for (const name of await jobs(at)) await at.query(`DROP SERVICE IF EXISTS ${at.name(name)}`);
}
