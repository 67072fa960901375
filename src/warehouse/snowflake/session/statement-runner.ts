import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { HubflakeError } from '../../../errors.js';
import { log } from '../../../log.js';
import { messageOf } from '../../error-parts.js';
import { isMissing, statementError } from './faults.js';
import type { Row, Session } from './session.js';

export interface StatementOptions {
  binds?: readonly string[];
  /** The privilege that the statement takes, as GRANT writes it. */
  needs?: string;
  /** Whether it may have been done although no answer came. */
  mayBeDone?: boolean;
  /** Whether it sends a file to a stage. */
  uploads?: boolean;
  /** Whether it is about a table that this run has just made. */
  isOwn?: boolean;
  /** A timeout in ms that is shorter than usual. */
  longest?: number;
}

/** Runs the statements of one task on one session, tagged with the task; errors say what was being done. */
export class StatementRunner {
  readonly session: Session;
  readonly #config: SnowflakeConfig;
  readonly #tag: string;
  readonly #doing: string;

  /** @param doing a noun phrase, for messages: "Writing to the table CONTACTS" */
  constructor(session: Session, config: SnowflakeConfig, tag: string, doing: string) {
    this.session = session;
    this.#config = config;
    this.#tag = tag;
    this.#doing = doing;
  }

  /** The same task on another session. */
  on(session: Session): StatementRunner {
    return new StatementRunner(session, this.#config, this.#tag, this.#doing);
  }

  /** Runs a statement. Throws a HubflakeError. */
  async run(sql: string, options: StatementOptions = {}): Promise<Row[]> {
    const { binds, longest } = options;
    try {
      return await this.session.run(sql, {
        tag: this.#tag,
        ...(binds ? { binds } : {}),
        ...(longest === undefined ? {} : { longest }),
      });
    } catch (error) {
      throw this.explain(error, options);
    }
  }

  /** Sees to it that the configured schema is the session's current one. Throws a HubflakeError. */
  async enterSchema(): Promise<void> {
    await this.session.enterSchema().catch((error: unknown) => {
      throw this.explain(error);
    });
  }

  /** Runs a statement on something that may not exist. @returns null where it does not */
  async runIfThere(sql: string, options: StatementOptions = {}): Promise<Row[] | null> {
    const { binds } = options;
    try {
      return await this.session.run(sql, { tag: this.#tag, ...(binds ? { binds } : {}) });
    } catch (error) {
      if (isMissing(error)) return null;
      throw this.explain(error, options);
    }
  }

  /** Runs a cleanup statement, whose failure does not matter. */
  async tidy(sql: string): Promise<void> {
    await this.tryRun(sql);
  }

  /** Runs a statement whose answer is optional. @returns null where it failed */
  async tryRun(sql: string): Promise<Row[] | null> {
    if (this.session.broken) return null;
    try {
      return await this.session.run(sql, { tag: this.#tag });
    } catch (error) {
      log.debug(`${sql}: ${messageOf(error)}`);
      return null;
    }
  }

  explain(
    error: unknown,
    { needs, mayBeDone = false, uploads = false, isOwn = false }: StatementOptions = {},
  ): HubflakeError {
    if (error instanceof HubflakeError) return error;
    return statementError(error, { config: this.#config, doing: this.#doing, needs, mayBeDone, uploads, isOwn });
  }
}
