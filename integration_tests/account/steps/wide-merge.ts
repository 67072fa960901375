import { liveIds, step } from '../../support/account/step.js';

/** 2. The MERGE of a wide object: 255 kB of text at 500 properties, whose compile time nobody knows; at 1,000 it goes by tables in between. */
/** Characters of a statement that the history keeps. */
const MOST_KEPT = 100_000;
/** Its parser takes statements no deeper than so. */
const MOST_OF_A_STAND_IN = 100;

export function wideMerge(properties: number): void {
  step(`2. MERGE of ${properties} properties, with its compile time`, 20, async (at) => {
    const count = at.account.isDryRun ? MOST_OF_A_STAND_IN : properties;
    if (count < properties) at.note(`Only ${count} properties: a stand-in takes no more in reasonable time.`);
    const sandbox = await at.sandbox({ counts: { contacts: 200 }, extraProperties: { contacts: count } });
    const names = sandbox.portal
      .properties(sandbox.portal.type('contacts'))
      .all()
      .map(({ name }) => name);
    const objects = [{ object_type: 'contacts', properties: names.filter((name) => name.startsWith('extra_')) }];
    await at.syncWell(sandbox, { objects });
    expect(await at.ids()).toEqual(liveIds(sandbox));

    const [edited, archived] = liveIds(sandbox) as [string, string];
    sandbox.portal.edit('contacts', edited, { extra_text_0001: 'Edited' });
    sandbox.portal.archive('contacts', archived);
    await at.syncWell(sandbox, { objects });
    const rows = await at.query(
      `SELECT "ID"::VARCHAR AS ID, "EXTRA_TEXT_0001" AS X, "ARCHIVED"::VARCHAR AS A FROM ${at.name('CONTACTS')} WHERE "ID" IN ('${edited}', '${archived}')`,
    );
    expect(rows.find(({ ID }) => ID === edited)?.X).toBe('Edited');
    expect(rows.find(({ ID }) => ID === archived)?.A).toBe('true');
    for (const { text, length, compile, elapsed } of await at.history()) {
      if (!/^MERGE INTO .*"CONTACTS" t|^CREATE .* AS SELECT/s.test(text)) continue;
      at.note(
        `${text.split(' ')[0]} of ${length >= MOST_KEPT ? `${MOST_KEPT} or more` : length} characters: compiled in ${compile ?? '?'} ms of ${elapsed ?? '?'} ms.`,
      );
    }
  });
}
