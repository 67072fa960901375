import { fileURLToPath } from 'node:url';
import { type Outcome, type RunOptions, run } from '../support/processes/command.js';

const python = fileURLToPath(new URL('../../.venv-peer/bin/python', import.meta.url));
const launcher = fileURLToPath(new URL('launch.py', import.meta.url));

/** A command line of source-hubspot, whose calls go to `HUBSPOT_BASE_URL`. */
export function sourceHubspot(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return run(python, [launcher, ...args], options);
}
