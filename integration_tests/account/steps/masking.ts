import { NotRun } from '../../support/account/not-run.js';
import { liveIds, type Step, step } from '../../support/account/step.js';

/** 6. Masking policies that do not exempt the loader: what it must not take over, and what it must refuse. */

const LACKING = 'It takes an account of Enterprise Edition or higher';

export function masking(): void {
  step('6. a masking policy on a column, and on the key', 15, async (at) => {
    if (at.account.isDryRun) throw new NotRun('a stand-in knows no masking policies');
    const policy = at.name('MASKED');
    await at.needs(LACKING, `CREATE MASKING POLICY ${policy} AS (V VARCHAR) RETURNS VARCHAR -> '***MASKED***'`);
    const sandbox = await at.sandbox({ counts: { contacts: 30 } });
    await at.syncWell(sandbox, {});
    const before = await emails(at);

    await setOn(at, 'EMAIL', policy);
    expect(new Set((await emails(at)).values())).toEqual(new Set(['***MASKED***']));
    const [archived, edited] = liveIds(sandbox) as [string, string];
    sandbox.portal.archive('contacts', archived);
    sandbox.portal.edit('contacts', edited, { firstname: 'Edited' });
    await at.syncWell(sandbox, {});
    await at.query(`ALTER TABLE ${at.name('CONTACTS')} MODIFY COLUMN "EMAIL" UNSET MASKING POLICY`);
    expect(await emails(at)).toEqual(before);
    const [row] = await at.query(
      `SELECT "ARCHIVED"::VARCHAR AS A FROM ${at.name('CONTACTS')} WHERE "ID" = '${archived}'`,
    );
    expect(row?.A).toBe('true');

    await setOn(at, 'ID', policy);
    sandbox.portal.edit('contacts', edited, { firstname: 'Edited again' });
    const refused = await at.sync(sandbox, {});
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/The column ID .* has the masking policy/),
    ]);
    at.note(`Of the key: ${/The column ID .*/.exec(refused.stderr)?.[0]}`);
    await at.query(`ALTER TABLE ${at.name('CONTACTS')} MODIFY COLUMN "ID" UNSET MASKING POLICY`);
    await at.syncWell(sandbox, {});
    expect((await at.ids()).length).toBe(before.size);
  });
}

function setOn(at: Step, column: string, policy: string): Promise<unknown> {
  return at.query(`ALTER TABLE ${at.name('CONTACTS')} MODIFY COLUMN "${column}" SET MASKING POLICY ${policy}`);
}

/** By id, so that it shows whose value was changed. */
async function emails(at: Step): Promise<Map<string, string>> {
  const rows = await at.query(`SELECT "ID"::VARCHAR AS ID, "EMAIL" AS E FROM ${at.name('CONTACTS')} ORDER BY "ID"`);
  return new Map(rows.map((row) => [String(row.ID), String(row.E)]));
}
