import fc from 'fast-check';
import type { Sandbox } from '../../src/sandbox/server.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { freshForEach } from '../support/fresh.js';
import { Lifetime } from '../support/processes/lifetime.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { DRIFTS, type Drift, DriftPlanter } from './drift.js';
import { expectEqual, only, pipelineOf, sync, type VerifyWarehouse, verify } from './harness.js';

/**
 * What `verify` does in every warehouse.
 *
 * @param runs how many random portals drift
 * @param afterEnd what is to be done once a process is gone that was broken off
 */
export function verifyBehaviours(
  warehouse: VerifyWarehouse,
  runs: number,
  afterEnd: () => Promise<void> = async () => undefined,
): void {
  freshForEach(warehouse);
  let sandbox: Sandbox;

  async function begin(contacts = 330, options = {}) {
    sandbox = await startSandbox({ counts: { contacts, companies: 20 }, limits: 'off', ...options });
    return pipelineOf(warehouse, sandbox);
  }

  /** Syncs, and has the table know some records as archived. */
  async function syncArchived(config: ReturnType<typeof pipelineOf>) {
    await sync(config);
    const ids = sandbox.portal.truth('contacts').live.map(({ id }) => id);
    const archived = ids.slice(5, 20);
    sandbox.portal.archive('contacts', archived);
    await sync(config);
    return archived;
  }

  afterEach(() => sandbox.close());

  test('a table that equals HubSpot takes a search for 200 records', async () => {
    const config = await begin();
    await syncArchived(config);
    const { streams, errors } = await verify(config);
    expect(errors).toEqual([]);
    const live = sandbox.portal.truth('contacts').live.length;
    expect(only(streams)).toMatchObject({
      portal: live,
      rows: live,
      missing: 0,
      stale: 0,
      ghosts: 0,
      pending: 0,
      calls: 2,
      isProved: true,
    });
  });

  test('any drift is found, and is mended', async () => {
    const planting = fc.array(
      fc.record({
        drift: fc.constantFrom<Drift>(...DRIFTS),
        pick: fc.nat(9999),
        daysAgo: fc.integer({ min: 1, max: 900 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc
        .asyncProperty(planting, async (drifts) => {
          const config = await begin();
          const planter = new DriftPlanter(warehouse, sandbox, await syncArchived(config));
          for (const { drift, pick, daysAgo } of drifts) await planter.plant(drift, pick, daysAgo);
          const { missing, stale, ghosts } = planter.planted;
          const expected = { missing: missing.size, stale: stale.size, ghosts: ghosts.size, pending: 0 };
          expect(only((await verify(config)).streams)).toMatchObject({ ...expected, mended: 0 });
          const repaired = await verify(config, { repairs: true });
          expect(repaired.errors).toEqual([]);
          expect(only(repaired.streams)).toMatchObject({ ...expected, mended: planter.size });
          await expectEqual(warehouse, sandbox);
          const none = { missing: 0, stale: 0, ghosts: 0, pending: 0 };
          expect(only((await verify(config)).streams)).toMatchObject(none);
          await sync(config);
          await expectEqual(warehouse, sandbox);
        })
        .beforeEach(() => warehouse.begin())
        .afterEach(() => sandbox.close()),
      randomRuns(runs),
    );
  });

  test('what changed lately is told apart from drift, and is left to the next sync', async () => {
    const config = await begin();
    await sync(config);
    const [edited, archived, erased, deleted] = sandbox.portal.truth('contacts').live.map(({ id }) => id);
    sandbox.portal.edit('contacts', edited as string, { firstname: 'Edited' });
    sandbox.portal.create('contacts', { firstname: 'Created' });
    sandbox.portal.archive('contacts', archived as string);
    sandbox.portal.erase('contacts', erased as string);
    const column = `"${warehouse.name('id')}"`;
    await warehouse.execute(`DELETE FROM {table} WHERE ${column} = '${deleted}'`, 'contacts');
    const before = only((await verify(config)).streams);
    expect(before).toMatchObject({ missing: 1, stale: 0, ghosts: 1, pending: 3 });
    await sync(config);
    expect(only((await verify(config, { repairs: true })).streams)).toMatchObject({
      missing: 1,
      ghosts: 1,
      pending: 0,
      mended: 2,
    });
    await expectEqual(warehouse, sandbox);
  });

  test('an erased record is marked as archived, with a note', async () => {
    const config = await begin();
    await sync(config);
    const id = sandbox.portal.truth('contacts').live[0]?.id as string;
    sandbox.portal.erase('contacts', id);
    await verify(config, { repairs: true });
    const rows = await warehouse.rows('contacts', {
      id: 'text',
      archived: 'boolean',
      archived_at: 'instant',
      firstname: 'text',
      _airbyte_meta: 'json',
    });
    const row = rows.find((each) => each.id === id);
    expect(row).toMatchObject({ archived: true, firstname: expect.any(String) });
    expect(Date.parse(String(row?.archived_at))).toBeGreaterThan(Date.now() - 60_000);
    expect(JSON.stringify(row?._airbyte_meta)).toContain('erased');
  });

  test('a record that was merged long ago is marked as archived, with its survivor', async () => {
    const config = await begin();
    await sync(config);
    const [id, other] = sandbox.portal.truth('contacts').live.map((each) => each.id) as [string, string];
    const survivor = sandbox.portal.merge('contacts', id, other, { at: Date.now() - 90 * 86_400_000 });
    const expectMarked = async () => {
      const rows = await warehouse.rows('contacts', { id: 'text', archived: 'boolean', merged_into: 'text' });
      const gone = rows.filter((row) => row.id !== survivor && [id, other].includes(String(row.id)));
      expect(gone.length).toBeGreaterThan(0);
      for (const row of gone) expect(row).toMatchObject({ archived: true, merged_into: survivor });
    };
    // By the survivor, which has changed; and once that is in the table, by itself.
    await verify(config, { repairs: true });
    await expectMarked();
    const [mark, into] = [warehouse.name('archived'), warehouse.name('merged_into')];
    await warehouse.execute(
      `UPDATE {table} SET "${mark}" = FALSE, "${into}" = NULL WHERE "${into}" = '${survivor}'`,
      'contacts',
    );
    await verify(config, { repairs: true });
    await expectMarked();
  });

  test('a row that claims to be newer than its record is mended all the same', async () => {
    const config = await begin();
    await sync(config);
    const id = sandbox.portal.truth('contacts').live[0]?.id as string;
    const [key, time] = [warehouse.name('id'), warehouse.name('updated_at')];
    await warehouse.execute(
      `UPDATE {table} SET "${time}" = '2031-01-01T00:00:00Z' WHERE "${key}" = '${id}'`,
      'contacts',
    );
    expect(only((await verify(config, { repairs: true })).streams)).toMatchObject({ stale: 1, mended: 1 });
    await expectEqual(warehouse, sandbox);
  });

  test('with cdc, rows without a record are deleted', async () => {
    await begin();
    const config = pipelineOf(warehouse, sandbox, { source: { deletes: 'cdc' } });
    await sync(config);
    const [erased, archived] = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [string, string];
    sandbox.portal.erase('contacts', erased);
    sandbox.portal.archive('contacts', archived, { at: Date.UTC(2020, 1, 1) });
    expect(only((await verify(config, { repairs: true })).streams)).toMatchObject({ ghosts: 2, mended: 2 });
    await expectEqual(warehouse, sandbox);
    const ids = (await warehouse.rows('contacts', { id: 'text' })).map(({ id }) => id);
    expect(ids).not.toContain(erased);
    expect(ids).not.toContain(archived);
  });

  test('in the raw form as well', async () => {
    await begin();
    const config = pipelineOf(warehouse, sandbox, { destination: { table_form: 'raw' } });
    await sync(config);
    const live = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [string, string, string];
    const [erased, deleted, edited] = live;
    sandbox.portal.erase('contacts', erased);
    sandbox.portal.edit('contacts', edited, { firstname: 'Edited' }, { at: Date.UTC(2024, 1, 1) });
    await warehouse.execute(`DELETE FROM {table} WHERE "ID" = '${deleted}'`, 'contacts');
    expect(only((await verify(config, { repairs: true })).streams)).toMatchObject({
      missing: 1,
      stale: 1,
      ghosts: 1,
      mended: 3,
    });
    expect(only((await verify(config)).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
  });

  test('with filters, a row whose record does not match any more is a ghost', async () => {
    await begin();
    const filters = [{ propertyName: 'email', operator: 'HAS_PROPERTY' }];
    const config = pipelineOf(warehouse, sandbox, { object: { filter_groups: [{ filters }] } });
    await sync(config);
    const matching = sandbox.portal
      .truth('contacts', { properties: ['email'] })
      .live.filter((each) => each.properties.email);
    sandbox.portal.edit('contacts', matching[0]?.id as string, { email: '' }, { at: Date.UTC(2024, 1, 1) });
    expect(only((await verify(config, { repairs: true })).streams)).toMatchObject({ ghosts: 1, mended: 1 });
    expect(only((await verify(config)).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
  });

  test('a repair that is killed anywhere leaves nothing wrong, and the next one mends the rest', async () => {
    const breaking = fc.record({
      what: fc.constantFrom('kill' as const, 'kill' as const, 'drop' as const),
      edge: fc.constantFrom(null, null, 1, 2, 3),
      nth: fc.nat(8),
      isDone: fc.boolean(),
    });
    let broken = 0;
    await fc.assert(
      fc
        .asyncProperty(breaking, fc.boolean(), fc.boolean(), async (where, isDeep, syncsBetween) => {
          const config = await begin(120);
          const planter = new DriftPlanter(warehouse, sandbox, await syncArchived(config));
          for (const [index, drift] of DRIFTS.entries()) await planter.plant(drift, 7 * index, 100 + index);
          const life = new Lifetime(where);
          await verify(config, { repairs: true, isDeep }, life).catch((error: unknown) => {
            if (!life.isBroken) throw error;
          });
          if (life.isBroken) broken += 1;
          if (life.isBroken) await afterEnd();
          if (syncsBetween) await sync(config);
          const again = await verify(config, { repairs: true });
          expect(again.errors).toEqual([]);
          await expectEqual(warehouse, sandbox);
          expect(only((await verify(config)).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
          expect((await warehouse.tables()).filter((table) => /verify_/i.test(table) && !isDeep)).toEqual([]);
        })
        .beforeEach(() => warehouse.begin())
        .afterEach(() => sandbox.close()),
      randomRuns(runs),
    );
    expect(broken).toBeGreaterThan(0);
  });

  describe('deep', () => {
    test('finds and mends what times do not show: calculated values, associations, and what was changed by hand', async () => {
      const config = await begin();
      await syncArchived(config);
      const live = sandbox.portal.truth('contacts', { associations: ['companies'] }).live;
      const [calculated, byHand, erased] = live.map(({ id }) => id) as [string, string, string];
      const linked = live.find((each) => (each.associations?.companies ?? []).length > 0 && each.id > erased);
      sandbox.portal.edit('contacts', calculated, { firstname: 'Calculated' }, { silent: true });
      sandbox.portal.erase('contacts', erased);
      const company = linked?.associations?.companies?.[0] as string;
      sandbox.portal.dissociate('contacts', linked?.id as string, 'companies', company);
      const [name, key] = [warehouse.name('lastname'), warehouse.name('id')];
      await warehouse.execute(`UPDATE {table} SET "${name}" = 'By hand' WHERE "${key}" = '${byHand}'`, 'contacts');
      // None of it has changed a time, but for the record that is gone.
      expect(only((await verify(config)).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 1 });
      const found = only((await verify(config, { isDeep: true })).streams);
      expect(found).toMatchObject({ missing: 0, stale: 3, ghosts: 1, pending: 0, mended: 0, isProved: true });
      expect(found.notes.join()).toMatch(/firstname \(1\)/);
      expect(found.notes.join()).toMatch(/associated_companies \(1\)/);
      const repaired = await verify(config, { isDeep: true, repairs: true });
      expect(repaired.errors).toEqual([]);
      expect(only(repaired.streams)).toMatchObject({ stale: 3, ghosts: 1, mended: 4 });
      await expectEqual(warehouse, sandbox);
      expect(only((await verify(config, { isDeep: true })).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
      expect((await warehouse.tables()).filter((table) => /verify_/i.test(table))).toEqual([]);
    });

    test('takes a call for a hundred records, and none for a table that is equal', async () => {
      const config = await begin();
      await syncArchived(config);
      const { streams } = await verify(config, { isDeep: true });
      const pages = Math.ceil(sandbox.portal.truth('contacts').live.length / 100);
      expect(only(streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0, calls: pages });
    });

    test('associations in another order are no difference', async () => {
      const config = await begin();
      const [contact] = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [string];
      for (const { id } of sandbox.portal.truth('companies').live)
        sandbox.portal.associate('contacts', contact, 'companies', id);
      await sync(config);
      const [links, key] = [warehouse.name('associated_companies'), warehouse.name('id')];
      const [row] = (await warehouse.rows('contacts', { id: 'text', associated_companies: 'json' })).filter(
        ({ id }) => id === contact,
      );
      const list = JSON.stringify([...((row?.associated_companies ?? []) as string[])].reverse());
      const value = warehouse.name('x') === 'X' ? `PARSE_JSON('${list}')::ARRAY` : `'${list}'`;
      await warehouse.execute(`UPDATE {table} SET "${links}" = ${value} WHERE "${key}" = '${contact}'`, 'contacts');
      expect(only((await verify(config, { isDeep: true })).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
    });

    test('tells what changed lately apart', async () => {
      const config = await begin();
      await sync(config);
      const [edited, archived] = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [string, string];
      sandbox.portal.edit('contacts', edited, { firstname: 'Edited' });
      sandbox.portal.archive('contacts', archived);
      sandbox.portal.create('contacts', { firstname: 'Created' });
      expect(only((await verify(config, { isDeep: true })).streams)).toMatchObject({
        missing: 0,
        stale: 0,
        ghosts: 0,
        pending: 3,
      });
    });

    test('compares streams that have no records to count, and says how to mend them', async () => {
      await begin();
      const config = pipelineOf(warehouse, sandbox, { source: { objects: [{ object_type: 'owners' }] } });
      await sync(config);
      const { skipped } = await verify(config);
      expect(skipped).toEqual(['owners']);
      const equal = await verify(config, { isDeep: true });
      expect(only(equal.streams)).toMatchObject({ stream: 'owners', missing: 0, stale: 0, ghosts: 0 });
      const column = warehouse.name('email');
      await warehouse.execute(`UPDATE {table} SET "${column}" = 'x'`, 'owners');
      const owners = only((await verify(config, { isDeep: true, repairs: true })).streams);
      expect(owners).toMatchObject({ stale: owners.rows, mended: 0 });
      expect(owners.notes.join()).toContain('run sync --refresh owners');
    });

    test('what only the table has of past values stays, and streams without keys leave a repair alone', async () => {
      await begin();
      const config = pipelineOf(warehouse, sandbox, {
        source: { association_streams: [{ from_object: 'contacts', to_object: 'companies' }] },
        object: { history: ['firstname'] },
      });
      await sync(config);
      const [archived, winner, loser] = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [
        string,
        string,
        string,
      ];
      sandbox.portal.archive('contacts', archived);
      sandbox.portal.merge('contacts', winner, loser);
      await sync(config);
      const values = async () => (await warehouse.rows('contacts_property_history', { id: 'text' })).length;
      const before = await values();
      const { streams, errors } = await verify(config, { isDeep: true, repairs: true });
      expect(errors).toEqual([]);
      expect(streams.map(({ stream, missing, stale, ghosts }) => [stream, missing, stale, ghosts]).sort()).toEqual([
        ['associations_contacts_companies', 0, 0, 0],
        ['contacts', 0, 0, 0],
        ['contacts_property_history', 0, 0, 0],
      ]);
      const notes = streams.flatMap((each) => each.notes).join();
      expect(notes).toMatch(/rows of what HubSpot no longer lists stay: \d/);
      expect(notes).not.toContain('--refresh');
      expect(await values()).toBe(before);
    });

    test('nor are archived deals and events a difference that HubSpot no longer lists', async () => {
      await begin();
      const deals = Array.from({ length: 3 }, () => sandbox.portal.create('deals', { dealname: 'A deal' }));
      sandbox.portal.archive('deals', deals);
      const config = pipelineOf(warehouse, sandbox, {
        source: { objects: [{ object_type: 'contacts' }], include: ['deals_archived', 'audit_logs'] },
      });
      await sync(config);
      sandbox.portal.erase('deals', deals.slice(0, 1));
      const events = sandbox.portal.collectionAt('/account-info/:date/activity/audit-logs');
      const [event] = events.truth().keys();
      events.erase(String(event));
      const names = ['deals_archived', 'audit_logs'];
      const { streams, errors } = await verify(config, { streams: names, isDeep: true });
      expect(errors).toEqual([]);
      expect(streams.map(({ stream, ghosts }) => [stream, ghosts])).toEqual(names.map((name) => [name, 0]));
      for (const { notes } of streams) expect(notes).toEqual(['rows of what HubSpot no longer lists stay: 1']);
    });

    test('in the raw form as well', async () => {
      await begin();
      const config = pipelineOf(warehouse, sandbox, { destination: { table_form: 'raw' } });
      await syncArchived(config);
      const [id] = sandbox.portal.truth('contacts').live.map((each) => each.id) as [string];
      sandbox.portal.edit('contacts', id, { firstname: 'Calculated' }, { silent: true });
      expect(only((await verify(config, { isDeep: true, repairs: true })).streams)).toMatchObject({
        stale: 1,
        mended: 1,
      });
      expect(only((await verify(config, { isDeep: true })).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
    });
  });

  test('with "deletes" off, rows of deleted records stay, and are no difference', async () => {
    await begin();
    const config = pipelineOf(warehouse, sandbox, { source: { deletes: 'off' } });
    await sync(config);
    const [erased, deleted] = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [string, string];
    sandbox.portal.erase('contacts', erased);
    for (const [isDeep, repairs] of [
      [false, false],
      [true, true],
      [false, true],
    ] as const) {
      await warehouse.execute(`DELETE FROM {table} WHERE "${warehouse.name('id')}" = '${deleted}'`, 'contacts');
      const found = only((await verify(config, { isDeep, repairs })).streams);
      expect(found).toMatchObject({ missing: 1, stale: 0, ghosts: 0, mended: repairs ? 1 : 0 });
    }
    const ids = (await warehouse.rows('contacts', { id: 'text' })).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([erased, deleted]));
  });

  test('a table that another program made is compared as well as its columns allow', async () => {
    await begin();
    const config = pipelineOf(warehouse, sandbox);
    await sync(config);
    // The same rows, with times and marks as texts, a column less, and one more.
    const [name, key, time, mark] = ['lastname', 'id', 'updated_at', 'archived'].map(
      (each) => `"${warehouse.name(each)}"`,
    );
    const kept = [
      '_airbyte_raw_id',
      '_airbyte_extracted_at',
      '_airbyte_meta',
      '_airbyte_generation_id',
      'firstname',
      'email',
    ];
    const columns = kept.map((each) => `"${warehouse.name(each)}"`).join(', ');
    await warehouse.execute(
      `CREATE OR REPLACE TABLE {table} AS SELECT ${columns}, ${key}, CAST(${time} AS VARCHAR) AS ${time}, CAST(${mark} AS VARCHAR) AS ${mark}, 1 AS "other" FROM {table}`,
      'contacts',
    );
    await warehouse.execute('DELETE FROM {table}', '_HUBFLAKE_STATE');
    await sync(config);
    expect(only((await verify(config)).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
    const [erased, deleted, changed] = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [
      string,
      string,
      string,
    ];
    sandbox.portal.erase('contacts', erased);
    await warehouse.execute(`DELETE FROM {table} WHERE ${key} = '${deleted}'`, 'contacts');
    await warehouse.execute(`UPDATE {table} SET ${name} = 'By hand' WHERE ${key} = '${changed}'`, 'contacts');
    const found = only((await verify(config, { isDeep: true, repairs: true })).streams);
    expect(found).toMatchObject({ missing: 1, stale: 1, ghosts: 1, mended: 3 });
    expect(only((await verify(config, { isDeep: true })).streams)).toMatchObject({ missing: 0, stale: 0, ghosts: 0 });
  });

  test('what was found is kept in a table, a row for each stream', async () => {
    const config = await begin();
    await sync(config);
    const [erased] = sandbox.portal.truth('contacts').live.map(({ id }) => id) as [string];
    sandbox.portal.erase('contacts', erased);
    await verify(config);
    await verify(config, { repairs: true });
    const kept = await warehouse.rows('_HUBFLAKE_VERIFICATIONS', {
      PIPELINE: 'text',
      STREAM: 'text',
      STARTED_AT: 'instant',
      GHOSTS: 'number',
      MENDED: 'number',
      CALLS: 'number',
    });
    expect(kept.sort((a, b) => Number(a.MENDED) - Number(b.MENDED))).toMatchObject([
      { PIPELINE: 'crm', STREAM: 'contacts', GHOSTS: 1, MENDED: 0 },
      { PIPELINE: 'crm', STREAM: 'contacts', GHOSTS: 1, MENDED: 1 },
    ]);
  });
}
