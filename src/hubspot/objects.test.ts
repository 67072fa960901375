import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configureLog } from '../log.js';
import { HubSpotClient } from './client.js';
import { searchPage } from './objects.js';

let server: Server;
let client: HubSpotClient;
/** The ids of a real server's answers, one answer after the other; the last one stays. */
let answers: string[][];
let calls: number;

beforeAll(async () => {
  configureLog({ sink: () => undefined });
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      calls += 1;
      const ids = answers.length > 1 ? (answers.shift() as string[]) : (answers[0] as string[]);
      const results = ids.map((id) => ({ id, properties: {} }));
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ total: results.length, results }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  calls = 0;
  client = new HubSpotClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { kind: 'token', accessToken: 'token-1' },
    maxInFlight: 2,
    burstShare: 0.9,
    dailyReserve: 0,
  });
});

afterEach(() => client.close());

test.each([
  ['ids that are out of order', ['9', '11', '10']],
  ['an id twice', ['9', '9']],
  ['an id that was read before', ['7', '9']],
])('a search with %s is made again', async (_, ids) => {
  answers = [ids, ['9', '10', '11']];
  const request = { objectType: 'contacts', properties: [], filterGroups: [], above: '7' };
  expect((await searchPage(client, request)).rows.map((row) => row.id)).toEqual(['9', '10', '11']);
  expect(calls).toBe(2);
});
