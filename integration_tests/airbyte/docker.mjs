// `docker run`, as far as airbyte-cdk's tests of an image use it, where no Docker engine is: in the buildah container that
// HUBFLAKE_CONTAINER names, as Airbyte's platform runs a connector (by AIRBYTE_ENTRYPOINT), or else with the built program.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const given = process.argv.slice(2);
if (given.shift() !== 'run') throw new Error('Only docker run is known here.');
const volumes = [];
const environment = {};
for (let option = given.shift(); option !== undefined; option = given.shift()) {
  if (option === '--rm') continue;
  if (option === '-v') {
    const [from, to] = given.shift().split(':');
    volumes.push({ from, to });
  } else if (option === '-e') {
    const [name, ...value] = given.shift().split('=');
    environment[name] = value.join('=');
  } else if (option.startsWith('-')) throw new Error(`docker run ${option} is not known here.`);
  else break; // The image.
}

const { HUBFLAKE_CONTAINER: container, HUBFLAKE_FAILURES: failures, HUBSPOT_BASE_URL } = process.env;
const [command, ...args] = container ? inContainer() : here();
const { status, signal, error, stderr } = spawnSync(command, args, {
  stdio: ['inherit', 'inherit', 'pipe'],
  env: { ...process.env, ...environment },
});
if (error) throw error;
process.stderr.write(stderr);
// pytest shows the end of what it has to say of a test that failed, not this.
if (status !== 0) appendFileSync(failures, `${given.join(' ')}: exit ${status ?? signal}\n${stderr}\n`);
process.exit(status ?? 1);

function here() {
  const pathOf = (argument) => volumes.find(({ to }) => to === argument)?.from ?? argument;
  return [process.execPath, pathTo('dist/main.js'), ...given.map(pathOf)];
}

function pathTo(file) {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}

function inContainer() {
  const variables = Object.entries({ ...environment, HUBSPOT_BASE_URL }).flatMap(([name, value]) => [
    '--env',
    `${name}=${value}`,
  ]);
  const mounts = volumes.flatMap(({ from, to }) => ['--volume', `${from}:${to}`]);
  // As root: pytest's files are readable by their owner alone.
  const options = ['run', '--isolation', 'chroot', '--user', 'root', ...mounts, ...variables, container];
  return [pathTo('scripts/buildah.sh'), ...options, '--', 'sh', '-c', 'exec $AIRBYTE_ENTRYPOINT "$@"', 'sh', ...given];
}
