import { liveIds, step } from '../../support/account/step.js';

/** 8. Pipelines that cron starts in the same minute: they share the table of states, whose locks take twenty waiters at most. */

export function sideBySide(): void {
  step('8. six pipelines at once into one schema', 20, async (at) => {
    const sandbox = await at.sandbox({ counts: { contacts: 150, companies: 40, deals: 40 } });
    // On this machine each is a process that competes for it.
    const count = at.account.isDryRun ? 3 : 6;
    if (count < 6) at.note(`Only ${count} pipelines, on a stand-in.`);
    const numbers = Array.from({ length: count }, (_, i) => i + 1);
    const types = at.account.isDryRun ? ['contacts'] : ['contacts', 'companies', 'deals'];
    const all = () =>
      Promise.all(
        numbers.map((n) =>
          at.syncWell(sandbox, {
            name: `pipeline_${n}`,
            objects: types.map((object_type) => ({
              object_type,
              name: `${object_type}_${n}`,
              properties: ['createdate'],
            })),
          }),
        ),
      );
    // Archived ones stay in the tables, marked.
    const everyone = new Map(types.map((type) => [type, liveIds(sandbox, type)]));
    for (const round of ['first', 'second']) {
      const began = Date.now();
      const outcomes = await all();
      const again = outcomes.filter(({ stderr }) => /tried again/.test(stderr)).length;
      at.note(
        `The ${round} time: ${((Date.now() - began) / 1000).toFixed(1)} s for all, ${again} of them had to try something again.`,
      );
      for (const n of numbers)
        for (const type of types) expect(await at.ids(`${type}_${n}`.toUpperCase())).toEqual(everyone.get(type));
      for (const type of types) sandbox.portal.archive(type, liveIds(sandbox, type)[0] as string);
      if (round === 'first') continue;
      const ran = await at.history();
      const blocked = ran.reduce((sum, each) => sum + (each.blocked ?? 0), 0);
      at.note(`Waited for locks, all in all: ${at.account.isDryRun ? '?' : blocked} ms.`);
    }
  });
}
