import { liveIds, step } from '../../support/account/step.js';

/** 7. Schemas whose names need quotes everywhere; a stage's name in a PUT is where that went wrong. */
export function schemaNames(kind: string, nameOf: (run: string) => string): void {
  step(`7. a schema with ${kind} in its name`, 10, async (at) => {
    const wanted = nameOf(at.account.run.toLowerCase());
    // A stand-in loses the small letters of a schema in the names of stages.
    const schema = await at.account.newSchema(at.account.isDryRun ? wanted.toUpperCase() : wanted);
    const sandbox = await at.sandbox({ counts: { contacts: 30 } });
    const pipeline = { destination: { schema } };
    await at.syncWell(sandbox, pipeline);
    const [edited] = liveIds(sandbox) as [string];
    sandbox.portal.edit('contacts', edited, { firstname: 'Edited' });
    await at.syncWell(sandbox, pipeline);
    expect(await at.ids('CONTACTS', schema)).toEqual(liveIds(sandbox));
    const [row] = await at.query(
      `SELECT "FIRSTNAME" AS X FROM ${at.name('CONTACTS', schema)} WHERE "ID" = '${edited}'`,
    );
    expect(row?.X).toBe('Edited');
    at.note(`The schema was "${schema}".`);
    await at.account.dropSchema(schema);
  });
}
