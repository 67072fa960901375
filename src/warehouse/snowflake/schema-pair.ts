import type { SnowflakeConfig } from '../../config/snowflake/snowflake.js';
import { ConfigError } from '../../errors.js';
import { type ComparedTables, type SchemaPair, tablesOf } from '../compare/schema-pair.js';
import { Session, TIMEOUTS, type Timeouts } from './session/session.js';
import { StatementRunner } from './session/statement-runner.js';
import { qualified } from './sql/quote.js';
import { columnsOfSchema } from './sql/tables.js';

const TAG = JSON.stringify({ app: 'hubflake', command: 'compare' });

/** Two schemas of one Snowflake account, read with the login, the role and the warehouse of the right one. */
export class SnowflakeSchemaPair implements SchemaPair {
  readonly #session: Session;
  readonly #left: SnowflakeConfig;
  readonly #right: SnowflakeConfig;

  private constructor(session: Session, left: SnowflakeConfig, right: SnowflakeConfig) {
    this.#session = session;
    this.#left = left;
    this.#right = right;
  }

  static async open(
    left: SnowflakeConfig,
    right: SnowflakeConfig,
    timeouts: Partial<Timeouts> = {},
  ): Promise<SnowflakeSchemaPair> {
    if (left.url !== right.url) {
      throw new ConfigError(
        '--left and --right are of different Snowflake accounts. The comparison is a query in one of them: bring the old schema there, for example by a share.',
      );
    }
    return new SnowflakeSchemaPair(await Session.open(right, { ...TIMEOUTS, ...timeouts }), left, right);
  }

  left(): Promise<ComparedTables> {
    return this.#tables(this.#left);
  }

  right(): Promise<ComparedTables> {
    return this.#tables(this.#right);
  }

  async #tables({ database, schema }: SnowflakeConfig): Promise<ComparedTables> {
    const rows = await this.rows(
      columnsOfSchema(database, schema),
      `Looking at the tables of "${database}"."${schema}"`,
    );
    return tablesOf(rows, (table) => qualified(database, schema, table));
  }

  rows(query: string, doing: string): Promise<Record<string, unknown>[]> {
    return new StatementRunner(this.#session, this.#right, TAG, doing).run(query);
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
