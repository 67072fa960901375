import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configureLog } from '../../log.js';
import { HubSpotClient } from '../client/client.js';
import { standardObject } from './object-types.js';
import { searchPage } from './search.js';

type Answer = { status?: number; body: object };

let server: Server;
let client: HubSpotClient;
/** What a real server answers to a path and a body. */
let answerTo: (path: string, body: { properties: string[]; inputs?: { id: string }[] }) => Answer;
let paths: string[];

beforeAll(async () => {
  configureLog({ sink: () => undefined });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = (request.url as string).split('?')[0] as string;
      paths.push(path);
      const { status = 200, body } = answerTo(path, JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  paths = [];
  client = new HubSpotClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { kind: 'token', accessToken: 'token-1' },
    maxInFlight: 2,
    retry: { firstPauseMs: 1 },
    burstShare: 0.9,
    dailyReserve: 0,
  });
});

afterEach(() => client.close());

const rowsOf = (ids: string[], properties = {}) => ids.map((id) => ({ id, properties }));
const refusal = (message: string) => ({ status: 400, body: { status: 'error', message } });
const CONTACTS = { type: standardObject('contacts'), properties: [], filterGroups: [] };

test.each([
  ['ids that are out of order', ['9', '11', '10']],
  ['an id twice', ['9', '9']],
  ['an id that was read before', ['7', '9']],
])('a search with %s is made again', async (_, ids) => {
  const answers = [ids, ['9', '10', '11']];
  answerTo = () => ({ body: { total: 3, results: rowsOf(answers.shift() as string[]) } });
  const page = await searchPage(client, { ...CONTACTS, above: '7' });
  expect(page.rows.map((row) => row.id)).toEqual(['9', '10', '11']);
  expect(paths).toHaveLength(2);
});

describe('an object', () => {
  test('is withObjectPath by its type id', async () => {
    answerTo = () => ({ body: { total: 0, results: [] } });
    await searchPage(client, CONTACTS);
    expect(paths).toEqual(['/crm/objects/2026-09/0-1/search']);
  });

  test('whose type id HubSpot does not know is withObjectPath by its name, from then on at once', async () => {
    answerTo = (path) =>
      path.includes('/0-1/') ? refusal('Invalid object or event type id: 0-1') : { body: { total: 0, results: [] } };
    await searchPage(client, CONTACTS);
    await searchPage(client, CONTACTS);
    expect(paths.map((path) => path.split('/')[4])).toEqual(['0-1', 'contacts', 'contacts']);
  });

  test('that HubSpot knows by no name fails with what it said first; another refusal is not tried again', async () => {
    answerTo = (path) =>
      refusal(
        path.includes('/0-1/') ? 'Invalid object or event type id: 0-1' : 'Unable to infer object type from: contacts',
      );
    await expect(searchPage(client, CONTACTS)).rejects.toThrow('0-1');
    answerTo = () => refusal('Something else');
    paths = [];
    await expect(searchPage(client, CONTACTS)).rejects.toThrow('Something else');
    expect(paths).toHaveLength(1);
  });
});

describe('a search whose body HubSpot refuses for its length', () => {
  const properties = Array.from({ length: 300 }, (_, index) => `a_property_with_a_name_${index}`);

  test('is made for ids, and values come by batch reads; the next one at once', async () => {
    const ids = Array.from({ length: 150 }, (_, index) => String(index + 1));
    answerTo = (path, { properties: asked, inputs }) => {
      if (path.endsWith('/search')) {
        return asked.length > 0 ? refusal('The request is too long') : { body: { total: 150, results: rowsOf(ids) } };
      }
      // One is gone, and one was merged: HubSpot answers its survivor.
      const found = (inputs ?? []).map(({ id }) => id).filter((id) => id !== '7');
      return {
        body: {
          results: rowsOf(
            found.map((id) => (id === '8' ? '200' : id)),
            { a: 'x' },
          ),
        },
      };
    };
    for (const calls of [4, 3]) {
      paths = [];
      const page = await searchPage(client, { ...CONTACTS, properties });
      expect(page).toMatchObject({ total: 150, next: null });
      expect(page.rows.map((row) => row.id)).toEqual(ids.filter((id) => id !== '7' && id !== '8'));
      expect(page.rows[0]?.properties).toEqual({ a: 'x' });
      expect(paths).toHaveLength(calls);
    }
  });

  test('but without them, too, fails with what HubSpot said of the first', async () => {
    answerTo = (_, { properties: asked }) => refusal(asked.length > 0 ? 'The first' : 'The second');
    await expect(searchPage(client, { ...CONTACTS, properties })).rejects.toThrow('The first');
  });
});
