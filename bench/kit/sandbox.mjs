// The sandbox as a process of its own, so that what it costs is not counted.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './measure.mjs';
import { startProcess } from './process.mjs';

/** Starts a process that writes the pages of a sandbox as another program would (restyle.mjs). */
export function startRestyled(url, style) {
  return startProcess('bench/kit/restyle.mjs', [url, style]);
}

/** Starts `hubflake sandbox` with these options: where it is, and what can be done with it. */
export async function startSandbox(options) {
  const child = spawn(process.execPath, [join(root, 'dist/main.js'), 'sandbox', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(chunk.toString())));
  const { url, token } = JSON.parse(line);
  const admin = async (path, body) => {
    const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${url}/__sandbox/${path}`, request);
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    url,
    token,
    env: { HUBSPOT_BASE_URL: url },
    /** A GET, or with a body a POST, of the sandbox's admin door. */
    admin,
    /** Runs something, and adds how many calls the sandbox answered meanwhile. */
    async counting(run) {
      await admin('calls/reset', {});
      const cost = await run();
      const { counts } = await admin('calls?last=0');
      return { ...cost, calls: counts.total, callsByKind: counts.byKind, refused: counts.byStatus['429'] ?? 0 };
    },
    close: () => child.kill(),
  };
}
