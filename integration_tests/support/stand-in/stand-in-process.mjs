// A stand-in for Snowflake as a process. In JavaScript, since Jest's global setup starts some, too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** @param {string[]} directory of its databases, if they shall outlast it */
export async function startProcess(...directory) {
  const adapter = `${root}integration_tests/snowflake/adapter.py`;
  const child = spawn(`${root}.venv-snowflake/bin/python`, ['-B', adapter, ...directory], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  child.stdin.on('error', () => undefined);
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    once(child, 'close').then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`the stand-in for Snowflake did not start: ${said.join('')}`);
  return {
    port: JSON.parse(line).port,
    complaints: () => said.join(''),
    kill: () => child.kill('SIGKILL'),
    /** It ends when its stdin does. */
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      child.stdin.end();
      const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(patience);
    },
  };
}
