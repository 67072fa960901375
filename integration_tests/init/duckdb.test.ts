import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { query, tables } from '../support/duckdb.js';
import { hubflake, TestFolder } from '../support/processes/command.js';
import { atTerminal, KEYS, type Step } from '../support/processes/terminal.js';

/** `hubflake init` into DuckDB, at a terminal and from scripts, and `sync` on what it wrote. */

const TOKEN = 'pat-na1-canary-of-init-0123456789';
let sandbox: Sandbox;
let folder: TestFolder;
let environment: Record<string, string>;

beforeAll(async () => {
  // Few streams are enough, and the others are missing for want of a scope.
  const scopes = ['crm.objects.companies.read', 'crm.objects.deals.read', 'crm.objects.owners.read'];
  sandbox = await startSandbox({ token: TOKEN, scopes, counts: { companies: 7, deals: 40 }, limits: 'off' });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  folder = new TestFolder();
  environment = { HUBSPOT_BASE_URL: sandbox.url };
});
afterEach(() => folder.remove());

const read = (name: string) => readFileSync(folder.join(name), 'utf8');
const pipeline = () => JSON.parse(read('pipeline.json'));
const files = () => readdirSync(folder.path).sort();
const modeOf = (name: string) => (statSync(folder.join(name)).mode & 0o777).toString(8);
const live = (object: string) => sandbox.portal.truth(object).live.length;
const play = (steps: readonly Step[], args: readonly string[] = []) =>
  atTerminal(['init', ...args], steps, { cwd: folder.path, environment });
const script = (args: readonly string[], more: Record<string, string> = {}) =>
  hubflake(['init', ...args], { cwd: folder.path, environment: { ...environment, ...more } });

const { enter, down, space, interrupt } = KEYS;
const NAME: Step = ['Name of the pipeline', enter];
const LOGIN: Step = ['log in to HubSpot', enter];
const TYPED: Step = ['service key or access token', `${TOKEN}${enter}`];
const EVERYTHING: Step = ['What is to be synced', enter];
const DUCKDB: Step = ['Where are the tables to go', enter];
const FILE: Step = ['Path of the DuckDB file', enter];

/** `sync` on what was written, in the folder, with nothing but it. */
async function synced(config = 'pipeline.json') {
  const outcome = await hubflake(['sync', '--config', config, '--json'], { cwd: folder.path, environment });
  expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
  return JSON.parse(outcome.stdout);
}

test('from an empty folder to rows in tables, by pressing enter', async () => {
  const played = await play([NAME, LOGIN, TYPED, EVERYTHING, DUCKDB, FILE]);
  expect(played).toMatchObject({ code: 0 });
  expect(played.screen).toMatch(new RegExp(`deals +${live('deals')}\\b`));
  expect(played.screen).toMatch(/deals +append_dedup +first load/);
  expect(played.screen).toMatch(/Next:\n {2}node \S+main\.js sync --config pipeline\.json/);
  expect(played.screen).toMatch(/\d+ streams cannot be read: \w+: the token lacks the scope/);
  expect(played.screen).not.toContain(TOKEN);
  expect(files()).toEqual(['.env', 'pipeline.json']);
  expect(pipeline()).toEqual({
    $schema: expect.stringMatching(/^https:\/\/unpkg\.com\/hubflake@.*\/spec\/pipeline\.schema\.json$/),
    name: 'hubspot',
    source: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what a pipeline has
      credentials: { credentials_title: 'Private App Credentials', access_token: '${HUBSPOT_TOKEN}' },
      layout: 'columns',
    },
    destination: { type: 'duckdb', path: 'hubspot.duckdb' },
  });
  expect([modeOf('.env'), read('.env')]).toEqual(['600', `HUBSPOT_TOKEN='${TOKEN}'\n`]);
  await synced();
  const [row] = await query(folder.join('hubspot.duckdb'), 'SELECT count(*) AS rows FROM deals WHERE NOT archived');
  expect(Number(row?.rows)).toBe(live('deals'));
});

test('some objects only, chosen from the list', async () => {
  const played = await play([
    ...[NAME, LOGIN, TYPED],
    ['What is to be synced', `${down}${enter}`],
    // The largest first.
    ['Which ones', space],
    ['◼ +\\S+', enter],
    ...[DUCKDB, FILE],
  ] as Step[]);
  expect(played).toMatchObject({ code: 0 });
  const { objects } = pipeline().source;
  expect(objects).toHaveLength(1);
  const { streams } = await synced();
  expect(streams).toHaveLength(1);
});

