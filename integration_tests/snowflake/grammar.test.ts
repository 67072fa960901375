import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { setPublicKey, setupStatements } from '../../src/warehouse/snowflake/setup/statements.js';
import { FAST } from '../support/fast-source.js';
import { hubflake, TestFolder } from '../support/processes/command.js';
import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';

/**
 * Whether what is sent to Snowflake is Snowflake's SQL, judged by two readers that know nothing of the stand-in: sqlglot and
 * sqlfluff. To judge all that any suites send, run them with HUBFLAKE_STATEMENTS=<file>, and then
 * `.venv-grammar/bin/python integration_tests/snowflake/grammar/check.py < <file>`.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const WITH_VALUES = ['firstname', 'email', 'annualrevenue', 'createdate'];

interface Judgement {
  /** How many statements there were, and how many of them were read. The others have nothing that these do not have. */
  statements: number;
  read: number;
  complaints: { sql: string; reader: string; says: string }[];
}

interface Walks {
  compared: number;
  different: string[];
}

const judge = (statements: readonly string[]) => ask<Judgement>('.venv-grammar', 'grammar/check.py', statements);

/** What a script of Python's says of statements. */
async function ask<Answer>(environment: string, script: string, statements: readonly string[]): Promise<Answer> {
  const child = spawn(`${root}${environment}/bin/python`, ['-B', `${root}integration_tests/snowflake/${script}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(statements.map((sql) => `${JSON.stringify(sql)}\n`).join(''));
  const [answer] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(answer) as Answer;
}

describe('the judges', () => {
  test('complain of what is no SQL, and of nothing else', async () => {
    const fine = 'SELECT 1 FROM T WHERE A = 1 ORDER BY A';
    // What sqlglot lets pass, sqlfluff does not.
    const broken: [string, string[]][] = [
      ['SELECT 1 FROM T WHERE ORDER BY A', ['sqlglot', 'sqlfluff']],
      ['SELECT (1 + 2 FROM T', ['sqlglot', 'sqlfluff']],
      ['CREATE TABLE T (A VARCHAR COMMENT)', ['sqlfluff']],
      ['MERGE INTO T t USING S s ON t.A = s.A WHEN MATCHED THEN', ['sqlglot', 'sqlfluff']],
      ['COPY INTO T FROM @%T FILE_FORMAT = (TYPE = JSON', ['sqlfluff']],
      ['PUT file:///tmp/1.json.gz', ['sqlfluff']],
      ['ALTER SESSION SET A = 1 B', ['sqlfluff']],
      ['SELEC 1', ['sqlfluff']],
    ];
    const { complaints } = await judge([fine, ...broken.map(([sql]) => sql)]);
    const readers = new Map<string, string[]>();
    for (const { sql, reader } of complaints) readers.set(sql, [...(readers.get(sql) ?? []), reader]);
    expect(readers.has(fine)).toBe(false);
    for (const [sql, expected] of broken)
      expect([sql, readers.get(sql)]).toEqual([sql, expect.arrayContaining(expected)]);
  });

  test('take what is documented and a reader does not know, and read one of a kind', async () => {
    const answer = await judge([
      'SELECT ? AS A, \'?\' AS B, "?" AS C FROM T',
      "ALTER SESSION SET TIMEZONE = 'UTC' LOCK_TIMEOUT = 900 AUTOCOMMIT = TRUE",
      'PUT file:///tmp/a/1.json.gz @%"STG" AUTO_COMPRESS=FALSE OVERWRITE=TRUE',
      ...Array.from({ length: 50 }, (_, n) => `INSERT INTO "T${n}" ("A${n}") VALUES ('${n}'), (NULL)`),
      ...[50, 100].map((width) => `SELECT ${Array.from({ length: width }, (_, n) => `t."C${n}" AS C${n}`)} FROM T t`),
    ]);
    expect(answer).toEqual({ statements: 55, read: 5, complaints: [] });
  });
});

test('what init shows an admin is Snowflake’s SQL', async () => {
  const names = { role: 'R', user: 'U', warehouse: 'W', database: 'a b', schema: 'S' };
  const { read, complaints } = await judge([...setupStatements(names, 'key'), setPublicKey('U', 'key')]);
  expect(read).toBe(13);
  // sqlglot reads no statements about users and roles.
  expect(complaints.filter(({ reader }) => reader === 'sqlfluff')).toEqual([]);
});

test('all that the commands send is Snowflake’s SQL, and is understood as fakesnow understands it', async () => {
  const warehouse = new StandInWarehouse();
  await warehouse.begin();
  const folder = new TestFolder();
  const dispatcher = getGlobalDispatcher();
  const sandbox: Sandbox = await startSandbox({ counts: { contacts: 30, companies: 5 }, limits: 'off' });
  try {
    process.env.HUBSPOT_BASE_URL = sandbox.url;
    for (const table_form of ['typed', 'raw'])
      await run(['destination', 'check'], {
        ...warehouse.destination(),
        schema: `CHECK_${table_form}`,
        create_schema: true,
        table_form,
      });
    for (const [schema, kind] of Object.entries(KINDS)) await live(schema, kind);
    // A sync in this process closes what it put in its place.
    setGlobalDispatcher(dispatcher);
    const sent = (await warehouse.standIn.statements()).map(({ sql }) => sql);
    const answer = await judge(sent);
    expect(answer.complaints).toEqual([]);
    expect(answer.read).toBeGreaterThan(40);
    // The stand-in leaves out of fakesnow's walks what they would change nothing of.
    const { compared, different } = await ask<Walks>('.venv-snowflake', 'walks_check.py', sent);
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  } finally {
    await sandbox.close();
    folder.remove();
    await warehouse.end();
  }

  async function run(args: string[], config: object) {
    const path = folder.write('config.json', config);
    const outcome = await hubflake([...args, '--config', path], { environment: { HUBSPOT_BASE_URL: sandbox.url } });
    expect(outcome).toMatchObject({ code: 0 });
  }

  /** Syncs a pipeline again and again, as the portal changes, and then its streams from scratch. */
  async function live(schema: string, { companies, options, isShort }: Kind) {
    const pipeline = (properties: string[]) => ({
      name: schema,
      source: {
        credentials: { access_token: sandbox.token },
        objects: [
          { object_type: 'contacts', properties },
          { object_type: 'companies', properties: ['name'] },
        ],
        layout: 'columns',
      },
      destination: { ...warehouse.destination(), schema, create_schema: true, ...options },
      streams: [
        { name: 'contacts', destination_sync_mode: 'append_dedup' },
        {
          name: 'companies',
          destination_sync_mode: companies,
          ...(companies === 'overwrite' ? { sync_mode: 'full_refresh' } : {}),
        },
      ],
    });
    const sync = async (properties: string[], refresh: string[] = []) => {
      const config = parsePipelineConfig(pipeline(properties));
      Object.assign(config.source, FAST);
      const { errors } = await runSync(config, new AbortController().signal, refresh);
      expect(errors).toEqual([]);
    };
    const { portal } = sandbox;
    await sync(WITH_VALUES);
    const ids = portal.truth('contacts').live.map(({ id }) => id);
    const [edited, archived, loser, survivor] = ids as [string, string, string, string];
    portal.edit('contacts', edited, { firstname: "O'Brien\\", annualrevenue: '0.30', lastname: 'New' });
    portal.archive('contacts', archived);
    portal.merge('contacts', loser, survivor);
    portal.create('contacts', { firstname: 'New' });
    portal.edit('companies', portal.truth('companies').live[0]?.id as string, { name: 'Edited' });
    if (schema === 'TYPED') await run(['plan'], pipeline(WITH_VALUES));
    await sync([...WITH_VALUES, 'lastname']);
    if (isShort) return;
    await sync([...WITH_VALUES, 'lastname']);
    // Of a property less, too: its column stays, without values.
    await sync(WITH_VALUES, companies === 'overwrite' ? ['contacts'] : ['contacts', 'companies']);
  }
});

interface Kind {
  /** The mode of the companies; the contacts' is append_dedup. */
  companies: 'append' | 'overwrite';
  options: object;
  /** Without the syncs after the first changes. */
  isShort?: boolean;
}

/** The pipelines, by their schemas. */
const KINDS: Record<string, Kind> = {
  TYPED: { companies: 'overwrite', options: {} },
  RAW: { companies: 'append', options: { table_form: 'raw', cdc_deletion_mode: 'Hard delete' } },
  // What is left: hard deletes of typed rows.
  HARD: { companies: 'append', options: { cdc_deletion_mode: 'Hard delete' }, isShort: true },
};
