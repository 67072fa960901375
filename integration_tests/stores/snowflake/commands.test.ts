import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { configure, hubflake, ofType, shell, TestFolder } from '../../support/processes/command.js';
import { judgeMessages } from '../../support/schedules/judge.js';
import type { StandIn } from '../../support/stand-in/snowflake.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';

/** The commands as users run them, into Snowflake. */

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const SECRET = 'canary-of-snowflake-0123456789';

const warehouse = new StandInWarehouse();
let standIn: StandIn;
let folder: TestFolder;

beforeEach(async () => {
  await warehouse.begin();
  standIn = warehouse.standIn;
  folder = new TestFolder();
});
afterEach(() => folder.remove());
afterAll(() => warehouse.end());

const destination = (changes: object = {}) => ({
  host: standIn.url,
  role: 'LOADER',
  warehouse: 'LOADING',
  database: DATABASE,
  schema: SCHEMA,
  username: 'LOADER_USER',
  credentials: { auth_type: 'Programmatic Access Token', token: SECRET },
  ...changes,
});
const run = async (args: string[], options: Parameters<typeof hubflake>[1] = {}) => {
  const outcome = await hubflake(args, { cwd: folder.path, ...options });
  expect(outcome.stdout + outcome.stderr).not.toContain(SECRET);
  expect(outcome.stdout + outcome.stderr).not.toContain(KEY.split('\n')[2]);
  return outcome;
};
const check = async (config: object, environment: Record<string, string> = {}) => {
  const outcome = await run(['destination', 'check', '--config', folder.write('d.json', config)], { environment });
  await judgeMessages(outcome.lines);
  expect(outcome.code).toBe(0);
  return ofType(outcome, 'CONNECTION_STATUS')[0]?.connectionStatus;
};

test('destination spec prints one SPEC with the Snowflake options and the three modes', async () => {
  const outcome = await run(['destination', 'spec']);
  await judgeMessages(outcome.lines);
  const [{ spec } = {}] = ofType(outcome, 'SPEC');
  expect(spec?.supported_destination_sync_modes).toEqual(['overwrite', 'append', 'append_dedup']);
  expect(
    Object.keys(
      ((spec as { connectionSpecification: unknown }).connectionSpecification as { properties: object }).properties,
    ),
  ).toEqual(expect.arrayContaining(['host', 'role', 'warehouse', 'database', 'schema', 'username', 'credentials']));
});

