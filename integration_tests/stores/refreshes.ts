import { hubflakeHere } from '../support/processes/here.js';
import { liveIds, pipelineFile, type World } from './crashes.js';

/** `sync --refresh`, which every store must have: streams loaded anew, at once or not at all. */
export function refreshBehaviours({
  world,
  points,
  swapped = [],
}: {
  world: () => World;
  /** Steps of the refresh, as `HUBFLAKE_CRASH_AT` has them. */
  points: Record<'append_dedup' | 'append', string[]>;
  /** Those of them behind which readers see the new rows. */
  swapped?: string[];
}): void {
  type Mode = 'append_dedup' | 'append' | 'overwrite';

  const run = (mode: Mode, more: string[] = [], crashAt?: string) => {
    const { sandbox, folder, destination } = world();
    const path = pipelineFile(folder, destination, mode);
    return hubflakeHere(['sync', '--json', '--config', path, ...more], {
      environment: { HUBSPOT_BASE_URL: sandbox.url, ...(crashAt === undefined ? {} : { HUBFLAKE_CRASH_AT: crashAt }) },
    });
  };
  /** Takes records away as if they had never been: no change feed tells of it, so that only a refresh finds out. */
  const erase = (count: number) => {
    const { sandbox } = world();
    for (const id of liveIds(sandbox).slice(0, count)) sandbox.portal.erase('contacts', id);
  };

  const cases = Object.entries(points).flatMap(([mode, each]) => each.map((point) => [mode as Mode, point] as const));
  test.each(cases)(
    '%s, killed at %s: the old rows are there until the next sync has gone on and completed it',
    async (mode, point) => {
      const { sandbox, ids, tables } = world();
      expect((await run(mode)).code).toBe(0);
      const old = await ids();
      erase(3);
      expect((await run(mode)).code).toBe(0);
      expect(await ids()).toEqual(old);

      expect((await run(mode, ['--refresh', 'contacts'], point)).signal).toBe('SIGKILL');
      expect(await ids()).toEqual(swapped.includes(point) ? liveIds(sandbox) : old);
      // Not asked for again: what was begun is completed.
      const next = await run(mode);
      expect(next.code).toBe(0);
      expect(next.stderr).toContain('contacts is still being loaded anew');
      expect(await ids()).toEqual(liveIds(sandbox));
      expect(await tables()).toEqual(['contacts']);

      const [first] = liveIds(sandbox) as [string];
      sandbox.portal.edit('contacts', first, { firstname: 'Edited' });
      sandbox.portal.create('contacts', { firstname: 'New' });
      const last = await run(mode);
      expect(last.stderr).not.toContain('loaded anew');
      expect(JSON.parse(last.stdout).streams).toMatchObject([
        mode === 'append' ? { inserted: 2, updated: 0 } : { inserted: 1, updated: 1 },
      ]);
      expect(await ids()).toEqual([...liveIds(sandbox), ...(mode === 'append' ? [first] : [])].sort());
    },
  );

  test('of a stream without records the table is emptied, and none is made; an overwrite needs no refresh', async () => {
    const { sandbox, ids, tables } = world();
    expect((await run('append_dedup')).code).toBe(0);
    erase(liveIds(sandbox).length);
    expect((await run('append_dedup', ['--refresh', 'contacts'])).code).toBe(0);
    expect(await ids()).toEqual([]);
    expect(await tables()).toEqual(['contacts']);
    sandbox.portal.create('contacts', { firstname: 'New' });
    const again = await run('append_dedup');
    expect(again.stderr).not.toContain('loaded anew');
    expect(await ids()).toEqual(liveIds(sandbox));
    expect((await run('overwrite', ['--refresh', 'contacts'])).code).toBe(0);
    expect(await ids()).toEqual(liveIds(sandbox));
  });

  test('a first sync may ask for it, and what is not synced is refused before anything is done', async () => {
    const { sandbox, ids, tables } = world();
    const refused = await run('append_dedup', ['--refresh', 'contact']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      '--refresh names the stream "contact", which this pipeline does not sync. Did you mean "contacts"?',
    );
    expect((await run('append_dedup', ['--refresh', ' , '])).stderr).toContain('--refresh names no stream');
    expect(await tables()).toEqual([]);
    expect((await run('append_dedup', ['--refresh', 'contacts'])).code).toBe(0);
    expect(await ids()).toEqual(liveIds(sandbox));
  });
}
