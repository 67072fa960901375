import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import {
  asHubflakeError,
  HubflakeError,
  isProgrammingError,
  WarehouseConfigError,
  WarehouseError,
  WarehouseUnavailableError,
} from '../../../errors.js';
import { causesOf, explainConnection, networkCode } from '../../../network/failures.js';
import { configuredProxy, nameOf } from '../../../network/proxy.js';
import { partsOf } from '../../error-parts.js';
import { bareOrQuoted } from '../sql/quote.js';

/**
 * What Snowflake's errors mean for the person who runs the sync. Codes are as Snowflake documents them and its drivers know
 * them; texts are matched only where a code says too little.
 */

/** Where an error came up. */
export interface Circumstance {
  config: SnowflakeConfig;
  /** What was being done, as a noun phrase: "Writing to the table CONTACTS". */
  doing: string;
  /** The privilege that the step needs, as GRANT writes it. */
  needs?: string | undefined;
  /** Whether it may have been done though no answer came. */
  mayBeDone?: boolean;
  /** Whether it sends a file to a stage, which is on another host. */
  uploads?: boolean;
  /** Whether it is about a table that this run has just made. */
  isOwn?: boolean;
}

export function codeOf(error: unknown): string {
  const { code } = partsOf(error);
  return code === undefined || code === null ? '' : String(code).padStart(6, '0');
}

/** A column that is not there. */
export function isUnknownColumn(error: unknown): boolean {
  return codeOf(error instanceof HubflakeError ? error.cause : error) === '000904';
}

/** "Object does not exist or not authorized", of tables, schemas and databases. */
export function isMissing(error: unknown): boolean {
  return ['002003', '002043'].includes(codeOf(error));
}

const SESSION_GONE = ['390104', '390111', '390112', '390114', '390195', '405503', '407001', '407002'];

/**
 * The programming error among an error and its causes; null where there is none. The driver reports all that is thrown
 * during a request as a network error. A SyntaxError among the causes does not count: the answer was not JSON.
 */
export function programmingErrorIn(error: unknown): Error | null {
  const [outer, ...inner] = causesOf(error) as Error[];
  if (isProgrammingError(outer)) return outer as Error;
  return inner.find((each) => isProgrammingError(each) && each.name !== 'SyntaxError') ?? null;
}

/** The session or the network is gone: another login may mend it. The driver's codes 401xxx to 403xxx are failed requests. */
export function isConnectionLost(error: unknown): boolean {
  if (programmingErrorIn(error) !== null) return false;
  const code = codeOf(error);
  return (
    error instanceof SilenceError ||
    SESSION_GONE.includes(code) ||
    /^40[123]\d{3}$/.test(code) ||
    networkCode(error) !== null ||
    // Of an upload that failed there is only a text.
    /ECONN|ETIMEDOUT|EPIPE|socket hang up/i.test(String(error))
  );
}

/** The connection stopped answering, or a statement took too long. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

/** An error of a statement, in words. */
export function statementError(error: unknown, circumstance: Circumstance): HubflakeError {
  const { config, doing, needs, mayBeDone } = circumstance;
  const mistake = programmingErrorIn(error);
  if (mistake) return asHubflakeError(mistake);
  const details = detailsOf(error);
  const text = details.internal;
  const what = firstLine(text.replace(/^SQL (compilation|access control|execution) error:\s*/i, ''));
  const role = theRole(config.role);
  switch (codeOf(error)) {
    case '003001':
    case '003041':
      return new WarehouseConfigError(
        `${doing} failed: ${role} lacks a privilege. Snowflake says: ${what}.${grant(needs, config)}${circumstance.isOwn ? futureGrantHint(config) : ''}`,
        details,
      );
    case '000606':
    case '057003':
      return noWarehouse(doing, config, details);
    case '000607':
    case '000608':
    case '000609':
    case '090073':
    case '090109':
      return new WarehouseConfigError(
        `${doing} failed: the warehouse ${config.warehouse ?? ''} is suspended and cannot be resumed. Snowflake says: ${what}. Run: ALTER WAREHOUSE … RESUME, grant OPERATE on it, or raise its resource monitor's quota.`,
        details,
      );
    case '002003':
    case '002043':
      return new WarehouseConfigError(
        `${doing} failed: something it needs does not exist, or ${role} may not use it. Snowflake says: ${what}.${grant(needs, config)}${circumstance.isOwn ? futureGrantHint(config) : ''}`,
        details,
      );
    case '100072':
      return new WarehouseConfigError(notNull(doing, what), details);
    case '000604':
    case '000630':
      return new WarehouseUnavailableError(
        `${doing} was canceled by Snowflake: ${what}. Raise STATEMENT_TIMEOUT_IN_SECONDS or use a larger warehouse; ${AGAIN}`,
        { ...details, isPassing: false },
      );
    case '000625':
      return new WarehouseUnavailableError(
        `${doing} had to wait too long for a lock that something else holds on the table: ${what}; ${AGAIN}`,
        details,
      );
  }
  if (/NOT NULL constraint|non-nullable/i.test(text)) return new WarehouseConfigError(notNull(doing, what), details);
  const explained = explainConnection(error, config.url);
  if (explained?.isMendable) return new WarehouseConfigError(`${doing} failed. ${explained.message}`, details);
  const hint = circumstance.uploads ? stageHint(config) : '';
  if (isConnectionLost(error)) return lost(doing, mayBeDone === true, details, hint);
  return new WarehouseError(`${doing} failed: ${what}.${hint} Nothing of this batch was confirmed; ${AGAIN}`, details);
}

