// A server of the benchmark as a process of its own, so that what it costs is not counted.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './measure.mjs';

/** Starts node on a script of the repository whose first line names its `url`. */
export async function startProcess(script, args) {
  const child = spawn(process.execPath, [join(root, script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(chunk.toString())));
  return { url: JSON.parse(line).url, close: () => child.kill() };
}
