import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { runSuite } from '../airbyte/suite.js';
import { root } from '../airbyte/tools.js';
import { query } from '../support/duckdb.js';
import { configure, ofType, run, TestFolder } from '../support/processes/command.js';
import { judgeMessages } from '../support/schedules/judge.js';
import { BuiltImage } from './built-image.js';

const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
/** MB. The images had 336 when this was written. */
const LARGEST = 360;

const source = new BuiltImage(`hubflake/source-hubspot:${version}`);
const destination = new BuiltImage(`hubflake/destination-snowflake:${version}`);
let sandbox: Sandbox;
let folder: TestFolder;
let home: string;

beforeAll(async () => {
  sandbox = await startSandbox({
    counts: { contacts: 2_500 },
    limits: { burst: 5000, searchPerSecond: 1000 },
    latencyMs: 30,
  });
  folder = new TestFolder();
  home = folder.join('home');
  mkdirSync(home);
  // The containers' user is another one.
  chmodSync(folder.path, 0o755);
  chmodSync(home, 0o777);
});

afterAll(async () => {
  folder.remove();
  source.remove();
  destination.remove();
  await sandbox.close();
});

const volumes = () => [`${folder.path}:/work`, `${home}:/airbyte`];
const environment = () => ({ HUBSPOT_BASE_URL: sandbox.url });

/** The files of a configuration and a catalog of these streams, in the folder that containers have as /work. */
async function prepare(streams: string[], options: object = {}): Promise<void> {
  folder.write('source.json', { credentials: { access_token: sandbox.token }, ...options });
  const discovered = await source.run(['discover', '--config', '/work/source.json'], {
    volumes: volumes(),
    environment: environment(),
  });
  await judgeMessages(discovered.lines);
  folder.write(
    'catalog.json',
    configure(discovered, (name) => streams.includes(name)),
  );
}

test.each([
  ['source', source, 'hubflake/source-hubspot'],
  ['destination', destination, 'hubflake/destination-snowflake'],
])('the %s says what Airbyte asks of an image', (_, { config, root: files }, name) => {
  expect(config).toMatchObject({ User: 'airbyte', WorkingDir: '/airbyte', StopSignal: 'SIGTERM' });
  expect(config.Labels).toMatchObject({ 'io.airbyte.name': name, 'io.airbyte.version': version });
  expect(config.Env).toContain(`AIRBYTE_ENTRYPOINT=${config.Entrypoint.join(' ')}`);
  const paths = config.Entrypoint.filter((part) => part.startsWith('/'));
  expect(paths).toHaveLength(2);
  for (const path of paths) expect([path, existsSync(files + path)]).toEqual([path, true]);
  expect(readFileSync(`${files}/etc/passwd`, 'utf8')).toContain('airbyte:x:1000:');
  expect(statSync(`${files}/airbyte`).uid).toBe(1000);
});

test('nothing is in it that does not run', () => {
  const modules = `${source.root}/hubflake/node_modules`;
  expect(readdirSync(`${source.root}/hubflake`).sort()).toEqual(
    ['LICENSE', 'dist', 'node_modules', 'package.json', 'sbom.cdx.json', 'spec'].sort(),
  );
  for (const tool of ['typescript', 'jest', '@biomejs', 'fast-check', 'knip'])
    expect(readdirSync(modules)).not.toContain(tool);
  expect(readdirSync(`${source.root}/usr/local/bin`)).toEqual(['node']);
  const files = readdirSync(`${source.root}/hubflake`, { recursive: true }) as string[];
  expect(files.filter((file) => /\.(map|d\.ts|test\.js)$/.test(file))).toEqual([]);
  expect(source.megabytes).toBeLessThan(LARGEST);
});

test('the bill of materials names every package that is in it, and no other', () => {
  const bill = JSON.parse(readFileSync(`${root}dist-image/sbom.cdx.json`, 'utf8')) as {
    bomFormat: string;
    components: { purl: string }[];
    metadata: { component: { name: string; version: string } };
  };
  expect(bill.metadata.component).toMatchObject({ name: 'hubflake', version });
  expect(bill.bomFormat).toBe('CycloneDX');
  const named = new Set(bill.components.map(({ purl }) => decodeURIComponent(purl)));
  const found = new Set<string>();
  for (const path of readdirSync(`${source.root}/hubflake/node_modules`, { recursive: true }) as string[]) {
    if (!/(^|node_modules\/)(@[^/]+\/)?[^/@]+\/package\.json$/.test(path)) continue;
    const { name, version: own } = JSON.parse(readFileSync(`${source.root}/hubflake/node_modules/${path}`, 'utf8'));
    if (name && own) found.add(`pkg:npm/${name}@${own}`);
  }
  expect([...named].filter((purl) => !found.has(purl))).toEqual([]);
  expect([...found].filter((purl) => !named.has(purl))).toEqual([]);
});

