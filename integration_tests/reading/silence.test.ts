import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { UnavailableError } from '../../src/errors.js';
import { parseAnswer } from '../../src/hubspot/api/objects.js';
import { CALLS } from '../../src/hubspot/client/calls.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import type { RetryPolicy } from '../../src/hubspot/client/faults.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { CallKind } from '../../src/sandbox/http/call.js';
import type { Fault } from '../../src/sandbox/http/faults.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { readInProcess, type SyncResult } from '../support/processes/in-process.js';

/** A server that says nothing any more. Nobody here waits for half a minute: the deadline is a part of a second. */
const SILENCE_MS = 300;
const ASSOCIATIONS = ['companies'];

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 450, companies: 20 }, limits: 'off' });
});

afterEach(() => sandbox.close());

const live = () => sandbox.portal.truth('contacts', { associations: ASSOCIATIONS }).live;

function read(state: JsonObject | null, more: JsonObject = {}, retry: Partial<RetryPolicy> = {}): Promise<SyncResult> {
  const objects = [{ object_type: 'contacts', properties: ['firstname'], associations: ASSOCIATIONS }];
  return readInProcess(sandbox, 'contacts', state, {
    config: { objects, ...more },
    silenceMs: SILENCE_MS,
    retry,
  });
}

function expectTruth(...syncs: SyncResult[]): void {
  const held = new Map(syncs.flatMap(({ records }) => records.map((data) => [data.id, data])));
  for (const { id, updatedAt, associations } of live()) {
    expect(held.get(id)).toMatchObject({ updatedAt, archived: false, companies: associations?.companies });
  }
}

const FAULTS: Fault[] = [{ type: 'silence' }, { type: 'stall' }];

test.each(FAULTS)('$type of a call of any kind: it is given up and repeated, and nothing is lost', async (fault) => {
  const strike = (...kinds: CallKind[]) => sandbox.faults.set(kinds.map((kind) => ({ kind, nth: 1, fault })));
  const struck = () => sandbox.faults.list().map((rule) => rule.struck);
  const [restored] = sandbox.portal.truth('contacts').archived.map((record) => record.id) as [string];
  strike('account', 'properties', 'search');
  // The page of the archived list, and one in the middle of the load.
  sandbox.faults.add({ kind: 'list', nth: [1, 4], fault });
  const first = await read(null);
  expect([first.error, struck()]).toEqual([null, [1, 1, 1, 2]]);
  sandbox.portal.restore('contacts', restored);
  const changed = live().slice(0, 250);
  sandbox.portal.edit(
    'contacts',
    changed.map((record) => record.id),
    { firstname: 'Changed' },
  );
  strike('search', 'associations', 'batchRead');
  const second = await read(first.state);
  expect([second.error, struck()]).toEqual([null, [1, 1, 1]]);
  expectTruth(first, second);
});

test.each(FAULTS)('$type of a call for an access token: it is given up and repeated', async (fault) => {
  const { clientId, clientSecret, refreshToken } = sandbox.oauth;
  sandbox.faults.set([{ kind: 'token', nth: 1, fault }]);
  const credentials = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
  const sync = await read(null, { credentials });
  expect([sync.error, sandbox.calls.counts().byKind.token]).toEqual([null, 2]);
  expectTruth(sync);
});

test.each(FAULTS)('$type without end makes its stream fail, in words, and the state is kept', async (fault) => {
  sandbox.faults.set([{ kind: 'list', contains: 'after=', every: 1, fault }]);
  const first = await read(null, {}, { attempts: 3 });
  expect(first.error).toBeInstanceOf(UnavailableError);
  expect(first.error?.message).toMatch(/also after repeated tries for (archived )?contacts\. Run it again later/);
  sandbox.faults.set([]);
  expectTruth(first, await read(first.state));
});

test('an answer that comes slowly, but never stops for so long, is no fault', async () => {
  const server = createServer((socket) => {
    const body = '{"results":[]}';
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(body.charAt(sent));
      sent += 1;
      if (sent === body.length) clearInterval(timer);
    }, SILENCE_MS / 5);
    socket.on('error', () => clearInterval(timer));
  });
  await ask(server, async (client) => {
    const call = { kind: CALLS.list, path: '/x', what: 'contacts' };
    expect(await client.call(call, parseAnswer)).toEqual({ results: [] });
    expect(client.calls.summary()).toMatchObject({ repeats: 0, total: 1 });
  });
});

test('a host that takes connections and never says a word is given up', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await ask(server, async (client) => {
    const call = { kind: CALLS.list, path: '/x', what: 'contacts' };
    await expect(client.call(call, parseAnswer)).rejects.toThrow('Check the network');
    expect(sockets.length).toBeGreaterThan(1);
  });
  for (const socket of sockets) socket.destroy();
});

/** Starts a server, and gives a client of it. */
async function ask(
  server: ReturnType<typeof createServer>,
  work: (client: HubSpotClient) => Promise<void>,
): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new HubSpotClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { kind: 'token', accessToken: 'token-1' },
    maxInFlight: 2,
    burstShare: 0.9,
    dailyReserve: 0,
    silenceMs: SILENCE_MS,
    retry: { neverReachedMs: 2_000 },
  });
  try {
    await work(client);
  } finally {
    await client.close();
    server.close();
  }
}
