import type { Sandbox } from '../../src/sandbox/server.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { hubflake, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { execute } from './duckdb-file.js';

interface Pipeline {
  name?: string;
  source?: object;
  destination?: object;
  streams?: object[];
}

/** `hubflake verify` as its users meet it. */
describe('the command', () => {
  let folder: TestFolder;
  let sandbox: Sandbox;

  beforeEach(async () => {
    folder = new TestFolder();
    sandbox = await startSandbox({ counts: { contacts: 60, companies: 30 }, limits: 'off' });
  });
  afterEach(async () => {
    await sandbox.close();
    folder.remove();
  });

  const path = () => folder.join('w.duckdb');

  function run(
    command: string,
    more: string[] = [],
    { name = 'crm', source, destination, streams }: Pipeline = {},
    from = sandbox,
  ) {
    const config = {
      name,
      source: {
        credentials: { access_token: from.token },
        objects: [{ object_type: 'contacts' }, { object_type: 'companies' }, { object_type: 'owners' }],
        ...source,
      },
      destination: { type: 'duckdb', path: path(), spool_dir: folder.path, ...destination },
      ...(streams ? { streams } : {}),
    };
    return hubflakeHere([command, '--config', folder.write('pipeline.json', config), ...more], {
      environment: { HUBSPOT_BASE_URL: from.url },
    });
  }

  const verify = (more: string[] = [], pipeline: Pipeline = {}, from = sandbox) => run('verify', more, pipeline, from);
  const ids = () => sandbox.portal.truth('contacts').live.map(({ id }) => id);

  test('exit code 0 where the tables equal HubSpot, 3 where not, 0 again behind a repair', async () => {
    expect((await run('sync')).code).toBe(0);
    const equal = await verify();
    expect(equal).toMatchObject({ code: 0, stderr: '' });
    expect(equal.stdout).toMatch(/contacts +56 +56 +0 +0 +0 +0 +0 +1 \(1\)/);
    expect(equal.stdout).toContain('The tables equal HubSpot.');
    expect(equal.stdout).toContain('Not compared, as they have no records to count: owners.');
    await execute(path(), [`DELETE FROM contacts WHERE id = '${ids()[3]}'`]);
    const different = await verify();
    expect(different.code).toBe(3);
    expect(different.stdout).toContain('1 difference remains. --repair mends it.');
    const repaired = await verify(['--repair', '--json']);
    expect(repaired.code).toBe(0);
    const { pipeline, streams, calls } = JSON.parse(repaired.stdout);
    expect(pipeline).toBe('crm');
    expect(streams).toHaveLength(2);
    expect(streams[0]).toMatchObject({ stream: 'contacts', missing: 1, stale: 0, ghosts: 0, mended: 1 });
    expect(calls.total).toBeGreaterThan(2);
    expect((await verify()).code).toBe(0);
  });

  test('without --repair nothing of the tables, the states and the portal is changed', async () => {
    expect((await run('sync')).code).toBe(0);
    await execute(path(), [
      `DELETE FROM contacts WHERE id = '${ids()[3]}'`,
      'CREATE TABLE before AS SELECT * FROM contacts',
      'CREATE TABLE states AS SELECT * FROM _HUBFLAKE_STATE',
    ]);
    expect((await verify()).code).toBe(3);
    expect((await verify(['--deep'])).code).toBe(3);
    await execute(path(), [
      "SELECT CASE WHEN count(*) > 0 THEN error('changed') END FROM (FROM before EXCEPT FROM contacts)",
      "SELECT CASE WHEN count(*) > 0 THEN error('changed') END FROM (FROM states EXCEPT FROM _HUBFLAKE_STATE)",
    ]);
  });

  test('--streams chooses, and others cost no call', async () => {
    expect((await run('sync')).code).toBe(0);
    const { code, stdout } = await verify(['--streams', 'companies', '--json']);
    const { streams, calls } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(streams.map(({ stream }: { stream: string }) => stream)).toEqual(['companies']);
    expect(calls.byKind).toMatchObject({ search: 1, properties: 1 });
  });

  describe('says in a sentence what stands against it', () => {
    const refusals: [
      what: string,
      prepare: () => Promise<unknown>,
      more: string[],
      pipeline: Pipeline,
      says: RegExp,
    ][] = [
      ['nothing was ever synced', async () => undefined, [], {}, /There is no DuckDB file .*Run sync first/],
      [
        'nothing was synced by this pipeline',
        () => run('sync'),
        [],
        { name: 'other' },
        /"other" has not synced anything into this schema yet/,
      ],
      [
        'a stream that nobody knows',
        () => run('sync'),
        ['--streams', 'contcats'],
        {},
        /does not sync\. Did you mean "contacts"\?/,
      ],
      ['no stream at all', () => run('sync'), ['--streams', ','], {}, /--streams names no stream/],
      [
        'a stream that was never synced',
        () => run('sync', [], { streams: [{ name: 'contacts' }] }),
        ['--streams', 'companies'],
        {},
        /companies cannot be verified: it was never synced\. Run sync first/,
      ],
      [
        'a stream without records to count',
        () => run('sync'),
        ['--streams', 'owners'],
        {},
        /owners has no records that can be counted\. --deep/,
      ],
      [
        'a table that is gone',
        async () => {
          await run('sync');
          await execute(path(), ['DROP TABLE contacts']);
        },
        [],
        {},
        /contacts cannot be verified: the table contacts is gone\. Run sync, which loads it anew/,
      ],
      [
        'another table in its place',
        async () => {
          await run('sync');
          await execute(path(), ['CREATE OR REPLACE TABLE contacts AS SELECT * FROM contacts']);
        },
        [],
        {},
        /another one made in its place\. Run sync/,
      ],
      [
        'rows that are appended',
        () => run('sync', [], { streams: [{ name: 'contacts', destination_sync_mode: 'append' }] }),
        [],
        { streams: [{ name: 'contacts', destination_sync_mode: 'append' }] },
        /its rows are appended/,
      ],
    ];
    test.each(refusals)('%s', async (_, prepare, more, pipeline, says) => {
      await prepare();
      const { code, stderr } = await verify(more, pipeline);
      expect(stderr).toMatch(says);
      expect(code).toBe(1);
    });

    test('another portal', async () => {
      await run('sync');
      const other = await startSandbox({ counts: { contacts: 5 }, portalId: 4711, limits: 'off' });
      const { code, stderr } = await verify([], {}, other);
      await other.close();
      expect(stderr).toMatch(/of the HubSpot portal \d+, but the token is of the portal 4711/);
      expect(code).toBe(1);
    });

    test("HubSpot's calls of the day are used up", async () => {
      const counts = { contacts: 60, companies: 30 };
      const small = await startSandbox({ counts, limits: { burst: 5000, searchPerSecond: 1000, daily: 60 } });
      await run('sync', [], {}, small);
      while (small.limits.usage().used < 56) await small.fetch('/crm/owners/2026-09');
      const { code, stderr } = await verify([], {}, small);
      await small.close();
      expect(stderr).toMatch(/daily calls.*goes on from/);
      expect(code).toBe(1);
    });

    test('a scope that the token has lost', async () => {
      await run('sync');
      sandbox.access.setScopes(['crm.objects.companies.read', 'crm.schemas.companies.read']);
      const { code, stderr, stdout } = await verify();
      expect(stderr).toMatch(/contacts.*scope/);
      expect(stdout).toMatch(/companies +27 +27/);
      expect(code).toBe(1);
    });
  });

  test('of several objects without records, one call tells', async () => {
    const empty = await startSandbox({ counts: { contacts: 20, companies: 0, deals: 0, tickets: 0 }, limits: 'off' });
    const source = { objects: ['contacts', 'companies', 'deals', 'tickets'].map((object_type) => ({ object_type })) };
    await run('sync', [], { source }, empty);
    const { code, stdout } = await verify(['--json'], { source }, empty);
    await empty.close();
    const { streams, calls } = JSON.parse(stdout);
    expect([code, streams.length]).toEqual([0, 4]);
    expect(calls.byKind).toMatchObject({ search: 1, recordCounts: 1 });
  });

  test('a stream that had no records has no table, and equals HubSpot', async () => {
    const empty = await startSandbox({ counts: { contacts: 20, companies: 0 }, limits: 'off' });
    await run('sync', [], {}, empty);
    const { code, stdout } = await verify([], {}, empty);
    expect(stdout).toMatch(/companies +0 +0 +0/);
    expect(code).toBe(0);
    await empty.close();
  });

  test('as a process', async () => {
    await run('sync');
    const { code, stdout } = await hubflake(['verify', '--config', folder.join('pipeline.json')], {
      environment: { HUBSPOT_BASE_URL: sandbox.url },
    });
    expect(code).toBe(0);
    expect(stdout).toContain('The tables equal HubSpot.');
  });
});