describe('destination check', () => {
  test.each(['typed', 'raw'])('makes, fills, merges and drops a %s table, and leaves nothing', async (table_form) => {
    expect(await check(destination({ table_form }))).toMatchObject({ status: 'SUCCEEDED' });
    const sent = (await standIn.statements()).map(({ sql }) => sql);
    for (const verb of ['CREATE TABLE', 'PUT ', 'COPY INTO', 'MERGE INTO', 'DROP TABLE']) {
      expect(sent.some((sql) => sql.startsWith(verb))).toBe(true);
    }
    expect(await standIn.query(`SHOW TERSE OBJECTS IN SCHEMA "${DATABASE}"."${SCHEMA}"`)).toEqual([]);
    expect(await standIn.stagedFiles()).toEqual([]);
  });

  test('drops what checks have left that were killed long ago', async () => {
    const made = (hours: number) =>
      Math.floor(Date.now() / 1000 - hours * 3600)
        .toString(36)
        .toUpperCase();
    const [old, young] = [made(2), made(0)].map((at) => `_HUBFLAKE_CHECK_${at}_0123ABCD`);
    for (const name of [old, young]) await standIn.query(`CREATE TABLE "${DATABASE}"."${SCHEMA}"."${name}" (A INT)`);
    expect(await check(destination())).toMatchObject({ status: 'SUCCEEDED' });
    expect(await warehouse.tables()).toEqual([young]);
  });

  test('a schema that is not there is an error that says what to run', async () => {
    const failed = await check(destination({ schema: 'Missing' }));
    expect(failed).toMatchObject({ status: 'FAILED' });
    expect(failed?.message).toContain('has no schema "Missing", or the role LOADER may not use it. Run: CREATE SCHEMA');
    expect(failed?.message).toContain('"create_schema": true');
  });

  test('a schema that is not there is made where that is asked for', async () => {
    expect(await check(destination({ schema: 'Fresh', create_schema: true }))).toMatchObject({ status: 'SUCCEEDED' });
    expect(
      (await standIn.query(`SHOW TERSE SCHEMAS LIKE 'Fresh' IN DATABASE "${DATABASE}"`)).map((row) => row.name),
    ).toContain('Fresh');
  });

  test("key pair logins are signed with the user's key, encrypted or not", async () => {
    await standIn.users({ LOADER_USER: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
    const credentials = { auth_type: 'Key Pair Authentication', private_key: KEY };
    expect(await check(destination({ credentials }))).toMatchObject({ status: 'SUCCEEDED' });
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: SECRET });
    const file = folder.join('key.p8');
    writeFileSync(file, encrypted, { mode: 0o600 });
    const fromFile = { private_key_file: file, private_key_password: SECRET };
    expect(await check(destination({ credentials: fromFile }))).toMatchObject({ status: 'SUCCEEDED' });
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    });
    expect(await check(destination({ credentials: { private_key: other } }))).toEqual({
      status: 'FAILED',
      message: expect.stringContaining('Snowflake refused the key of the user LOADER_USER'),
    });
    await standIn.clock(400);
    expect(await check(destination({ credentials }))).toEqual({
      status: 'FAILED',
      message: expect.stringMatching(/this machine's clock is \d+ s behind/),
    });
  });

  test('the other logins send what Snowflake wants', async () => {
    await standIn.passwords({
      LOADER_USER: {
        password: `${SECRET}-p`,
        pat: SECRET,
        oauth: `${SECRET}-o`,
        client: { id: 'c', secret: `${SECRET}-c` },
      },
    });
    const kinds: [object, string][] = [
      [{ auth_type: 'Programmatic Access Token', token: SECRET }, 'PROGRAMMATIC_ACCESS_TOKEN'],
      [{ auth_type: 'OAuth', access_token: `${SECRET}-o` }, 'OAUTH'],
      [
        {
          auth_type: 'OAuth',
          client_id: 'c',
          client_secret: `${SECRET}-c`,
          token_url: `${standIn.url}/oauth/token-request`,
        },
        'OAUTH',
      ],
      [{ auth_type: 'Snowpark Container Services', token_file: folder.write('token', `${SECRET}-o\n`) }, 'OAUTH'],
      [{ auth_type: 'Username and Password', password: `${SECRET}-p` }, 'SNOWFLAKE'],
    ];
    for (const [credentials, authenticator] of kinds) {
      expect(await check(destination({ credentials }))).toMatchObject({ status: 'SUCCEEDED' });
      expect((await standIn.logins()).at(-1)).toMatchObject({
        authenticator,
        role: 'LOADER',
        warehouse: 'LOADING',
        application: 'hubflake',
      });
    }
  });

  interface Trouble {
    what: string;
    /** Makes it. */
    provoke?: () => Promise<void>;
    changes?: object | (() => object);
    says: string | RegExp;
  }
  const client = (token_url: string) => ({ auth_type: 'OAuth', client_id: 'c', client_secret: SECRET, token_url });
  const refuse = (match: string, code: string, message: string) => () =>
    standIn.rules([{ match, times: null, fault: { error: { code, message } } }]);

  test.each<Trouble>([
    {
      what: 'a wrong password',
      provoke: () => standIn.passwords({ LOADER_USER: 'another' }),
      changes: { credentials: { password: SECRET } },
      says: 'Snowflake refused the login of the user LOADER_USER',
    },
    {
      what: 'a wrong token',
      provoke: () => standIn.passwords({ LOADER_USER: { pat: 'another' } }),
      says: 'Snowflake refused the programmatic access token',
    },
    {
      what: 'an expired OAuth token',
      provoke: () => standIn.passwords({ LOADER_USER: { expiredOauth: SECRET } }),
      changes: { credentials: { access_token: SECRET } },
      says: 'it has expired',
    },
    {
      what: 'a wrong client of OAuth',
      provoke: () => standIn.passwords({ LOADER_USER: { oauth: 'o', client: { id: 'c', secret: 'another' } } }),
      changes: () => ({ credentials: client(`${standIn.url}/oauth/token-request`) }),
      says: /^The OAuth server at .* gave no token \(401: invalid_client: .*\)\. Check client_id, client_secret and scope/,
    },
    {
      what: 'an OAuth server that is none',
      changes: () => ({ credentials: client(`${standIn.url}/fs_bucket/none`) }),
      says: /^The OAuth server at .* answered with no token\. Check token_url/,
    },
    {
      what: 'no container',
      changes: { credentials: { auth_type: 'Snowpark Container Services' } },
      says: 'works only inside such a container',
    },
    {
      what: 'a role that is none',
      provoke: () => standIn.unknown({ roles: ['LOADER'] }),
      says: 'The role LOADER does not exist, or was not granted',
    },
    {
      what: 'a warehouse that is none',
      provoke: () => standIn.unknown({ warehouses: ['LOADING'] }),
      says: 'the warehouse LOADING does not exist, or the role LOADER may not use it',
    },
    {
      what: 'a database that is none',
      provoke: () => standIn.unknown({ databases: [DATABASE] }),
      says: 'The database "ANALYTICS" does not exist',
    },
    {
      what: 'a network policy',
      provoke: () =>
        standIn.rules([
          {
            on: 'login',
            times: null,
            fault: {
              error: {
                code: '390422',
                message: 'Incoming request with IP/Token 203.0.113.7 is not allowed to access Snowflake.',
              },
            },
          },
        ]),
      says: 'does not let 203.0.113.7 in',
    },
    {
      what: 'no right to create tables',
      provoke: refuse(
        'CREATE OR REPLACE TRANSIENT TABLE',
        '003001',
        "SQL access control error:\nInsufficient privileges to operate on schema 'HUBSPOT'.",
      ),
      says: /lacks a privilege.*schema 'HUBSPOT'.*GRANT CREATE TABLE ON SCHEMA "ANALYTICS"."HUBSPOT" TO ROLE LOADER/,
    },
    {
      what: 'a suspended warehouse',
      provoke: refuse(
        'COPY INTO',
        '090073',
        "Warehouse 'LOADING' cannot be resumed because resource monitor 'CAP' has exceeded its quota.",
      ),
      says: /the warehouse LOADING is suspended and cannot be resumed.*resource monitor 'CAP'/,
    },
    {
      what: 'a session parameter that is none',
      provoke: refuse('ALTER SESSION', '000002', "invalid parameter 'NONSENSE'"),
      changes: { jdbc_url_params: 'NONSENSE=1' },
      says: /jdbc_url_params.*NONSENSE/,
    },
    {
      what: 'a refused upload',
      provoke: () => standIn.rules([{ on: 'upload', times: null, fault: { status: 403 } }]),
      says: /Writing to the table .* failed/,
    },
  ])('says clearly: $what', async ({ provoke, changes, says }) => {
    await provoke?.();
    const answer = await check(destination(typeof changes === 'function' ? changes() : changes));
    await standIn.rules([]);
    expect(answer).toEqual({ status: 'FAILED', message: expect.stringMatching(says) });
  });
});

