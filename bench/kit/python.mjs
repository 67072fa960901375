// Programs of others that are written in Python, each installed at a pinned version, with pinned versions of all that it needs
// (bench/peers/pins), into an environment of its own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measureProgram, root } from './measure.mjs';

/** What goes before a peer's own modules. */
export const HOOKS = join(root, 'bench/peers/python');

const PINS = join(root, 'bench/peers/pins');

/** What does not install on this machine is not compared with. */
export class NotInstalled extends Error {}

/** Installs a requirement ("name==version"), where that was not done before; the folder of its programs. */
export function installed(requirement) {
  const name = requirement.replace('==', '-');
  const folder = join(root, '.cache/peers', name);
  const programs = join(folder, 'bin');
  if (existsSync(join(folder, 'complete'))) return programs;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('python3', ['-m', 'venv', folder]);
  run(join(programs, 'pip'), ['install', '--quiet', '--constraint', join(PINS, `${name}.txt`), requirement]);
  mkdirSync(join(folder, 'complete'));
  return programs;
}

/** Runs a program of an environment, with the hooks of bench/peers/python before its own modules. */
export function measurePython(program, args, { env = {}, ...options } = {}) {
  return measureProgram(program, args, { env: { PYTHONPATH: HOOKS, ...env }, ...options });
}

function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new NotInstalled(`${program} ${args.join(' ')} ended with ${status}`);
}
