// Makes the Python environments of the integration tests, once: pinned, beside package.json, not in git.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export default function setup() {
  // Airbyte's models of the protocol, and the stand-in for Snowflake.
  makeEnvironment('.venv', 'integration_tests/python/requirements.txt');
  makeEnvironment('.venv-snowflake', 'integration_tests/snowflake/requirements.txt');
  // Two readers of its SQL that know nothing of the stand-in.
  makeEnvironment('.venv-grammar', 'integration_tests/snowflake/grammar/requirements.txt');
}

/** Makes an environment anew where its requirements are not those that it was made from. The tests that use one need dist/. */
export function makeEnvironment(name, requirementsPath) {
  if (!existsSync(`${root}dist/main.js`))
    throw new Error('dist/ is missing: run "npm run build" first (npm test does).');
  const environment = root + name;
  const requirements = root + requirementsPath;
  const stamp = `${environment}/hubflake-requirements`;
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(environment, { recursive: true, force: true });
  execFileSync(findPython(), ['-m', 'venv', environment], { stdio: 'inherit' });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements];
  execFileSync(`${environment}/bin/python`, pip, { stdio: 'inherit' });
  writeFileSync(stamp, wanted);
}

function findPython() {
  for (const name of ['python3', 'python']) {
    const answer = spawnSync(name, ['-c', 'import sys, venv; print(sys.version_info >= (3, 11))'], {
      encoding: 'utf8',
    });
    if (answer.status === 0 && answer.stdout.trim() === 'True') return name;
  }
  throw new Error(
    'The integration tests need Python 3.11 or later with its venv module, and found none as python3 or python. ' +
      'Install it (Debian: apt install python3 python3-venv) and run the tests again.',
  );
}
