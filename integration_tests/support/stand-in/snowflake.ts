import type { Bind, Connection } from 'snowflake-sdk';
import type { Account, Ending } from './snowflake-account.js';
import { close, connect, execute, type Row } from './snowflake-driver.js';
import { obtain, type Running } from './stand-in-lent.js';

/** A statement that a client sent, in the order of the first attempts. */
export interface SentStatement {
  sql: string;
  /** Of the statement alone, as QUERY_TAG. */
  parameters: Record<string, unknown>;
  binds: unknown[];
  /** The number of the login, from 1. */
  session: number;
  /** How often it was sent under the same request id. It is run once, as in Snowflake. */
  attempts: number;
  /** Whether it was run at all. */
  ran: boolean;
  /** How the last attempt ended: ok, an error's code, `HTTP 503`, or `lost` where the connection was closed without an answer. */
  ended: string;
}

export interface SeenLogin {
  authenticator: string;
  loginName: string | null;
  password: string | null;
  token: string | null;
  /** Of a workload's identity. */
  provider: string | null;
  account: string;
  database: string | null;
  schema: string | null;
  warehouse: string | null;
  role: string | null;
  sessionParameters: Record<string, unknown>;
  clientAppId: string;
  /** The name that a client gives itself with `application`. */
  application: string | null;
  session: number | null;
  /** As of a statement. */
  ended: string;
}

export interface Upload {
  /** DATABASE/SCHEMA/STAGE/path/file */
  path: string;
  bytes: number;
  ended: string;
}

/**
 * A fault, told to the stand-in before it happens. An attempt meets the first rule that is due, and the rules after that one
 * do not see it: several rules without numbers happen one after the other.
 */
export interface Rule {
  /** What it concerns. Default: statements. */
  on?: 'statement' | 'login' | 'upload' | 'heartbeat';
  /** A regular expression, without regard to case: of a statement's text, a login's name, an upload's path. Default: all. */
  match?: string;
  /** The first attempt that meets the fault, from 1 (default). Every attempt counts, also what the driver repeats. */
  nth?: number;
  /** How many attempts meet it; null: all from then on. Default: 1. */
  times?: number | null;
  fault: Fault;
}

/** What happens. With `delayMs` any of the others happens after the delay; alone, nothing else happens. */
export interface Fault {
  /** Refused without being run. Of uploads there is none: they are not Snowflake's to answer. */
  error?: { code: string; message: string; sqlState?: string };
  /** The connection is closed without the statement being run. */
  dropBefore?: boolean;
  /** It is run, then the connection is closed without an answer. */
  dropAfter?: boolean;
  delayMs?: number;
  /** It is held until the test tells other rules, and then goes on. */
  hold?: boolean;
  /** Neither run nor answered, until the client aborts the statement. */
  silence?: boolean;
  /** Answered with a bare HTTP status, not run. */
  status?: number;
}

/** What a user may log in with. */
export interface Secrets {
  password?: string;
  /** A programmatic access token. */
  pat?: string;
  oauth?: string;
  /** An OAuth token that Snowflake says has expired. */
  expiredOauth?: string;
  /** The token of a workload's identity. */
  workload?: string;
  /** The token that a browser brings back. */
  browser?: string;
  /** What such a login is answered with, where the account has ALLOW_ID_TOKEN. */
  idToken?: string;
  /** The OAuth client that gets this user's `oauth` token at /oauth/token-request. */
  client?: { id: string; secret: string };
}

export interface Unknown {
  warehouses?: string[];
  roles?: string[];
  databases?: string[];
}

/**
 * A Snowflake for tests: a process of its own, fakesnow behind Snowflake's protocol (integration_tests/snowflake/), and no other
 * suite's meanwhile. It begins without any database, or with those of the directory.
 */
export async function startStandIn({ databaseDir }: { databaseDir?: string } = {}): Promise<StandIn> {
  return new StandIn(await obtain(databaseDir), databaseDir === undefined);
}

/** What tests tell and ask the stand-in. */
export class StandIn {
  #reader: Promise<Connection> | undefined;

  /** The driver's `accessUrl`. */
  readonly url: string;

  constructor(
    private readonly running: Running,
    private readonly isLent: boolean,
  ) {
    this.url = `http://127.0.0.1:${running.port}`;
  }

  /**
   * Runs a statement on a connection of the test's own, which is not recorded and which no rule and no password concerns.
   * Values are as JSON has them, numbers as texts.
   */
  async query(sql: string, binds?: readonly Bind[]): Promise<Row[]> {
    this.#reader ??= connect({
      accessUrl: this.url,
      username: 'READER',
      password: 'any',
      application: 'stand_in_reader',
    });
    return execute(await this.#reader, sql, binds && { binds });
  }

  statements(): Promise<SentStatement[]> {
    return this.#ask('GET', 'statements');
  }

  logins(): Promise<SeenLogin[]> {
    return this.#ask('GET', 'logins');
  }

  /** All attempts at uploads. */
  uploads(): Promise<Upload[]> {
    return this.#ask('GET', 'uploads');
  }

  /** The files that are on stages now. */
  stagedFiles(): Promise<string[]> {
    return this.#ask('GET', 'stages');
  }

  /** From now on key pair logins are checked by these public keys (PEM), by user; others are refused. */
  async users(keys: Record<string, string>): Promise<void> {
    await this.#ask('PUT', 'users', keys);
  }

  /** From now on logins with passwords and tokens are checked by these, by user. A text alone is a password. */
  async passwords(secrets: Record<string, string | Secrets>): Promise<void> {
    await this.#ask('PUT', 'passwords', secrets);
  }

  /** How far Snowflake's clock is ahead of this machine's, in seconds: in its Date header and when it judges tokens. */
  async clock(seconds: number): Promise<void> {
    await this.#ask('PUT', 'clock', { seconds });
  }

  /** What from now on does not exist, or is not for this user to see. */
  async unknown(names: Unknown): Promise<void> {
    await this.#ask('PUT', 'unknown', names);
  }

  /** The faults from now on, in the place of all before. */
  async rules(rules: Rule[]): Promise<void> {
    await this.#ask('POST', 'rules', rules);
  }

  /** What the account is like from now on, in the place of all before. */
  async account(account: Account): Promise<void> {
    await this.#ask('PUT', 'account', account);
  }

  /** The sessions that end from now on, in the place of all before. A session meets the first that fits it. */
  async endings(endings: Ending[]): Promise<void> {
    await this.#ask('PUT', 'endings', endings);
  }

  /** Forgets everything: databases, stages, sessions, records, rules, users. */
  async reset(): Promise<void> {
    await this.#closeReader();
    await this.#ask('POST', 'reset');
  }

  async stop(): Promise<void> {
    await this.#closeReader();
    const isEmpty =
      this.isLent &&
      (await this.reset().then(
        () => true,
        () => false,
      ));
    await this.running.end(isEmpty);
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) await reader.then(close, () => undefined);
  }

  async #ask<T>(method: string, what: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/__test/${what}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) {
      throw new Error(
        `the stand-in answered ${answer.status} ${await answer.text()} ${await this.running.complaints()}`,
      );
    }
    return (await answer.json()) as T;
  }
}
