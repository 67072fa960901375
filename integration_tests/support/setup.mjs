// Makes the Python environments of the integration tests, once: pinned, beside package.json, not in git.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPool } from './stand-in/stand-in-pool.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** For the suites: where to ask for a stand-in is in the environment. */
let pool;
/** Of the modules that commands load. */
let folder;

export default async function setup() {
  await Promise.all([
    // Airbyte's models of the protocol, and the stand-in for Snowflake.
    makeEnvironment('.venv', 'integration_tests/python/requirements.txt'),
    makeEnvironment('.venv-snowflake', 'integration_tests/snowflake/requirements.txt'),
    // Two readers of its SQL that know nothing of the stand-in.
    makeEnvironment('.venv-grammar', 'integration_tests/snowflake/grammar/requirements.txt'),
  ]);
  pool = await openPool();
  process.env.HUBFLAKE_STAND_INS = String(pool.port);
  folder = mkdtempSync(join(tmpdir(), 'hubflake-modules-'));
  process.env.HUBFLAKE_MODULES = join(folder, 'modules');
  const [quick, modules] = [
    new URL('processes/quick-modules.cjs', import.meta.url),
    new URL('processes/modules.mjs', import.meta.url),
  ];
  execFileSync(process.execPath, ['--require', fileURLToPath(quick), fileURLToPath(modules)], {
    env: { ...process.env, HUBFLAKE_MODULES_KEEP: 'yes' },
    stdio: 'inherit',
  });
}

export async function teardown() {
  await pool?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
}

/**
 * Makes an environment anew where its requirements are not those that it was made from. The tests that use one need dist/.
 * @param newest the last minor version of Python 3 that takes the requirements, where there is one
 */
export async function makeEnvironment(name, requirementsPath, newest) {
  if (!existsSync(`${root}dist/main.js`))
    throw new Error('dist/ is missing: run "npm run build" first (npm test does).');
  const environment = root + name;
  const requirements = root + requirementsPath;
  const stamp = `${environment}/hubflake-requirements`;
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(environment, { recursive: true, force: true });
  await run(findPython(newest), ['-m', 'venv', environment]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements];
  await run(`${environment}/bin/python`, pip);
  writeFileSync(stamp, wanted);
}

async function run(program, args) {
  const [code] = await once(spawn(program, args, { stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

function findPython(newest) {
  const fits = `(3, 11) <= sys.version_info[:2] <= (3, ${newest ?? 99})`;
  for (const name of ['python3', 'python', ...(newest ? [`python3.${newest}`] : [])]) {
    const answer = spawnSync(name, ['-c', `import sys, venv; print(${fits})`], { encoding: 'utf8' });
    if (answer.status === 0 && answer.stdout.trim() === 'True') return name;
  }
  throw new Error(
    `These tests need Python ${newest ? `3.${newest}` : '3.11 or later'} with its venv module, and found none as python3 or python. ` +
      'Install it (Debian: apt install python3 python3-venv) and run the tests again.',
  );
}