test('a refused token is said, and asked for again; of what was typed nothing is shown', async () => {
  const played = await play(
    [
      ...[NAME, LOGIN],
      ['service key or access token', `canary-of-a-wrong-token${enter}`],
      ['HubSpot refused the access token', ''],
      ['service key or access token', `with a space${enter}`],
      ['has a character that cannot be in a token', ''],
      ...[TYPED, DUCKDB, FILE],
    ] as Step[],
    ['--objects', 'deals'],
  );
  expect(played).toMatchObject({ code: 0 });
  expect(played.screen).not.toContain('canary');
  expect(read('.env')).toBe(`HUBSPOT_TOKEN='${TOKEN}'\n`);
});

test.each<[string, Step[]]>([
  ['at the first question', [['Name of the pipeline', interrupt]]],
  ['at the token', [NAME, LOGIN, ['service key or access token', interrupt]]],
  ['while HubSpot is asked', [NAME, LOGIN, TYPED, ['Asking HubSpot', interrupt]]],
  ['at the last question', [NAME, LOGIN, TYPED, EVERYTHING, DUCKDB, ['Path of the DuckDB file', interrupt]]],
  [
    'while the destination is tried',
    [NAME, LOGIN, TYPED, EVERYTHING, DUCKDB, FILE, ['Trying the destination', interrupt]],
  ],
])('Ctrl-C %s leaves nothing', async (_, steps) => {
  sandbox.switches.set({ latencyMs: 30 });
  const played = await play(steps).finally(() => sandbox.switches.set({ latencyMs: 0 }));
  expect(played.code === 130 || played.signal === 2).toBe(true);
  expect(files()).toEqual([]);
});

test('Ctrl-C while the plan is made leaves the pipeline, whole', async () => {
  sandbox.switches.set({ latencyMs: 30 });
  const played = await play([NAME, LOGIN, TYPED, EVERYTHING, DUCKDB, FILE, ['first sync would do', interrupt]]).finally(
    () => sandbox.switches.set({ latencyMs: 0 }),
  );
  expect(played.code === 130 || played.signal === 2).toBe(true);
  expect([files(), pipeline().name]).toEqual([['.env', 'pipeline.json'], 'hubspot']);
});

test('a pipeline that is there is not overwritten without being asked for', async () => {
  folder.write('pipeline.json', 'mine');
  const refused = await play([['is there already. Write a new one', enter]]);
  expect(refused.code).toBe(1);
  expect(refused.screen).toContain('was left as it is');
  expect(await script(['--yes'], { HUBSPOT_TOKEN: TOKEN })).toMatchObject({ code: 1, stdout: '' });
  expect([files(), read('pipeline.json')]).toEqual([['pipeline.json'], 'mine']);
  const steps: Step[] = [['is there already. Write a new one', 'y'], NAME, LOGIN, TYPED, DUCKDB, FILE];
  const agreed = await play(steps, ['--objects', 'deals']);
  expect([agreed.code, pipeline().name]).toEqual([0, 'hubspot']);
});

describe('with --yes nothing is asked at a terminal, either', () => {
  const ended = async (token: string, args: readonly string[] = ['--objects', 'deals']) => {
    environment.HUBSPOT_TOKEN = token;
    const { code, screen } = await play([], ['--yes', ...args]);
    return [code, screen.replace(/\s+/g, ' ')];
  };

  test('but all is done', async () => {
    expect(await ended(TOKEN)).toEqual([0, expect.stringContaining('first load')]);
    expect(files()).toEqual(['.env', 'pipeline.json']);
  });

  test('where a pipeline is there', async () => {
    folder.write('pipeline.json', 'mine');
    expect(await ended(TOKEN)).toEqual([1, expect.stringContaining('pipeline.json is there already, and was left')]);
    expect(read('pipeline.json')).toBe('mine');
  });

  test('where .env has another token', async () => {
    folder.write('.env', 'HUBSPOT_TOKEN=old');
    expect(await ended(TOKEN)).toEqual([1, expect.stringContaining('with another value, and nothing was written.')]);
    expect([files(), read('.env')]).toEqual([['.env'], 'HUBSPOT_TOKEN=old']);
  });

  test('where a token is refused, or there is none', async () => {
    expect(await ended('nonsense-of-tests')).toEqual([1, expect.stringContaining('HubSpot refused the access token.')]);
    expect(await ended('')).toEqual([
      1,
      expect.stringContaining('With --yes nothing is asked, and there is no answer to these: --token'),
    ]);
  });
});

