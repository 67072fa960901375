import { liveIds, step } from '../../support/account/step.js';

/** 1. The view of a raw table, whose text Snowflake limits: 276 properties were too many for its first version. */

/** Of each ten further properties of the sandbox, some that are no text: what the view's column is, and what its value must equal. */
const SAMPLES = [
  {
    property: 'extra_number_0006',
    type: /^NUMBER/,
    same: (given: string, found: string) => Number(given) === Number(found),
  },
  {
    property: 'extra_count_0007',
    type: /^NUMBER/,
    same: (given: string, found: string) => Number(given) === Number(found),
  },
  { property: 'extra_instant_0008', type: /^TIMESTAMP_TZ/, same: sameMoment },
  {
    property: 'extra_day_0009',
    type: /^DATE/,
    same: (given: string, found: string) => found.startsWith(given.slice(0, 10)),
  },
  {
    property: 'extra_flag_0020',
    type: /^BOOLEAN/,
    same: (given: string, found: string) => given === found.toLowerCase(),
  },
  { property: 'extra_text_0001', type: /^VARCHAR/, same: (given: string, found: string) => given === found },
];

function sameMoment(given: string, found: string): boolean {
  return Date.parse(given) === Date.parse(found);
}

export function rawView(properties: number): void {
  step(`1. raw form, a view of ${properties} properties`, 10, async (at) => {
    const sandbox = await at.sandbox({ counts: { contacts: 40 }, extraProperties: { contacts: properties } });
    const names = sandbox.portal
      .properties(sandbox.portal.type('contacts'))
      .all()
      .map(({ name }) => name);
    const chosen = names.filter((name) => name.startsWith('extra_'));
    expect(chosen).toHaveLength(properties);
    const { stderr } = await at.syncWell(sandbox, {
      objects: [{ object_type: 'contacts', properties: chosen }],
      destination: { table_form: 'raw' },
    });
    // Rows do not wait for their view: that there is none is a warning only.
    expect(stderr).not.toMatch(/cannot be made/);

    const view = at.name('CONTACTS_VIEW');
    const columns = new Map(
      (await at.query(`DESCRIBE VIEW ${view}`)).map((row) => [String(row.name), String(row.type)] as const),
    );
    expect(chosen.filter((name) => !columns.has(name.toUpperCase()))).toEqual([]);
    expect(await at.ids('CONTACTS_VIEW')).toEqual(liveIds(sandbox));
    if (!at.account.isDryRun) {
      const [row] = await at.query(`SELECT LENGTH(GET_DDL('VIEW', '${view.replaceAll("'", "''")}')) AS N`);
      at.note(`The view has ${columns.size} columns and a text of ${row?.N} characters.`);
    }

    const selected = SAMPLES.map(({ property }) => `"${property.toUpperCase()}" AS "${property}"`).join(', ');
    const rows = await at.query(`SELECT "ID" AS "id", ${selected} FROM ${view}`);
    const { live } = sandbox.portal.truth('contacts', { properties: SAMPLES.map(({ property }) => property) });
    for (const { property, type, same } of SAMPLES) {
      if (!at.account.isDryRun)
        expect([property, columns.get(property.toUpperCase())]).toEqual([property, expect.stringMatching(type)]);
      const wrong = live.filter(({ id, properties: values }) => {
        const given = values[property] ?? null;
        const found = rows.find((row) => row.id === id)?.[property] ?? null;
        return given === null || given === '' ? found !== null : found === null || !same(given, String(found));
      });
      expect([property, live.some(({ properties: values }) => values[property])]).toEqual([property, true]);
      expect([property, wrong.map(({ id }) => id)]).toEqual([property, []]);
    }
  });
}