test.each<Record<string, string>>([{}, { DEBUG: '*' }, { DIAGNOSTICS: 'winston*' }])(
  'nothing of the driver comes to stdout, or into the working folder: %j',
  async (environment) => {
    const config = folder.write('d.json', destination());
    const before = readdirSync(folder.path).sort();
    const outcome = await run(['destination', 'check', '--config', config], { environment });
    expect(outcome.code).toBe(0);
    if (Object.keys(environment).length === 0) expect(outcome.stderr).toBe('');
    else expect(outcome.stderr).toContain('winston');
    expect(outcome.lines).toHaveLength(1);
    expect(readdirSync(folder.path).sort()).toEqual(before);
  },
);

test('a host where nobody answers is an error soon, which waiting may mend', async () => {
  const outcome = await check(destination({ host: 'http://127.0.0.1:9' }));
  expect(outcome).toEqual({
    status: 'FAILED',
    message: expect.stringContaining('Snowflake cannot be reached at http://127.0.0.1:9'),
  });
});

describe('with HubSpot', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ token: SECRET, counts: { contacts: 350, companies: 40 }, limits: 'off' });
  });
  afterEach(() => sandbox.close());

  const environment = () => ({ HUBSPOT_BASE_URL: sandbox.url });
  const pipeline = (changes: object = {}) =>
    folder.write('p.json', {
      name: 'crm',
      source: {
        credentials: { access_token: SECRET },
        objects: [{ object_type: 'contacts' }, { object_type: 'companies' }],
        layout: 'columns',
      },
      destination: destination(),
      ...changes,
    });
  const contacts = () => sandbox.portal.truth('contacts').live;
  const sync = async (path = pipeline()) => {
    const outcome = await run(['sync', '--json', '--config', path], {
      environment: { ...environment(), HUBFLAKE_PAUSES: '10,10' },
    });
    return {
      ...outcome,
      result: JSON.parse(outcome.stdout) as {
        streams: { table: string; inserted: number; updated: number; marked: number }[];
      },
    };
  };

  test('sync makes tables that equal the portal, then merges what changed', async () => {
    const first = await sync();
    expect(first).toMatchObject({
      code: 0,
      result: {
        streams: expect.arrayContaining([expect.objectContaining({ table: 'CONTACTS', inserted: contacts().length })]),
      },
    });
    expect(await warehouse.tables()).toEqual(['COMPANIES', 'CONTACTS']);
    const before = contacts().length;
    const [edited, archived] = contacts().map(({ id }) => id) as [string, string];
    sandbox.portal.edit('contacts', edited, { firstname: 'Edited' });
    sandbox.portal.archive('contacts', archived);
    const second = await sync();
    expect(second.result.streams.find(({ table }) => table === 'CONTACTS')).toMatchObject({ inserted: 0, marked: 1 });
    const rows = await warehouse.rows('contacts', { id: 'text', firstname: 'text', archived: 'boolean' });
    expect(rows).toHaveLength(before);
    expect(rows.find(({ id }) => id === edited)).toEqual({ id: edited, firstname: 'Edited', archived: false });
    expect(rows.find(({ id }) => id === archived)).toMatchObject({ archived: true });
    const tags = (await standIn.statements())
      .filter(({ sql }) => sql.startsWith('MERGE INTO'))
      .map(({ parameters }) => JSON.parse(String(parameters.QUERY_TAG)));
    expect(tags).toContainEqual({ app: 'hubflake', pipeline: 'crm', stream: 'contacts' });
  });

  test('zero results leave the schema as it was, the table of states included', async () => {
    const empty = {
      ...JSON.parse('{}'),
      source: {
        credentials: { access_token: SECRET },
        objects: [{ object_type: 'contacts', updated_after: '2099-01-01' }],
      },
    };
    expect(await sync(pipeline(empty))).toMatchObject({ code: 0 });
    expect(await warehouse.tables()).toEqual([]);
    expect(await warehouse.hasStates()).toBe(false);
    expect((await standIn.statements()).filter(({ sql }) => /^(CREATE|MERGE|PUT|INSERT)/.test(sql))).toEqual([]);
  });

  test('read | write puts the same rows into one configured table', async () => {
    const source = folder.write('s.json', { credentials: { access_token: SECRET }, layout: 'columns' });
    const discovered = await run(['discover', '--config', source], { environment: environment() });
    const catalog = folder.write(
      'k.json',
      configure(discovered, (name) => name === 'contacts'),
    );
    const config = folder.write('d.json', destination({ table_name: 'people' }));
    const piped = await shell(
      `HUBSPOT_BASE_URL=${sandbox.url} node dist/main.js read --config ${source} --catalog ${catalog} | node dist/main.js write --config ${config} --catalog ${catalog}`,
      '',
    );
    expect(piped.code).toBe(0);
    await judgeMessages(piped.lines);
    expect(ofType(piped, 'STATE').length).toBeGreaterThan(0);
    expect(await warehouse.tables()).toEqual(['PEOPLE']);
    expect(await warehouse.rows('people', { id: 'text' })).toHaveLength(contacts().length);
    expect(await warehouse.hasStates()).toBe(false);
  });

  test.each([1, null])(
    'a session that ends in mid-commit is replaced; where each does (%j), the next run makes it whole',
    async (times) => {
      await standIn.rules([
        {
          match: 'MERGE INTO "ANALYTICS"."HUBSPOT"."CONTACTS"',
          times,
          fault: {
            error: { code: '390111', message: 'Session no longer exists. New login required to access the service.' },
          },
        },
      ]);
      const first = await sync();
      if (times !== null) {
        expect(first).toMatchObject({ code: 0 });
        expect(await warehouse.rows('contacts', { id: 'text' })).toHaveLength(contacts().length);
        return;
      }
      await standIn.rules([]);
      expect(first).toMatchObject({
        code: 1,
        result: {
          errors: [
            {
              stream: 'contacts',
              kind: 'transient_error',
              message: expect.stringContaining('Nothing of this batch was confirmed'),
            },
          ],
        },
      });
      expect(await warehouse.tables()).toContain('COMPANIES');
      const states = await standIn.query(
        `SELECT "STREAM" FROM "${DATABASE}"."${SCHEMA}"."_HUBFLAKE_STATE" WHERE "STATE" IS NOT NULL`,
      );
      expect(states).toEqual([{ STREAM: 'companies' }]);
      expect(await sync()).toMatchObject({ code: 0 });
      expect(await warehouse.rows('contacts', { id: 'text' })).toHaveLength(contacts().length);
    },
  );
});