test('what looks like a variable in an answer is none in the pipeline', async () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what is not to be taken for a variable
  const answers = ['--name', 'x${y}', '--path', 'a${b}$${c}.duckdb', '--objects', 'deals'];
  const outcome = await script(['--yes', ...answers], { HUBSPOT_TOKEN: TOKEN });
  expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
  expect(pipeline()).toMatchObject({ name: 'x$${y}', destination: { path: 'a$${b}$$${c}.duckdb' } });
  await synced();
  expect(files()).toContain('a${b}$${c}.duckdb');
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
});

describe('from a script', () => {
  const yes = (...more: string[]) => script(['--yes', ...more], { HUBSPOT_TOKEN: TOKEN });

  test('options say all; what cannot be asked is named at once', async () => {
    expect(await script([])).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'ERROR There is no terminal to ask at, and no answer to these: --name, --token (better: HUBSPOT_TOKEN in the environment), --objects, --destination. Give them, or run hubflake init at a terminal. [HF-CONFIG]\n',
    });
    expect(files()).toEqual([]);
    const outcome = await script(
      ['--name', 'crm', '--objects', 'deals,owners', '--destination', 'duckdb', '--path', 'a.duckdb', '--schema', 'hs'],
      { HUBSPOT_TOKEN: TOKEN },
    );
    expect(outcome.code).toBe(0);
    expect(pipeline()).toMatchObject({
      name: 'crm',
      source: { objects: [{ object_type: 'deals' }, { object_type: 'owners' }] },
      destination: { type: 'duckdb', path: 'a.duckdb', schema: 'hs' },
    });
    expect((await synced()).streams.map(({ stream }: { stream: string }) => stream)).toEqual(['deals', 'owners']);
    expect(await tables(folder.join('a.duckdb'))).toEqual(expect.arrayContaining(['deals', 'owners']));
  });

  test('--yes gives the usual answers; the counts are on stderr, the plan on stdout', async () => {
    const outcome = await yes('--objects', 'deals');
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(new RegExp(`deals +${live('deals')}\\b`));
    expect(outcome.stdout).toMatch(/deals +append_dedup +first load/);
    expect(outcome.stdout + outcome.stderr).not.toContain(TOKEN);
    expect(files()).toEqual(['.env', 'pipeline.json']);
  });

  test('an OAuth app', async () => {
    const { clientId, clientSecret, refreshToken } = sandbox.oauth;
    const outcome = await script(['--yes', '--auth', 'oauth', '--client-id', clientId, '--objects', 'deals'], {
      HUBSPOT_CLIENT_SECRET: clientSecret,
      HUBSPOT_REFRESH_TOKEN: refreshToken,
    });
    expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
    expect(pipeline().source.credentials.client_id).toBe(clientId);
    expect(read('pipeline.json')).not.toContain(clientSecret);
    expect((await synced()).streams).toHaveLength(1);
  });

  test('a refused token, an object that is none, a folder that is not there: a sentence each, exit code 1, no files', async () => {
    const wrong = await script(['--yes'], { HUBSPOT_TOKEN: 'nonsense-of-tests' });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('HubSpot refused the access token.')]);
    const none = await yes('--objects', 'daels');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('Did you mean "deals"?')]);
    for (const nothing of ['', ' ', ',']) {
      const { code, stderr } = await yes('--objects', nothing);
      expect([code, stderr]).toEqual([1, expect.stringContaining('--objects names nothing.')]);
    }
    expect((await yes('--objects', 'all,daels')).code).toBe(1);
    const nowhere = await yes('--path', 'none/a.duckdb');
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('--path: The folder none does not')]);
    expect((await yes('--destination', 'duckbd')).stderr).toContain('should be one of duckdb, snowflake');
    expect(files()).toEqual([]);
  });

  test('objects are named as a pipeline names them: by streams, in any case, singular, or by type ids; with "all" among them, all are', async () => {
    for (const [named, meant] of [
      ['Deals,deal', ['deals']],
      ['0-2, OWNERS', ['companies', 'owners']],
    ] as const) {
      expect((await yes('--objects', named, '--force')).code).toBe(0);
      expect(pipeline().source.objects).toEqual(meant.map((object_type) => ({ object_type })));
    }
    expect((await yes('--objects', 'deals,All', '--force')).code).toBe(0);
    expect(pipeline().source.objects).toBeUndefined();
  });

  test('trying a token takes few calls; where HubSpot does not count, some searches do', async () => {
    const offered = async () => {
      const before = sandbox.calls.counts().total;
      const { stderr } = await yes('--objects', 'none');
      return { calls: sandbox.calls.counts().total - before, stderr };
    };
    expect((await offered()).calls).toBeLessThanOrEqual(12);
    sandbox.faults.set([{ kind: 'recordCounts', fault: { type: 'error', status: 404 } }]);
    const { calls, stderr } = await offered().finally(() => sandbox.faults.set([]));
    expect(stderr).toMatch(new RegExp(`deals +${live('deals')}\\b`));
    expect(calls).toBeLessThanOrEqual(17);
  });

  test('a token among the options is taken, with a warning', async () => {
    const outcome = await script(['--yes', '--objects', 'deals', '--token', TOKEN]);
    expect([outcome.code, outcome.stderr]).toEqual([0, expect.stringContaining('--token is visible to other users')]);
  });

  test('a refresh token that serves once: the pipeline has the newest one', async () => {
    const rotating = await startSandbox({ counts: { '*': 0, deals: 3 }, limits: 'off', rotateRefreshToken: true });
    try {
      environment.HUBSPOT_BASE_URL = rotating.url;
      const { clientId, clientSecret, refreshToken } = rotating.oauth;
      const args = ['--yes', '--auth', 'oauth', '--client-id', clientId, '--objects', 'deals'];
      const outcome = await script(args, { HUBSPOT_CLIENT_SECRET: clientSecret, HUBSPOT_REFRESH_TOKEN: refreshToken });
      expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
      expect(read('.env')).toContain(rotating.access.refreshToken);
      expect((await synced()).streams).toHaveLength(1);
    } finally {
      await rotating.close();
    }
  });

  test('without .env, the plan takes the token that was given', async () => {
    const outcome = await script(['--yes', '--no-env', '--objects', 'deals', '--token', TOKEN]);
    expect([outcome.code, outcome.stdout]).toEqual([0, expect.stringContaining('first load')]);
    expect(files()).toEqual(['pipeline.json']);
  });

  test('YAML, and no .env', async () => {
    const outcome = await yes('--config', 'crm.yaml', '--no-env', '--objects', 'deals');
    expect([outcome.code, files()]).toEqual([0, ['crm.yaml']]);
    expect(read('crm.yaml')).toMatch(/^# yaml-language-server: \$schema=\S+\nname: hubspot\n/);
    const refused = await hubflake(['plan', '--config', 'crm.yaml'], { cwd: folder.path, environment });
    expect(refused.stderr).toContain('HUBSPOT_TOKEN, which is not set');
    environment.HUBSPOT_TOKEN = TOKEN;
    expect((await synced('crm.yaml')).streams).toHaveLength(1);
  });

  test('what .env has besides stays; another value of a secret is only changed with --force', async () => {
    folder.write('.env', `# mine\nOTHER=1\nexport HUBSPOT_TOKEN=old # of last year\nLAST=2`);
    const refused = await yes('--objects', 'deals');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('.env has HUBSPOT_TOKEN with another value, and nothing was written'),
    ]);
    expect(files()).toEqual(['.env']);
    expect((await yes('--objects', 'deals', '--force')).code).toBe(0);
    expect([read('.env'), modeOf('.env')]).toEqual([`# mine\nOTHER=1\nLAST=2\nHUBSPOT_TOKEN='${TOKEN}'\n`, '600']);
  });

  test('git ignores .env afterwards; one that it already tracks is said', async () => {
    const git = (...args: string[]) => execFileSync('git', ['-C', folder.path, ...args], { encoding: 'utf8' });
    git('init', '--quiet');
    folder.write('.gitignore', 'node_modules/');
    const first = await yes('--objects', 'deals');
    expect(first.stderr).toContain('.env was added to');
    expect(read('.gitignore')).toBe('node_modules/\n.env\n');
    expect(git('status', '--short', '--untracked-files=all')).not.toContain('.env');
    await yes('--objects', 'deals', '--force');
    expect(read('.gitignore')).toBe('node_modules/\n.env\n');
    git('add', '--force', '.env');
    expect((await yes('--objects', 'deals', '--force')).stderr).toContain('git rm --cached .env');
  });
});