/**
 * A future grant of OWNERSHIP takes a new table from its creator at once, and only the owner can upload to its stage:
 * https://docs.snowflake.com/en/sql-reference/sql/grant-ownership
 */
function futureGrantHint({ database, schema }: SnowflakeConfig): string {
  const place = `"${database}"."${schema}"`;
  return (
    ` This run has made that table a moment ago, and needs to own it: the schema seems to give new tables to another role (SHOW FUTURE GRANTS IN SCHEMA ${place}). ` +
    `Run: REVOKE OWNERSHIP ON FUTURE TABLES IN SCHEMA ${place} FROM ROLE …, or have hubflake write to a schema without such a grant.`
  );
}

/** Companies let Snowflake's own host through their proxies, and forget that files go to a cloud's. */
function stageHint({ url }: SnowflakeConfig): string {
  const proxy = configuredProxy(new URL(url).protocol);
  return proxy === null
    ? ''
    : ` Files go to the host of a stage, which ${nameOf(proxy)} has to let through as well: SELECT SYSTEM$ALLOWLIST() names it, as STAGE.`;
}

/** An error for want of a warehouse. */
export function noWarehouse(
  doing: string,
  { warehouse, role }: SnowflakeConfig,
  details: ErrorDetails = {},
): WarehouseConfigError {
  return new WarehouseConfigError(
    warehouse === null
      ? `${doing} failed: there is no warehouse to do it. Set "warehouse", or the user's DEFAULT_WAREHOUSE.`
      : `${doing} failed: the warehouse ${warehouse} does not exist, or the role${role === null ? '' : ` ${role}`} may not use it. ${capitals(warehouse)}Run: GRANT USAGE ON WAREHOUSE ${written(warehouse)} TO ROLE ${written(role)}`,
    details,
  );
}

/** An error for a connection that no longer answers. */
export function lost(
  doing: string,
  mayBeDone: boolean,
  details: ErrorDetails = {},
  hint = '',
): WarehouseUnavailableError {
  const outcome = mayBeDone
    ? 'Whether it was done is not known; its state was not confirmed, so the next run does it again'
    : 'Nothing of this batch was confirmed';
  return new WarehouseUnavailableError(
    `${doing} failed: the connection to Snowflake is gone.${hint} ${outcome}; ${AGAIN}`,
    details,
  );
}

export function databaseMissing({ database, role }: SnowflakeConfig): string {
  return `The database "${database}" does not exist, or ${theRole(role)} may not use it. Capital letters count. Create it, or run: GRANT USAGE ON DATABASE "${database}" TO ROLE ${written(role)}`;
}

/** @param alike schemas whose names differ in capital letters only, quoted */
export function schemaMissing({ database, role }: SnowflakeConfig, schema: string, alike: readonly string[]): string {
  const other = alike.length === 0 ? '' : ` There is ${alike.join(' and ')}: capital letters count.`;
  const name = `"${database}"."${schema}"`;
  return (
    `The database "${database}" has no schema "${schema}", or ${theRole(role)} may not use it.${other} Run: CREATE SCHEMA ${name}, and GRANT USAGE, ` +
    `CREATE TABLE, CREATE VIEW ON SCHEMA ${name} TO ROLE ${written(role)}. Or set "create_schema": true, and it is created with the first rows.`
  );
}

function theRole(role: string | null): string {
  return role === null ? 'the role' : `the role ${role}`;
}

/** A name as SQL has it. */
export function written(name: string | null): string {
  return name === null ? '…' : bareOrQuoted(name);
}

/** Others write names in small letters, which Snowflake reads as capital ones. */
export function capitals(name: string | null): string {
  return name === null || name === name.toUpperCase()
    ? ''
    : `Capital letters count: write it as Snowflake shows it, maybe ${name.toUpperCase()}. `;
}

const AGAIN = 'run it again.';

interface ErrorDetails {
  internal?: string;
  cause?: unknown;
}

export function detailsOf(error: unknown): { internal: string; cause: unknown } {
  const { message, cause, response } = partsOf(error);
  const inner = cause instanceof Error ? ` ${cause.message} ${partsOf(cause).code ?? ''}` : '';
  const status = response?.status ?? response?.statusCode;
  return {
    internal: `${message ?? String(error)}${inner}${status === undefined ? '' : ` (HTTP ${status})`}`,
    cause: error,
  };
}

export function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? text).trim().replace(/[.\s]+$/, '');
}

function grant(needs: string | undefined, { role }: SnowflakeConfig): string {
  return needs === undefined ? '' : ` Run: GRANT ${needs} TO ROLE ${written(role)}`;
}

function notNull(doing: string, what: string): string {
  return `${doing} failed: a column was made NOT NULL, and a record has no value for it. Snowflake says: ${what}. Run: ALTER TABLE … ALTER COLUMN … DROP NOT NULL`;
}
