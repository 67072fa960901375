import { mkdirSync } from 'node:fs';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.js';
import { hubflake, type Outcome, type RunOptions, TestFolder } from '../processes/command.js';
import type { Row } from '../stand-in/snowflake-driver.js';
import { quoted } from '../stand-in/snowflake-warehouse.js';
import { Account } from './account.js';
import { history, type Ran } from './history.js';
import { NotRun } from './not-run.js';
import { costTable, type Ending, print, summary } from './report.js';

/** How Snowflake words what a role may not, an object that it may not see, and what an edition has not. */
const IS_LACKING =
  /insufficient privileges|not authorized|unsupported feature|not (enabled|supported|allowed|available)|permission/i;

/** A step of the first hour, and what it has around it. */
export class Step {
  /** In the query tag of all that hubflake does for it. */
  readonly mark: string;
  readonly folder = new TestFolder();
  readonly since = Date.now();
  /** The step's own schema, transient, dropped behind it. */
  readonly schema: string;
  readonly #notes: string[] = [];
  readonly #sandboxes: Sandbox[] = [];
  readonly #endings: (() => Promise<void>)[] = [];

  constructor(
    readonly account: Account,
    schema: string,
  ) {
    this.schema = schema;
    this.mark = schema.toLowerCase();
  }

  /** Something to be read in the report. */
  note(text: string): void {
    this.#notes.push(text);
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  /** What is to be done before the schema is dropped, however the step ends; where this process is killed, the sweeper's work is left. */
  beforeEnd(ending: () => Promise<void>): void {
    this.#endings.push(ending);
  }

  /** A portal of the step's own. HubSpot's limits are not what is tried here. */
  async sandbox(options: SandboxOptions = {}): Promise<Sandbox> {
    const sandbox = await startSandbox({ limits: 'off', ...options, counts: { '*': 0, ...options.counts } });
    this.#sandboxes.push(sandbox);
    return sandbox;
  }

  /** Runs `hubflake sync` as its users do, on a pipeline's file without secrets. */
  async sync(sandbox: Sandbox, pipeline: PipelineOptions, options: RunOptions = {}): Promise<Outcome> {
    const spool = this.folder.join('spool');
    mkdirSync(spool, { recursive: true });
    const path = this.folder.write(`${pipeline.name ?? 'crm'}.json`, {
      name: pipeline.name ?? 'crm',
      source: {
        credentials: { access_token: sandbox.token },
        layout: 'columns',
        objects: pipeline.objects ?? [{ object_type: 'contacts', properties: ['firstname', 'lastname', 'email'] }],
        ...pipeline.source,
      },
      destination: {
        ...this.account.options('named'),
        schema: this.schema,
        jdbc_url_params: `QUERY_TAG=${this.mark}`,
        spool_dir: spool,
        ...pipeline.destination,
      },
      ...(pipeline.streams ? { streams: pipeline.streams } : {}),
    });
    const environment = { HUBSPOT_BASE_URL: sandbox.url, ...options.environment };
    return hubflake(['sync', '--json', '--config', path], { ...options, environment });
  }

  /** The same; throws what it says where it does not end well. */
  async syncWell(...args: Parameters<Step['sync']>): Promise<Outcome> {
    const outcome = await this.sync(...args);
    if (outcome.code !== 0) throw new Error(`sync ended with ${outcome.code ?? outcome.signal}:\n${outcome.stderr}`);
    return outcome;
  }

  /** A full name in the step's schema. */
  name(table: string, schema = this.schema): string {
    return quoted(this.account.database, schema, table);
  }

  query(sql: string): Promise<Row[]> {
    return this.account.query(sql);
  }

  /**
   * Runs a statement that not everybody may, or has: being refused for that is a NotRun. Any other error is the step's own.
   *
   * @param lacking what it takes
   * @param refused further refusals that are about the account
   */
  async needs(lacking: string, sql: string, refused = /^$/): Promise<Row[]> {
    try {
      return await this.query(sql);
    } catch (error) {
      const { message } = error as Error;
      if (!IS_LACKING.test(message) && !refused.test(message)) throw error;
      throw new NotRun(`${lacking}. Snowflake says: ${message.split('\n').join(' ')}`);
    }
  }

  /** The ids in a table, sorted, each as often as it is there. */
  async ids(table = 'CONTACTS', schema = this.schema): Promise<string[]> {
    return (await this.query(`SELECT "ID"::VARCHAR AS ID FROM ${this.name(table, schema)}`))
      .map((row) => String(row.ID))
      .sort();
  }

  history(): Promise<Ran[]> {
    return history(this.account, this.mark, this.since);
  }

  async close(): Promise<void> {
    this.folder.remove();
    for (const sandbox of this.#sandboxes) await sandbox.close();
    for (const ending of this.#endings.reverse()) {
      await ending().catch((error: Error) => print([`  NOT UNDONE YET: ${error.message}`]));
    }
    await this.account.dropSchema(this.schema);
  }
}

/** What of a pipeline is not as usual: contacts with three properties, merged. */
export interface PipelineOptions {
  name?: string;
  objects?: object[];
  source?: object;
  destination?: object;
  streams?: object[];
}

/** The ids of a type's live records, as the portal has them. */
export function liveIds(sandbox: Sandbox, type = 'contacts'): string[] {
  return sandbox.portal
    .truth(type)
    .live.map(({ id }) => id)
    .sort();
}

const account = new Account();
const endings: Ending[] = [];

/** Declares a step: a test that says at its end what it has cost, and leaves nothing in the account. */
export function step(title: string, longestMinutes: number, body: (at: Step) => Promise<void>): void {
  const run = async () => {
    await account.open();
    const at = new Step(account, await account.newSchema());
    let outcome = account.isDryRun ? 'passed, on a stand-in: that says nothing of Snowflake' : 'passed';
    try {
      await body(at);
    } catch (error) {
      const { message } = error as Error;
      outcome = error instanceof NotRun ? `NOT RUN: ${message}` : `FAILED: ${message.split('\n')[0]}`;
      throw error;
    } finally {
      const seconds = (Date.now() - at.since) / 1000;
      endings.push({ title, outcome, seconds });
      await tell(at, title, outcome, seconds).catch((error: Error) => print([`  (no report: ${error.message})`]));
      await at.close();
    }
  };
  test(title, run, longestMinutes * 60_000);
}

/** To be called once in the suite: the end of it all. */
export function endFirstHour(): void {
  afterAll(async () => {
    print(summary(endings));
    await account.end();
  }, 120_000);
}

async function tell(at: Step, title: string, outcome: string, seconds: number): Promise<void> {
  const ran = outcome.startsWith('NOT RUN') ? [] : await at.history();
  const failed = ran.filter(({ error }) => error !== null).map(({ text, error }) => `${error}: ${text.slice(0, 80)}`);
  print([
    '',
    `${title}: ${outcome} (${seconds.toFixed(1)} s)`,
    ...at.notes.map((note) => `  ${note}`),
    ...failed.map((text) => `  answered by an error: ${text}`),
    ...(ran.length === 0 ? [] : (await costTable(at.account, ran)).map((line) => `    ${line}`)),
  ]);
}
