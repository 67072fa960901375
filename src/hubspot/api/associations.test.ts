import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RequestError } from '../../errors.js';
import { configureLog } from '../../log.js';
import { HubSpotClient } from '../client/client.js';
import { type Link, readAssociations, readLinks } from './associations.js';
import { standardObject } from './object-types.js';

const [CONTACTS, COMPANIES] = [standardObject('contacts'), standardObject('companies')];

type Inputs = { id: string; after?: string }[];
let server: Server;
let client: HubSpotClient;
/** Answers of a real server, one after the other; the last one stays. */
let answers: object[];
let asked: Inputs[];

beforeAll(async () => {
  configureLog({ sink: () => undefined });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push((JSON.parse(Buffer.concat(chunks).toString()) as { inputs: Inputs }).inputs);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      response.writeHead(207, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = [];
  client = new HubSpotClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { kind: 'token', accessToken: 'token-1' },
    maxInFlight: 2,
    burstShare: 0.9,
    dailyReserve: 0,
  });
});

afterEach(() => client.close());

const PLAIN = { typeId: 279, category: 'HUBSPOT_DEFINED', label: null };
const PRIMARY = { typeId: 1, category: 'HUBSPOT_DEFINED', label: 'Primary' };
/** Of another category, with HubSpot's number. */
const OWN = { typeId: 1, category: 'USER_DEFINED', label: 'Decision maker' };

const part = (id: string, targets: [id: number, ...types: object[]][], after?: string) => ({
  from: { id },
  to: targets.map(([toObjectId, ...associationTypes]) => ({ toObjectId, associationTypes })),
  ...(after === undefined ? {} : { paging: { next: { after } } }),
});

async function links(...ids: string[]): Promise<Link[][]> {
  const calls: Link[][] = [];
  for await (const each of readLinks(client, CONTACTS, COMPANIES, ids)) calls.push(each);
  return calls;
}

test('there is a link for each type that connects two records', async () => {
  answers = [{ results: [part('1', [[7, PLAIN, PRIMARY, OWN]])] }];
  expect(await links('1')).toEqual([
    [
      { fromId: '1', toId: '7', ...PLAIN },
      { fromId: '1', toId: '7', ...PRIMARY },
      { fromId: '1', toId: '7', ...OWN },
    ],
  ]);
});

test('lists are read to their ends, what is left of them in common calls', async () => {
  answers = [
    { results: [part('1', [[7, PLAIN]], 'a'), part('2', [[7, PLAIN]]), part('3', [[7, PLAIN]], 'b')] },
    { results: [part('1', [[8, PLAIN]]), part('3', [[8, PLAIN]], 'c')] },
    { results: [part('3', [[9, PLAIN]])] },
  ];
  const found = await links('1', '2', '3');
  expect(found.map((each) => each.map(({ fromId, toId }) => `${fromId}-${toId}`))).toEqual([
    ['1-7', '2-7', '3-7'],
    ['1-8', '3-8'],
    ['3-9'],
  ]);
  expect(asked).toEqual([
    [{ id: '1' }, { id: '2' }, { id: '3' }],
    [
      { id: '1', after: 'a' },
      { id: '3', after: 'b' },
    ],
    [{ id: '3', after: 'c' }],
  ]);
});

test('a thousand records go into a call', async () => {
  answers = [{ results: [] }];
  const ids = Array.from({ length: 1001 }, (_, index) => String(index));
  await links(...ids, '5');
  expect(asked.map((inputs) => inputs.length)).toEqual([1000, 1]);
});

test('what HubSpot shows twice comes once', async () => {
  const answer = [
    {
      results: [
        part(
          '1',
          [
            [7, PLAIN],
            [7, PRIMARY],
            [7, PLAIN],
          ],
          'a',
        ),
      ],
    },
    {
      results: [
        part('1', [
          [7, PRIMARY],
          [8, PLAIN],
        ]),
      ],
    },
  ];
  answers = [...answer];
  expect((await links('1')).flat().map(({ toId, typeId }) => [toId, typeId])).toEqual([
    ['7', 279],
    ['7', 1],
    ['8', 279],
  ]);
  answers = [...answer];
  expect(await readAssociations(client, CONTACTS, COMPANIES, ['1', '2'])).toEqual(
    new Map([
      ['1', ['7', '8']],
      ['2', []],
    ]),
  );
});

test('a link without a type is no link less', async () => {
  answers = [{ results: [part('1', [[7]])] }];
  expect((await links('1')).flat()).toEqual([{ fromId: '1', toId: '7', typeId: null, category: null, label: null }]);
});

test('records without associations, and records that are gone, have none', async () => {
  const nothing = { category: 'OBJECT_NOT_FOUND', subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND' };
  const gone = { category: 'OBJECT_NOT_FOUND' };
  answers = [{ results: [part('1', [[7, PLAIN]])], numErrors: 2, errors: [nothing, gone] }];
  expect((await links('1', '2', '3')).flat()).toHaveLength(1);
  expect(asked).toHaveLength(1);
});

test.each([
  ['an error of another kind', { results: [], numErrors: 1, errors: [{ category: 'INTERNAL_ERROR' }] }],
  ['a record that was not asked for', { results: [part('2', [])] }],
])('an answer with %s is asked for again', async (_, damaged) => {
  answers = [damaged, { results: [part('1', [[7, PLAIN]])] }];
  expect((await links('1')).flat()).toHaveLength(1);
  expect(asked).toHaveLength(2);
});

test('a list that does not move on is no endless one', async () => {
  answers = [{ results: [part('1', [[7, PLAIN]], 'a')] }];
  await expect(links('1')).rejects.toThrow(RequestError);
  expect(asked).toHaveLength(2);
});
