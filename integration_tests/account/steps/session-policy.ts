import type { Connection } from 'snowflake-sdk';
import { NotRun } from '../../support/account/not-run.js';
import { liveIds, type Step, step } from '../../support/account/step.js';
import { stepVariables } from '../../support/account/variables.js';
import { close, execute } from '../../support/stand-in/snowflake-driver.js';
import { quoted } from '../../support/stand-in/snowflake-warehouse.js';

/** 4. A session policy of five minutes, the least there is, and a sync that has nothing to say to Snowflake for longer. */

const IDLE_MINUTES = 5;
/** How long it is silent: the first commit comes at this time, and whatever is read behind it. */
const FLUSH_SECONDS = (IDLE_MINUTES + 2) * 60;
const PAGE_MS = 20_000;
/** Pages of a hundred: read for somewhat longer than the first flush. */
const CONTACTS = Math.ceil(((FLUSH_SECONDS + 60) * 1000) / PAGE_MS) * 100;

export function sessionPolicy(): void {
  step('4. a session policy of five minutes', 30, async (at) => {
    if (at.account.isDryRun) throw new NotRun('a stand-in ends no sessions');
    await setPolicy(at);
    // What a session that is left alone is told, which is what hubflake's pool must understand.
    const idle = await at.account.connect();
    await execute(idle, 'SELECT 1');
    const left = Date.now();

    const sandbox = await at.sandbox({
      counts: { contacts: CONTACTS },
      // Slow pages, but none so slow that it would be given up.
      latencyMs: ({ method, url }: { method: string; url: string }) =>
        method === 'GET' && /\/(contacts|0-1)\?.*limit=/.test(url) ? PAGE_MS : 0,
    });
    const { stderr } = await at.syncWell(sandbox, { destination: { flush_seconds: FLUSH_SECONDS } });
    const minutes = (Date.now() - left) / 60_000;
    expect(await at.ids()).toEqual(liveIds(sandbox));
    at.note(
      `The sync took ${minutes.toFixed(1)} minutes${/tried again/.test(stderr) ? ' and had to try something again' : ''}.`,
    );
    expect(minutes).toBeGreaterThan(IDLE_MINUTES + 1);
    at.note(`A session of our own, idle as long: ${await answerOf(idle)}`);
    const sessions = new Set((await at.history()).map(({ session }) => session));
    at.note(`Sessions that the sync has had: ${sessions.size}.`);
  });
}

/** Sets it on the suite's user, for the logins from now on; the sweeper takes it away, should this step not come to that. */
async function setPolicy(at: Step): Promise<void> {
  const role = stepVariables.adminRole() ?? at.account.role;
  const policy = at.name('FIVE_MINUTES');
  // The login name, by which the suite knows it, may be another.
  const [me] = await at.query('SELECT CURRENT_USER() AS ME');
  const user = quoted(String(me?.ME));
  const lacking = `It takes a role that may APPLY SESSION POLICY, and USAGE on the database, in SNOWFLAKE_TEST_ADMIN_ROLE (now ${role}), and a user without a session policy`;
  await at.needs(lacking, `CREATE SESSION POLICY ${policy} SESSION_IDLE_TIMEOUT_MINS = ${IDLE_MINUTES}`);
  if (role !== at.account.role) {
    await at.needs(lacking, `GRANT USAGE ON SCHEMA ${quoted(at.account.database, at.schema)} TO ROLE ${quoted(role)}`);
    await at.needs(lacking, `USE ROLE ${quoted(role)}`);
  }
  const unset = `ALTER USER ${user} UNSET SESSION POLICY`;
  try {
    // Without FORCE it is refused where there is one already, which stays as it is: so what undoes it is told only behind it.
    await at.needs(lacking, `ALTER USER ${user} SET SESSION POLICY ${policy}`, /already/i);
    at.account.sweeper.willUndo(unset, role);
    at.beforeEnd(async () => {
      await at.query(`USE ROLE ${quoted(role)}`);
      await at.query(unset);
      at.account.sweeper.forget(unset);
      await at.query(`USE ROLE ${quoted(at.account.role)}`);
    });
  } finally {
    await at.query(`USE ROLE ${quoted(at.account.role)}`);
  }
}

async function answerOf(connection: Connection): Promise<string> {
  try {
    await execute(connection, 'SELECT 1');
    return 'it was answered as if nothing were';
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    return `error ${code}: ${message}`;
  } finally {
    await close(connection);
  }
}
