import { history } from '../../support/account/history.js';
import { NotRun } from '../../support/account/not-run.js';
import { kindOf } from '../../support/account/report.js';
import { type Step, step } from '../../support/account/step.js';

/** 10. A sync in which nothing has changed wakes no warehouse: what docs/cost.md counts on, and only an account can show. */

const LONGEST_WAIT_MS = 10 * 60_000;
const LOOK_MS = 5_000;

export function idleSync(): void {
  step('10. an idle sync needs no warehouse', 30, async (at) => {
    const sandbox = await at.sandbox({ counts: { contacts: 60, companies: 20 } });
    const pipeline = {
      objects: ['contacts', 'companies'].map((object_type) => ({ object_type, properties: ['createdate'] })),
    };
    await at.syncWell(sandbox, pipeline);
    // By now the search index shows everything: this one keeps its last state.
    await at.syncWell(sandbox, pipeline);
    const asleep = at.account.isDryRun ? null : await untilSuspended(at);

    // Under a tag of its own; the result that Snowflake has kept does not know by whom it was asked for.
    const mark = `${at.mark}-idle`;
    const { stdout } = await at.syncWell(sandbox, {
      ...pipeline,
      destination: { jdbc_url_params: `QUERY_TAG=${mark}` },
    });
    at.note(`The idle sync took ${(JSON.parse(stdout) as { seconds: number }).seconds.toFixed(1)} s.`);
    // By SHOW, which needs no warehouse itself; only then the history is asked for, which does.
    const after = at.account.isDryRun ? null : await warehouse(at);
    const ran = await history(at.account, mark, at.since);
    at.note(`Its statements: ${ran.map(({ text }) => kindOf(text)).join('; ')}.`);
    const woke = ran.filter(({ warehouseSize }) => warehouseSize !== null);
    for (const { text, execute } of woke) at.note(`WOKE the warehouse, ${execute} ms: ${text}`);
    expect(woke.map(({ text }) => kindOf(text))).toEqual([]);
    expect(after).toEqual(asleep);
    expect(ran.filter(({ text }) => /^(COPY|MERGE|INSERT|UPDATE|DELETE)/.test(text))).toEqual([]);
    expect(ran.length).toBeGreaterThan(0);
  });
}

/** Whether the warehouse sleeps, and since when it last did not. */
async function warehouse(at: Step): Promise<{ state: string; resumedOn: string }> {
  const row = (await at.query('SHOW WAREHOUSES')).find(({ name }) => name === at.account.warehouse);
  if (!row) throw new NotRun(`SHOW WAREHOUSES does not show ${at.account.warehouse} to this role`);
  return { state: String(row.state), resumedOn: String(row.resumed_on) };
}

/** Waits for AUTO_SUSPEND: to suspend it would take OPERATE, which hubflake's role has not either. */
async function untilSuspended(at: Step): Promise<{ state: string; resumedOn: string }> {
  const until = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    const now = await warehouse(at);
    if (now.state === 'SUSPENDED') return now;
    if (Date.now() > until)
      throw new NotRun(
        `the warehouse does not go to sleep within ten minutes: others use it, or its AUTO_SUSPEND is long`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
