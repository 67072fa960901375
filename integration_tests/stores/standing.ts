import type { Sandbox } from '../../src/sandbox/server.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { freshForEach } from '../support/fresh.js';
import { hubflake } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

const SCOPES = [
  'crm.objects.contacts.read',
  'crm.schemas.contacts.read',
  'crm.objects.companies.read',
  'crm.schemas.companies.read',
];

interface Pipeline {
  name?: string;
  source?: object;
  destination?: object;
  streams?: object[] | null;
}

/**
 * What every store must notice: that a table is not the one that a state was kept of any more, or that HubSpot refuses what it gave
 * before. Each message that says what to do is followed here.
 */
export function standingBehaviours(warehouse: TestWarehouse & { destination(): object }): void {
  const fresh = freshForEach(warehouse);
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox({ counts: { contacts: 120, companies: 40 }, limits: 'off' });
  });
  afterEach(() => sandbox.close());

  async function sync(pipeline: Pipeline = {}, more: string[] = [], from = sandbox) {
    const { name = 'crm', source = {}, destination = {}, streams = null } = pipeline;
    const config = {
      name,
      source: {
        credentials: { access_token: from.token },
        objects: [{ object_type: 'contacts' }, { object_type: 'companies' }],
        layout: 'columns',
        deletes: 'off',
        ...source,
      },
      destination: { ...warehouse.destination(), spool_dir: fresh.folder.path, ...destination },
      ...(streams === null ? {} : { streams }),
    };
    const outcome = await hubflakeHere(
      ['sync', '--json', '--config', fresh.folder.write(`${name}.json`, config), ...more],
      { environment: { HUBSPOT_BASE_URL: from.url } },
    );
    const result = outcome.stdout === '' ? { streams: [], errors: [] } : JSON.parse(outcome.stdout);
    return { ...outcome, result: result as { streams: { stream: string; records: number }[]; errors: object[] } };
  }

  const live = (from = sandbox) =>
    from.portal.truth('contacts', { properties: ['firstname'] }).live.map(({ id, properties }) => ({
      id,
      firstname: properties.firstname ?? null,
    }));
  const rows = (table = 'contacts') => warehouse.rows(table, { id: 'text', firstname: 'text' });
  const byId = (a: { id: unknown }, b: { id: unknown }) => (String(a.id) < String(b.id) ? -1 : 1);
  async function expectWhole(table = 'contacts', from = sandbox) {
    expect((await rows(table)).sort(byId)).toEqual(live(from).sort(byId));
  }
  const recordsOf = (outcome: Awaited<ReturnType<typeof sync>>, stream = 'contacts') =>
    outcome.result.streams.find((each) => each.stream === stream)?.records;

  test('a state without a change reads nothing again', async () => {
    expect((await sync()).code).toBe(0);
    const second = await sync();
    expect(second).toMatchObject({ code: 0 });
    expect(second.stderr).not.toContain('from the start');
    expect(recordsOf(second)).toBe(0);
  });

  test('a table that was dropped is filled again, and the other one is left alone', async () => {
    expect((await sync()).code).toBe(0);
    await warehouse.execute('DROP TABLE {table}', 'contacts');
    const [first] = live();
    sandbox.portal.edit('contacts', first?.id as string, { firstname: 'Edited' });
    const again = await sync();
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/contacts is loaded from the start: the table contacts is gone/i);
    expect(again.stderr).not.toContain('companies is loaded');
    await expectWhole();
    expect(recordsOf(await sync())).toBe(0);
  });

  test('a table that another one took the place of is loaded anew', async () => {
    expect((await sync()).code).toBe(0);
    const [first] = live();
    sandbox.portal.edit('contacts', first?.id as string, { firstname: 'Edited' });
    // As after a restore, or a transformation that writes the table back: the same name and columns, other rows.
    await warehouse.execute('CREATE OR REPLACE TABLE {table} AS SELECT * FROM {table} LIMIT 10', 'contacts');
    const again = await sync();
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(
      /contacts is loaded from the start: the table contacts was dropped, and another one made/i,
    );
    await expectWhole();
    expect(recordsOf(await sync())).toBe(0);
  });

  test('another table_name: all records go to the new table', async () => {
    const streams = [{ name: 'contacts' }];
    expect((await sync({ streams })).code).toBe(0);
    const again = await sync({ streams, destination: { table_name: 'people' } });
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('it was written to');
    await expectWhole('people');
    expect(recordsOf(await sync({ streams, destination: { table_name: 'people' } }))).toBe(0);
  });

  test('another table_form: all records go to the new table, and back', async () => {
    for (const table_form of ['typed', 'raw', 'typed'] as const) {
      const outcome = await sync({ destination: { table_form } });
      expect(outcome.result.errors).toEqual([]);
      expect(recordsOf(outcome)).toBe(live().length);
    }
    await expectWhole();
  });

  test('a column that was dropped is filled again, by the records that have a value', async () => {
    expect((await sync()).code).toBe(0);
    const [first] = live();
    sandbox.portal.edit('contacts', first?.id as string, { firstname: 'Edited' });
    await warehouse.execute(`ALTER TABLE {table} DROP COLUMN ${warehouse.name('firstname')}`, 'contacts');
    const again = await sync();
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/columns of the table contacts are gone; firstname are read again/i);
    await expectWhole();
    expect(recordsOf(await sync())).toBe(0);
  });

  test('a table without a state is loaded anew, not merged into at random', async () => {
    expect((await sync()).code).toBe(0);
    const [gone] = live();
    await warehouse.execute('DROP TABLE {table}', '_HUBFLAKE_STATE');
    sandbox.portal.erase('contacts', gone?.id as string);
    const again = await sync();
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('this pipeline has kept nothing of how far it goes');
    await expectWhole();
  });

  test('a table of another pipeline is refused, until that one is deleted as the message says', async () => {
    expect((await sync()).code).toBe(0);
    const refused = await sync({ name: 'second' });
    expect(refused.code).toBe(1);
    const message = (refused.result.errors[0] as { message: string }).message;
    expect(message).toContain('the pipeline "crm"');
    await expectWhole();
    const statement = /(DELETE FROM "_HUBFLAKE_STATE" .*)\.$/.exec(message)?.[1] as string;
    await warehouse.execute(statement.replace('"_HUBFLAKE_STATE"', '{table}'), '_HUBFLAKE_STATE');
    const [gone] = live();
    sandbox.portal.erase('contacts', gone?.id as string);
    expect((await sync({ name: 'second' })).code).toBe(0);
    await expectWhole();
  });

  test.each([
    ['deduplicated', null],
    ['overwritten', 'overwrite'],
  ] as const)('another portal is refused, until it is asked for by --refresh: %s', async (_, mode) => {
    const other = await startSandbox({ counts: { contacts: 30 }, limits: 'off', portalId: 77, seed: 9 });
    try {
      const more = mode === null ? {} : { sync_mode: 'full_refresh', destination_sync_mode: mode };
      const streams = [{ name: 'contacts', ...more }];
      expect((await sync({ streams })).code).toBe(0);
      const refused = await sync({ streams }, [], other);
      expect(refused.code).toBe(1);
      expect(refused.result.errors).toMatchObject([{ stream: 'contacts', code: 'HF-STATE' }]);
      await expectWhole();
      const [option = '', stream = ''] = /--refresh \S+(?=\.)/.exec(refused.stderr)?.[0]?.split(' ') ?? [];
      expect((await sync({ streams }, [option, stream], other)).code).toBe(0);
      await expectWhole('contacts', other);
      expect((await sync({ streams }, [], other)).code).toBe(0);
    } finally {
      await other.close();
    }
  });

  test('a stream that was read and is refused now fails; what was never read is left out by name; nothing left is a failure', async () => {
    const source = { objects: undefined };
    sandbox.access.setScopes(SCOPES);
    const first = await sync({ source });
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toMatch(/deals is left out: the token lacks the scope/);
    sandbox.access.setScopes(SCOPES.filter((scope) => !scope.includes('contacts')));
    const second = await sync({ source });
    expect(second.code).toBe(1);
    expect(second.result.errors).toContainEqual(expect.objectContaining({ stream: 'contacts', code: 'HF-SCOPES' }));
    expect(recordsOf(second, 'companies')).toBe(0);
    sandbox.access.setScopes(['oauth']);
    expect((await sync({ source, name: 'fresh', destination: { schema: 'FRESH' } })).code).toBe(1);
    sandbox.access.setScopes(SCOPES);
    const [first2] = live();
    sandbox.portal.edit('contacts', first2?.id as string, { firstname: 'Edited' });
    expect(await sync({ source })).toMatchObject({ code: 0 });
    await expectWhole();
  });

  test('custom objects that were read fail once the scope to see them is gone', async () => {
    const source = { objects: undefined };
    const custom = [...SCOPES, 'crm.schemas.custom.read', 'crm.objects.custom.read'];
    sandbox.access.setScopes(custom);
    const first = await sync({ source });
    expect(first.code).toBe(0);
    const names = first.result.streams.map(({ stream }) => stream);
    expect(names).toContain('vehicles');
    sandbox.access.setScopes(SCOPES);
    const second = await sync({ source });
    expect(second.code).toBe(1);
    expect(second.result.errors).toContainEqual(expect.objectContaining({ stream: 'vehicles', code: 'HF-SCOPES' }));
  });

  test('a property that was added, or has another type, is read for the records that have a value', async () => {
    expect((await sync()).code).toBe(0);
    const [one, two] = live().map(({ id }) => id) as [string, string];
    sandbox.portal.addProperty('contacts', { name: 'shoe_size', type: 'number' });
    // Values from before anyone looked: no change of the record tells of them.
    for (const id of [one, two])
      sandbox.portal.edit('contacts', id, { shoe_size: '42' }, { at: Date.now() - 40 * 86_400_000 });
    const added = await sync();
    expect(added.code).toBe(0);
    const sizes = async (column: string) =>
      (await warehouse.rows('contacts', { id: 'text', [column]: 'text' }))
        .filter((row) => row[column] !== null)
        .map(({ id, [column]: size }) => [id, Number(size)]);
    const wanted = [one, two].sort().map((id) => [id, 42]);
    expect(await sizes('shoe_size')).toEqual(wanted);
    expect(recordsOf(added)).toBe(2);

    sandbox.portal.changeProperty('contacts', 'shoe_size', { type: 'string', fieldType: 'text' });
    const retyped = await sync();
    expect(retyped).toMatchObject({ code: 0 });
    expect(await sizes('shoe_size_string')).toEqual(wanted);
    expect(recordsOf(retyped)).toBe(2);
    expect(recordsOf(await sync())).toBe(0);
  });

  test('killed while an added property is read, the next run reads the rest of it', async () => {
    expect((await sync()).code).toBe(0);
    sandbox.portal.addProperty('contacts', { name: 'shoe_size', type: 'string' });
    const all = live();
    // Not most of them, for which the stream would be loaded again.
    const some = all.slice(0, Math.floor(all.length / 3)).map(({ id }) => id);
    for (const id of some) {
      sandbox.portal.edit('contacts', id, { shoe_size: '42' }, { at: Date.now() - 40 * 86_400_000 });
    }
    const path = fresh.folder.join('crm.json');
    for (const point of ['after-spool', 'after-commit']) {
      const killed = await hubflake(['sync', '--config', path], {
        environment: { HUBSPOT_BASE_URL: sandbox.url, HUBFLAKE_CRASH_AT: point },
      });
      expect(killed.signal).toBe('SIGKILL');
    }
    expect((await sync()).code).toBe(0);
    const sizes = (await warehouse.rows('contacts', { id: 'text', shoe_size: 'text' })).filter((row) => row.shoe_size);
    expect(sizes.map(({ id }) => id).sort()).toEqual(some.sort());
  });
}
