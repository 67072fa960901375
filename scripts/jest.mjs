// Runs Jest with the options that Node needs for it: `node scripts/jest.mjs [own|airbyte|peer|orchestration|chart|image|browser|account] [Jest's options]`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NAMES = ['own', 'airbyte', 'peer', 'orchestration', 'chart', 'image', 'browser', 'account'];
const [first = '', ...rest] = process.argv.slice(2);
const [suite, options] = NAMES.includes(first) ? [first, rest] : ['own', process.argv.slice(2)];
const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));
const { status, signal } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...options],
  { stdio: 'inherit', env: { ...process.env, HUBFLAKE_SUITE: suite } },
);
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
