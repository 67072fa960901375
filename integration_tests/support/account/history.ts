import type { Row } from '../stand-in/snowflake-driver.js';
import { quoted } from '../stand-in/snowflake-warehouse.js';
import type { Account } from './account.js';

/** A statement as Snowflake's query history tells of it. What a stand-in cannot know is null. */
export interface Ran {
  id: string;
  session: string;
  /** The beginning of its text, and how long that was. */
  text: string;
  length: number;
  /** Milliseconds, all of them. */
  elapsed: number | null;
  compile: number | null;
  execute: number | null;
  /** Waiting for a lock. */
  blocked: number | null;
  /** Waiting for a warehouse that was suspended, or busy. */
  queued: number | null;
  bytesScanned: number | null;
  /** null: it needed no warehouse. */
  warehouseSize: string | null;
  cloudCredits: number | null;
  error: string | null;
}

/** Text kept of a statement. */
const BEGINNING = 300;
/** The function's own limit. */
const MOST_ROWS = 10_000;
/** The machine's clock may differ from Snowflake's. */
const SLACK_MS = 5 * 60_000;
/** The history follows within seconds; it is complete once it does not grow any more. */
const LOOKS = 8;
const PAUSE_MS = 4_000;

/**
 * The statements of hubflake's sessions in which something was run under a tag, those of the login included, which have no tag. The
 * function needs no right but to be the user that ran them (https://docs.snowflake.com/en/sql-reference/functions/query_history).
 */
export async function history(account: Account, mark: string, since: number): Promise<Ran[]> {
  if (account.isDryRun) return sentUnder(account, mark);
  let found: Ran[] = [];
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const now = await recorded(account, mark, since);
    if (now.length > 0 && now.length === found.length) return now;
    found = now;
  }
  return found;
}

async function recorded(account: Account, mark: string, since: number): Promise<Ran[]> {
  const from = new Date(since - SLACK_MS).toISOString();
  const columns = [
    'QUERY_ID, SESSION_ID, QUERY_TAG, EXECUTION_STATUS, ERROR_CODE, ERROR_MESSAGE, WAREHOUSE_SIZE',
    'TOTAL_ELAPSED_TIME, COMPILATION_TIME, EXECUTION_TIME, TRANSACTION_BLOCKED_TIME, BYTES_SCANNED, CREDITS_USED_CLOUD_SERVICES',
    'QUEUED_PROVISIONING_TIME + QUEUED_OVERLOAD_TIME AS QUEUED',
    `LEFT(QUERY_TEXT, ${BEGINNING}) AS TEXT, LENGTH(QUERY_TEXT) AS LENGTH`,
  ].join(', ');
  const rows = await account.query(
    `SELECT ${columns} FROM TABLE(${quoted(account.database)}.INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(` +
      `END_TIME_RANGE_START => TO_TIMESTAMP_LTZ('${from}'), RESULT_LIMIT => ${MOST_ROWS})) ORDER BY START_TIME`,
  );
  const tagOf = (row: Row) => String(row.QUERY_TAG ?? '');
  const sessions = new Set(rows.filter((row) => tagOf(row).includes(mark)).map((row) => row.SESSION_ID));
  return rows
    .filter((row) => tagOf(row).includes(mark) || (tagOf(row) === '' && sessions.has(row.SESSION_ID)))
    .map(ranOf);
}

function ranOf(row: Row): Ran {
  const number = (name: string) => (row[name] === null || row[name] === undefined ? null : Number(row[name]));
  const failed = /fail/i.test(String(row.EXECUTION_STATUS));
  return {
    id: String(row.QUERY_ID),
    session: String(row.SESSION_ID),
    text: String(row.TEXT),
    length: Number(row.LENGTH),
    elapsed: number('TOTAL_ELAPSED_TIME'),
    compile: number('COMPILATION_TIME'),
    execute: number('EXECUTION_TIME'),
    blocked: number('TRANSACTION_BLOCKED_TIME'),
    queued: number('QUEUED'),
    bytesScanned: number('BYTES_SCANNED'),
    warehouseSize: row.WAREHOUSE_SIZE ? String(row.WAREHOUSE_SIZE) : null,
    cloudCredits: number('CREDITS_USED_CLOUD_SERVICES'),
    error: failed ? `${row.ERROR_CODE} ${row.ERROR_MESSAGE}` : null,
  };
}

async function sentUnder(account: Account, mark: string): Promise<Ran[]> {
  const all = await account.sent();
  const tagOf = ({ parameters }: (typeof all)[number]) => String(parameters.QUERY_TAG ?? '');
  const sessions = new Set(all.filter((sent) => tagOf(sent).includes(mark)).map(({ session }) => session));
  return all
    .filter((sent) => tagOf(sent).includes(mark) || (tagOf(sent) === '' && sessions.has(sent.session)))
    .map(({ sql, session, ended }) => ({
      id: '',
      session: String(session),
      text: sql.slice(0, BEGINNING),
      length: sql.length,
      elapsed: null,
      compile: null,
      execute: null,
      blocked: null,
      queued: null,
      bytesScanned: null,
      warehouseSize: null,
      cloudCredits: null,
      error: ended === 'ok' ? null : ended,
    }));
}