test('spec and check of both', async () => {
  folder.write('source.json', { credentials: { access_token: sandbox.token } });
  folder.write('destination.json', { type: 'duckdb', path: '/airbyte/check.duckdb' });
  for (const [image, config] of [
    [source, '/work/source.json'],
    [destination, '/work/destination.json'],
  ] as const) {
    const spec = await image.run(['spec']);
    expect([spec.code, spec.stderr]).toEqual([0, '']);
    await judgeMessages(spec.lines);
    expect(ofType(spec, 'SPEC')).toHaveLength(1);
    const check = await image.run(['check', '--config', config], { volumes: volumes(), environment: environment() });
    await judgeMessages(check.lines);
    expect(ofType(check, 'CONNECTION_STATUS')[0]?.connectionStatus.status).toBe('SUCCEEDED');
  }
});

test('the demo, with nothing but the image', async () => {
  const outcome = await source.run(['demo', '--json']);
  expect(outcome.code).toBe(0);
  expect(JSON.parse(outcome.stdout).second.streams.length).toBeGreaterThan(0);
});

test('read | write, each in an image of its own', async () => {
  await prepare(['contacts', 'deals', 'owners']);
  folder.write('destination.json', { type: 'duckdb', path: '/airbyte/piped.duckdb' });
  const options = { volumes: volumes(), environment: environment() };
  const read = source.command(['read', '--config', '/work/source.json', '--catalog', '/work/catalog.json'], options);
  const write = destination.command(
    ['write', '--config', '/work/destination.json', '--catalog', '/work/catalog.json'],
    options,
  );
  const quoted = (command: string[]) => command.map((each) => `'${each}'`).join(' ');
  const outcome = await run('bash', ['-c', `set -o pipefail; ${quoted(read)} | ${quoted(write)}`], {});
  await judgeMessages(outcome.lines);
  expect([outcome.code, outcome.stderr]).toEqual([0, '']);
  const states = ofType(outcome, 'STATE').map(({ state }) => state.stream?.stream_descriptor.name);
  expect(new Set(states)).toEqual(new Set(['contacts', 'deals', 'owners']));
  const live = sandbox.portal.truth('contacts').live.length;
  expect(await query(`${home}/piped.duckdb`, 'SELECT count(*)::INTEGER AS n FROM contacts')).toEqual([{ n: live }]);
});

test('a sync on a read-only root, as another user and as process 1', async () => {
  const pipeline = {
    name: 'p',
    source: { credentials: { access_token: sandbox.token }, objects: [{ object_type: 'deals' }] },
    destination: { type: 'duckdb', path: '/airbyte/synced.duckdb' },
  };
  folder.write('home/pipeline.json', pipeline);
  const args = ['sync', '--json', '--config', '/airbyte/pipeline.json', '--report', '/airbyte/report.html'];
  const outcome = await source.isolated(args, { home, environment: environment() });
  expect([outcome.code, outcome.stderr]).toEqual([0, expect.any(String)]);
  const live = sandbox.portal.truth('deals').live.length;
  expect(await query(`${home}/synced.duckdb`, 'SELECT count(*)::INTEGER AS n FROM deals')).toEqual([{ n: live }]);
  const page = readFileSync(`${home}/report.html`, 'utf8');
  expect([page.slice(0, 15).toLowerCase(), page.includes('uPlot')]).toEqual(['<!doctype html>', true]);
});

test('a service in it ends with SIGTERM, as process 1', async () => {
  const outcome = await source.isolated(['sync', '--every', '10s', '--config', '/airbyte/pipeline.json'], {
    home,
    environment: environment(),
    during: (child) => {
      let logged = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        logged += chunk.toString();
        if (/syncs every 10s/.test(logged))
          setTimeout(() => process.kill(processOne(child.pid as number), 'SIGTERM'), 5_000);
        if (/syncs every 10s/.test(logged)) logged = '';
      });
    },
  });
  expect(outcome.code).toBe(143);
});

test('SIGTERM reaches process 1, which puts out its last state and ends', async () => {
  await prepare(['contacts'], { objects: [{ object_type: 'contacts' }] });
  for (const name of ['source.json', 'catalog.json'])
    folder.write(`home/${name}`, readFileSync(folder.join(name), 'utf8'));
  const args = ['read', '--config', '/airbyte/source.json', '--catalog', '/airbyte/catalog.json'];
  let seen = 0;
  const outcome = await source.isolated(args, {
    home,
    environment: environment(),
    during: (child) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (seen === 0) process.kill(processOne(child.pid as number), 'SIGTERM');
        seen += chunk.length;
      });
    },
  });
  expect(outcome.code).toBe(143);
  const types = outcome.lines.map((line) => JSON.parse(line).type as string);
  expect(types.lastIndexOf('STATE')).toBeGreaterThanOrEqual(types.lastIndexOf('RECORD'));
  expect(outcome.stdout).toContain('INCOMPLETE');
});

/** The process that `unshare --fork` started, by the number that this machine knows it by. */
function processOne(parent: number): number {
  return Number(readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ')[0]);
}

test("airbyte-cdk's tests of an image, run as Airbyte's platform runs it", async () => {
  const small = await startSandbox({ limits: { burst: 5000, searchPerSecond: 1000 } });
  try {
    const ended = await runSuite(small, folder, { container: source.container, only: 'docker' });
    expect(ended).toMatchObject({ passed: 11 });
    expect(ended).not.toHaveProperty('failed');
  } finally {
    await small.close();
  }
});
