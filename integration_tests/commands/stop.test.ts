import type { ChildProcess } from 'node:child_process';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { configure, hubflake, lastStates, ofType, TestFolder } from '../support/processes/command.js';

let sandbox: Sandbox;
let folder: TestFolder;
let config: string;
let catalog: string;

beforeEach(async () => {
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 2_500 }, limits: { burst: 5000 }, latencyMs: 30 });
  folder = new TestFolder();
  const credentials = { access_token: sandbox.token };
  config = folder.write('config.json', { credentials, objects: [{ object_type: 'contacts' }] });
  const discovered = await hubflake(['discover', '--config', config], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
  });
  catalog = folder.write('catalog.json', configure(discovered));
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

/** Reads, and does something to the process when so many bytes have come. */
function readUntil(bytes: number, act: (child: ChildProcess) => void) {
  let seen = 0;
  return hubflake(['read', '--config', config, '--catalog', catalog], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
    during: (child) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        const before = seen;
        seen += chunk.length;
        if (before < bytes && seen >= bytes) act(child);
      });
    },
  });
}

test.each([1, 400_000, 4_000_000])('SIGTERM behind %d bytes: what the last state covers is whole', async (bytes) => {
  const outcome = await readUntil(bytes, (child) => child.kill('SIGTERM'));
  expect(outcome.signal).toBe('SIGTERM');
  const types = ofType(outcome, 'TRACE').flatMap(({ trace }) => trace.stream_status?.status ?? []);
  expect(types.at(-1)).toBe('INCOMPLETE');
  // Nothing that went out is left without a state behind it.
  const lines = outcome.lines.map((line) => JSON.parse(line).type as string);
  if (lines.includes('RECORD')) expect(lines.lastIndexOf('STATE')).toBeGreaterThan(lines.lastIndexOf('RECORD'));
  expect(lastStates(outcome).length).toBe(lines.includes('STATE') ? 1 : 0);
});

test('when nobody reads the output any more, HubSpot is not asked any more', async () => {
  let calls = 0;
  const outcome = await readUntil(1_000_000, (child) => {
    child.stdout?.destroy();
    calls = sandbox.calls.counts().total;
  });
  expect(outcome.code).toBe(1);
  // The page that travels then, and is written into the broken pipe.
  expect(sandbox.calls.counts().total).toBeLessThanOrEqual(calls + 1);
  expect(outcome.stderr).toContain('reader of the output has gone away');
});
