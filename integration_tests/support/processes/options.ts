import { configureLog } from '../../../src/log.js';
import type { JsonObject } from '../../../src/protocol/messages.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.js';
import { hubflake, type Outcome, TestFolder } from './command.js';
import { readInProcess, type SyncResult } from './in-process.js';

const MINUTE = 60_000;

/** The portal of the test under way, what was logged in it, and the calls it got. */
export let sandbox: Sandbox;
let ahead = 0;
export let logged: string[];
export let bodies: string[];

/** Starts a portal in the place of the one before. */
export async function start(options: SandboxOptions = {}): Promise<void> {
  await sandbox?.close();
  ahead = 0;
  bodies = [];
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 350, companies: 30, deals: 40, vehicles: 12 },
    limits: 'off',
    clock: () => Date.now() + ahead,
    onCall: (call) => {
      bodies.push(`${call.url} ${call.body}`);
    },
    ...options,
  });
}

/** From now on, what is logged is kept. */
export function listen(): void {
  logged = [];
  configureLog({ level: 'info', sink: (_level, message) => logged.push(message) });
}

export function advance(minutes: number): void {
  ahead += minutes * MINUTE;
}

export const live = (type = 'contacts') => sandbox.portal.truth(type).live;
export const ids = (type = 'contacts') => live(type).map((record) => record.id);
export const idsOf = ({ records }: SyncResult) =>
  records.filter((data) => data.archived !== true).map((data) => data.id);

/** Reads with options on top of the credentials. */
export async function read(config: object, stream = 'contacts', state: JsonObject | null = null): Promise<SyncResult> {
  return readInProcess(sandbox, stream, state, { config: config as JsonObject });
}

export async function readWell(...args: Parameters<typeof read>): Promise<SyncResult> {
  const sync = await read(...args);
  expect(sync.error).toBeNull();
  return sync;
}

/** Reads by the command, for what depends on real time. */
export async function run(config: object, names: readonly string[]): Promise<Outcome> {
  const folder = new TestFolder();
  try {
    const streams = names.map((name) => ({
      stream: { name, json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] },
      sync_mode: 'incremental',
      destination_sync_mode: 'append_dedup',
    }));
    const files = [
      ['--config', folder.write('c.json', { credentials: { access_token: sandbox.token }, ...config })],
      ['--catalog', folder.write('k.json', { streams })],
    ].flat();
    const outcome = await hubflake(['read', ...files], { environment: { HUBSPOT_BASE_URL: sandbox.url } });
    expect(outcome.code).toBe(0);
    return outcome;
  } finally {
    folder.remove();
  }
}

/** The most calls that arrived within so many milliseconds of one. */
export function mostWithin(ms: number, kinds?: readonly string[]): number {
  const calls = sandbox.calls.last().filter((call) => kinds?.includes(call.kind) ?? true);
  const times = calls.map((call) => Date.parse(call.at));
  return Math.max(...times.map((at) => times.filter((other) => other >= at && other < at + ms).length));
}

export const token = () => ({ credentials_title: 'Private App Credentials', access_token: sandbox.token });
export const oauth = () => {
  const { clientId, clientSecret, refreshToken } = sandbox.oauth;
  const title = 'OAuth Credentials';
  return { credentials_title: title, client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
};
export const contacts = (more: object) => ({
  objects: [{ object_type: 'contacts', properties: ['firstname'], ...more }],
});

/** How many calls were in flight at once, of four streams whose calls take a while. */
export async function inFlight(config: object): Promise<number> {
  await start({ latencyMs: 120 });
  await run(config, ['contacts', 'companies', 'deals', 'vehicles']);
  return mostWithin(100);
}
