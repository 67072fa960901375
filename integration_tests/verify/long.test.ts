import { copyFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Sandbox } from '../../src/sandbox/server.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { TestFolder } from '../support/processes/command.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { execute } from './duckdb-file.js';
import { only, pipelineOf, sync, verify } from './harness.js';

const CONTACTS = 15_000;
/** So many contacts were imported at once: they have one time. */
const IMPORTED = 3_000;
/** So many have each of the first two instants. */
const FIRST = 400;
/** A grid has so many ranges, in so many sections. */
const RANGES = 60;
const SECTIONS = 5;

/** A table too long to be listed: what differs is found by counting. */
describe('a long table', () => {
  const warehouse = new DuckDbWarehouse();
  let folder: TestFolder;
  let sandbox: Sandbox;
  let ids: string[];
  let imported: string[];
  /** Contacts that were edited long ago, which the index may not have noticed. */
  let edited: string[];
  /** Those that were modified so late that an old time puts their rows into another range. */
  let late: string[];
  let onCall = (_path: string): void => undefined;

  beforeAll(async () => {
    folder = new TestFolder();
    await warehouse.begin();
    sandbox = await startSandbox({
      counts: { contacts: CONTACTS },
      limits: 'off',
      onCall: ({ path }) => onCall(path),
    });
    imported = sandbox.portal.createSamples('contacts', IMPORTED, { at: Date.UTC(2024, 4, 1) });
    for (const at of [0, 1]) sandbox.portal.createSamples('contacts', FIRST, { at: Date.UTC(2007, 0, 1) + at });
    edited = sandbox.portal
      .truth('contacts')
      .live.slice(100, 103)
      .map(({ id }) => id);
    sandbox.portal.edit('contacts', edited, { firstname: 'Edited' }, { at: Date.UTC(2024, 6, 1) });
    await sync(pipeline(folder.join('base.duckdb')));
    const { live } = sandbox.portal.truth('contacts');
    ids = live.map(({ id }) => id);
    const byTime = [...live].sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
    late = byTime.slice(CONTACTS / 20).flatMap(({ id }) => (imported.includes(id) ? [] : [id]));
  });
  afterAll(async () => {
    await sandbox.close();
    await warehouse.end();
    folder.remove();
  });
  beforeEach(() => {
    onCall = () => undefined;
  });

  const pipeline = (path: string) =>
    pipelineOf(warehouse, sandbox, { destination: { path }, object: { associations: [] } });

  /** The searches that so many differences may take; a few more where many records have one time, which is to be told from others first. */
  const bound = (differences: number, more = 0) => 2 * differences * Math.log2(ids.length / 200) + 20 + more;

  async function drifted(statements: readonly string[]) {
    const path = folder.join('drifted.duckdb');
    copyFileSync(folder.join('base.duckdb'), path);
    await execute(path, statements);
    return pipeline(path);
  }

  const list = (some: Iterable<string>) => [...some].map((id) => `'${id}'`).join(', ');
  const picks = (of: () => readonly string[]) =>
    fc
      .uniqueArray(fc.nat(99_999), { minLength: 1, maxLength: 12 })
      .map((some) => new Set(some.map((n) => of()[n % of().length] as string)));

  test('that equals HubSpot takes twenty searches at most, and says that it was counted', async () => {
    const { streams, calls } = await verify(await drifted([]));
    expect(only(streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0, pending: 0, isProved: false });
    expect(only(streams).portal).toBe(ids.length);
    expect(calls.byKind.search).toBeLessThanOrEqual(20);
  });

  test('rows that are missing are found, all and only they, in few searches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          picks(() => ids),
          picks(() => imported),
        ),
        async (missing) => {
          const { streams, calls } = await verify(
            await drifted([`DELETE FROM contacts WHERE id IN (${list(missing)})`]),
          );
          expect(only(streams)).toMatchObject({ missing: missing.size, stale: 0, ghosts: 0, pending: 0 });
          expect(calls.byKind.search).toBeLessThanOrEqual(bound(missing.size, 4));
        },
      ),
      randomRuns(12),
    );
  });

  test('of the oldest instant, only the row that is missing is asked for', async () => {
    const oldest = sandbox.portal.truth('contacts').live.filter(({ updatedAt }) => updatedAt.startsWith('2007-01-01'));
    const [first] = oldest.filter(({ updatedAt }) => updatedAt === oldest[0]?.updatedAt);
    const { streams, calls } = await verify(await drifted([`DELETE FROM contacts WHERE id = '${first?.id}'`]));
    expect(only(streams)).toMatchObject({ missing: 1, stale: 0, ghosts: 0 });
    expect(calls.byKind.batchRead).toBe(1);
  });

  test('rows without a record are found, all and only they, in few searches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 10 }), async (days) => {
        const rows = days.map(
          (day, i) =>
            `('${9_000_000_000 + i}', '${new Date(Date.now() - day * 86_400_000).toISOString()}', false, 'made up')`,
        );
        const insert = `INSERT INTO contacts (id, updated_at, archived, _airbyte_raw_id) VALUES ${rows.join(', ')}`;
        const { streams, calls } = await verify(await drifted([insert]));
        expect(only(streams)).toMatchObject({ missing: 0, stale: 0, ghosts: days.length, pending: 0 });
        expect(calls.byKind.search).toBeLessThanOrEqual(bound(days.length));
      }),
      randomRuns(12),
    );
  });

  test('rows of older versions are found, all and only they, in few searches', async () => {
    await fc.assert(
      fc.asyncProperty(
        picks(() => late),
        async (stale) => {
          const update = `UPDATE contacts SET updated_at = TIMESTAMPTZ '2008-01-01' WHERE id IN (${list(stale)})`;
          const { streams, calls } = await verify(await drifted([update]));
          expect(only(streams)).toMatchObject({ missing: 0, stale: stale.size, ghosts: 0, pending: 0 });
          expect(calls.byKind.search).toBeLessThanOrEqual(bound(stale.size));
        },
      ),
      randomRuns(12),
    );
  });

  /** The ranges of the first grid, oldest first, each with its contacts: the middle of those of one instant says where all of them are. */
  function ranges(): { id: string; at: number }[][] {
    const byTime = sandbox.portal
      .truth('contacts')
      .live.map(({ id, updatedAt }) => ({ id, at: Date.parse(updatedAt) }));
    byTime.sort((a, b) => a.at - b.at);
    const parts = new Map<number, { id: string; at: number }[]>();
    for (let first = 0; first < byTime.length; ) {
      const instant = byTime.slice(first).findIndex(({ at }) => at !== byTime[first]?.at);
      const next = instant === -1 ? byTime.length : first + instant;
      const part = Math.floor(((first + next) * RANGES) / (2 * byTime.length));
      parts.set(part, [...(parts.get(part) ?? []), ...byTime.slice(first, next)]);
      first = next;
    }
    return [...parts.values()];
  }

  test('a row that has moved within a column of the grid is found', async () => {
    const all = ranges();
    const width = Math.ceil(all.length / SECTIONS);
    const from = all.length - 3;
    for (const sections of [1, 2, 3]) {
      const [moved, to] = [all[from]?.[100], all[from - width * sections]?.[100]];
      const time = new Date((to?.at ?? 0) + 1).toISOString();
      const { streams } = await verify(
        await drifted([`UPDATE contacts SET updated_at = '${time}' WHERE id = '${moved?.id}'`]),
      );
      expect(only(streams)).toMatchObject({ missing: 0, stale: 1, ghosts: 0 });
    }
  });

  test('of mixtures of all of them, which may cancel out in a range, nearly all are found, and nothing else', async () => {
    const one = fc.record({ kind: fc.nat(2), pick: fc.nat(99_999), day: fc.integer({ min: 1, max: 2_000 }) });
    let [planted, found] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(one, { minLength: 3, maxLength: 25, selector: ({ pick }) => pick % ids.length }),
        async (drifts) => {
          const statements = drifts.map(({ kind, pick, day }) => {
            const id = ids[pick % ids.length] as string;
            const time = new Date(Date.now() - day * 86_400_000 - pick).toISOString();
            if (kind === 0) return `DELETE FROM contacts WHERE id = '${id}'`;
            if (kind === 1) return `UPDATE contacts SET updated_at = '${time}' WHERE id = '${id}'`;
            return `INSERT INTO contacts (id, updated_at, archived, _airbyte_raw_id) VALUES ('${id}00000', '${time}', false, 'made up')`;
          });
          const { missing, stale, ghosts } = only((await verify(await drifted(statements))).streams);
          const of = (kind: number) => drifts.filter((each) => each.kind === kind).length;
          for (const [got, most] of [
            [missing, of(0)],
            [stale, of(1)],
            [ghosts, of(2)],
          ]) {
            expect(got).toBeLessThanOrEqual(most as number);
          }
          planted += drifts.length;
          found += missing + stale + ghosts;
        },
      ),
      randomRuns(12),
    );
    expect(found / planted).toBeGreaterThan(0.95);
  });

  test('where much differs, it takes little more than a listing of everything', async () => {
    const { streams, calls } = await verify(await drifted(['DELETE FROM contacts WHERE hash(id) % 3 = 0']));
    const { missing, portal, rows } = only(streams);
    expect(missing).toBe(portal - rows);
    expect(missing).toBeGreaterThan(4_000);
    expect(calls.byKind.search).toBeLessThanOrEqual(ids.length / 200 + 25);
  });

  test('where the table is empty, too', async () => {
    const { streams, calls } = await verify(await drifted(['DELETE FROM contacts']));
    expect(only(streams)).toMatchObject({ missing: ids.length, rows: 0 });
    expect(calls.byKind.search).toBeLessThanOrEqual(ids.length / 200 + 25);
  });

  test('totals that are off are not believed', async () => {
    for (const totalOff of [3, -3]) {
      sandbox.switches.set({ totalOff });
      const { streams } = await verify(
        await drifted([`DELETE FROM contacts WHERE id IN (${list(ids.slice(40, 42))})`]),
      );
      sandbox.switches.set({ totalOff: 0 });
      expect(only(streams)).toMatchObject({ missing: 2, stale: 0, ghosts: 0, isProved: true });
    }
  });

  test('nor are totals that are off once what differs is divided', async () => {
    let searches = 0;
    onCall = (path) => {
      if (!path.endsWith('/search')) return;
      searches += 1;
      if (searches === 18) sandbox.switches.set({ totalOff: 3 });
    };
    const { streams } = await verify(await drifted([`DELETE FROM contacts WHERE id IN (${list(ids.slice(40, 42))})`]));
    onCall = () => undefined;
    sandbox.switches.set({ totalOff: 0 });
    expect(only(streams)).toMatchObject({ missing: 2, stale: 0, ghosts: 0, isProved: true });
  });

  test('what changed lately costs no more searches', async () => {
    const config = await drifted([]);
    const old = ids.slice(500, 560);
    const before = sandbox.portal.truth('contacts').live.filter(({ id }) => old.includes(id));
    sandbox.portal.edit('contacts', old, { firstname: 'Lately' });
    const { streams, calls } = await verify(config);
    for (const { id, properties, updatedAt } of before) {
      const firstname = properties.firstname ?? '';
      sandbox.portal.edit('contacts', id, { firstname }, { at: Date.parse(updatedAt) });
    }
    expect(only(streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0, pending: old.length });
    expect(calls.byKind.search).toBeLessThanOrEqual(20);
  });

  test('a record that the index does not show as it is, is no difference', async () => {
    const hidden = new Set(edited.map(Number));
    sandbox.switches.set({
      indexLagMs: (_type: string, id: number) => (hidden.has(id) ? Number.POSITIVE_INFINITY : 0),
    });
    const { streams } = await verify(await drifted([]));
    sandbox.switches.set({ indexLagMs: 0 });
    expect(only(streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0, pending: 0 });
  });

  test('records that change while it runs are told apart from drift', async () => {
    let calls = 0;
    onCall = (path) => {
      if (!path.endsWith('/search')) return;
      calls += 1;
      const id = ids[(calls * 997) % ids.length] as string;
      if (sandbox.portal.record('contacts', id)) sandbox.portal.edit('contacts', id, { firstname: `During ${calls}` });
    };
    const deleted = ids.slice(200, 203);
    const { streams } = await verify(await drifted([`DELETE FROM contacts WHERE id IN (${list(deleted)})`]));
    onCall = () => undefined;
    expect(only(streams)).toMatchObject({ missing: 3, stale: 0, ghosts: 0 });
  });
});
