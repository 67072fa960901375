import { chmodSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { type Outcome, type RunOptions, run, TestFolder } from '../support/processes/command.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const examples = `${root}examples/orchestration`;

/** What an example's task or asset says of a table. */
export interface TableCounts {
  records: number;
  inserted: number;
  updated: number;
  marked: number;
  removed: number;
}

/** A portal, a pipeline from it into DuckDB, and a Python that runs the examples on them. */
export class Workplace {
  readonly folder = new TestFolder();
  readonly database = this.folder.join('hubspot.duckdb');
  /** Called at the next call to HubSpot, once. */
  atNextCall: (() => void) | null = null;
  #token: string;

  /** @param bin where the programs of its Python are */
  private constructor(
    private readonly bin: string,
    readonly sandbox: Sandbox,
  ) {
    this.#token = sandbox.token;
    const command = `'${process.execPath}' '${root}dist/main.js'`;
    const script = `#!/bin/sh\necho $$ > '${this.folder.join('pid')}'\nexec ${command} "$@"\n`;
    chmodSync(this.folder.write('hubflake', script), 0o755);
  }

  /** @param environment the name of a Python environment in the project's folder */
  static async open(environment: string): Promise<Workplace> {
    const onCall = () => {
      const act = workplace.atNextCall;
      workplace.atNextCall = null;
      act?.();
    };
    const sandbox = await startSandbox({ counts: { contacts: 60 }, onCall });
    const workplace = new Workplace(`${root}${environment}/bin`, sandbox);
    return workplace;
  }

  async close(): Promise<void> {
    this.folder.remove();
    await this.sandbox.close();
  }

  /** Writes the pipeline, of these objects. */
  pipeline(objects: readonly string[], token = this.sandbox.token): void {
    this.#token = token;
    this.folder.write('pipeline.json', {
      name: 'crm',
      source: {
        credentials: { credentials_title: 'Private App Credentials', access_token: `\${HUBSPOT_TOKEN}` },
        layout: 'columns',
        objects: objects.map((object_type) => ({ object_type })),
      },
      destination: { type: 'duckdb', path: this.database, schema: 'crm' },
    });
  }

  /** The ids of the portal's live records. */
  live(objectType: string): string[] {
    return this.sandbox.portal.truth(objectType).live.map(({ id }) => id);
  }

  /** Runs a program of the orchestrator's environment, in the folder of the examples as its users have it. */
  run(program: string, args: readonly string[], during?: RunOptions['during']): Promise<Outcome> {
    return run(`${this.bin}/${program}`, args, {
      cwd: this.folder.path,
      ...(during ? { during } : {}),
      environment: {
        PATH: `${this.bin}:${process.env.PATH}`,
        PYTHONPATH: examples,
        PYTHONDONTWRITEBYTECODE: '1',
        HUBSPOT_BASE_URL: this.sandbox.url,
        HUBSPOT_TOKEN: this.#token,
        HUBFLAKE_COMMAND: this.folder.join('hubflake'),
        HUBFLAKE_PIPELINE: this.folder.join('pipeline.json'),
        AIRFLOW_HOME: this.folder.join('airflow'),
        AIRFLOW__CORE__DAGS_FOLDER: examples,
        AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
        DAGSTER_DISABLE_TELEMETRY: 'yes',
        PREFECT_HOME: this.folder.join('prefect'),
        PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
        DO_NOT_TRACK: '1',
      },
    });
  }

  /** What a script of this folder prints as its last line; throws what it logged where it failed. */
  async outcome<T>(script: string, args: readonly string[] = [], during?: RunOptions['during']): Promise<T> {
    const path = `${import.meta.dirname}/${script}`;
    const { code, stdout, stderr, lines } = await this.run('python', [path, ...args], during);
    if (code !== 0) throw new Error(`${script}: exit code ${code}\n${stdout.slice(-10_000)}\n${stderr.slice(-20_000)}`);
    return JSON.parse(lines.at(-1) ?? '') as T;
  }

  /** Sends a signal to the hubflake that was started last. */
  signal(name: NodeJS.Signals): void {
    process.kill(Number(readFileSync(this.folder.join('pid'), 'utf8')), name);
  }

  /** Runs a statement on the database. */
  async execute(sql: string): Promise<void> {
    const instance = await DuckDBInstance.create(this.database);
    const connection = await instance.connect();
    try {
      await connection.run(sql);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  /** Does something while another program has the database open, to which hubflake says what it says to another run. */
  async whileBusy<T>(body: () => Promise<T>): Promise<T> {
    const other = await DuckDBInstance.create(this.database);
    try {
      return await body();
    } finally {
      other.closeSync();
    }
  }
}

/** The counts of a table into which these records came for the first time. */
export function firstLoad({ length }: readonly string[]): TableCounts {
  return { records: length, inserted: length, updated: 0, marked: 0, removed: 0 };
}
