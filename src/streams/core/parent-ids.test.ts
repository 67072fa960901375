import { RequestError } from '../../errors.js';
import { standardObject } from '../../hubspot/api/object-types.js';
import type { Call, HubSpotClient } from '../../hubspot/client/client.js';
import { ParentIds } from './parent-ids.js';

const CONTACTS = standardObject('contacts');

/** Three pages: 100 ids, 100 ids, 1 id; or what `fault` makes of a call. */
let asked: (string | null)[];
let fault: ((after: string | null) => object | undefined) | undefined;

const client = {
  async call<T>({ query = '' }: Call, decode: (body: Buffer) => T): Promise<T> {
    const after = new URLSearchParams(query).get('after');
    asked.push(after);
    const first = Number(after ?? 0);
    const rows = Array.from({ length: first < 200 ? 100 : 1 }, (_, index) => ({
      id: String(first + index),
      properties: {},
    }));
    const paging = first < 200 ? { paging: { next: { after: String(first + 100) } } } : {};
    return decode(Buffer.from(JSON.stringify(fault?.(after) ?? { results: rows, ...paging })));
  },
} as unknown as HubSpotClient;

beforeEach(() => {
  asked = [];
  fault = undefined;
});

test('each page is asked for once, however many streams read it', async () => {
  const parents = new ParentIds(client);
  const readAll = async () => {
    const ids: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<ParentIds['page']>> = await parents.page(CONTACTS, after);
      ids.push(...page.ids);
      after = page.after;
    } while (after !== null);
    return ids;
  };
  const expected = Array.from({ length: 201 }, (_, index) => String(index));
  expect(await Promise.all([readAll(), readAll()])).toEqual([expected, expected]);
  expect(await readAll()).toEqual(expected);
  expect(asked).toEqual([null, '100', '200']);
  expect(parents.leastCalls).toBe(3);
  await parents.page(standardObject('deals'), null);
  expect(asked).toHaveLength(4);
  expect(parents.leastCalls).toBe(4);
});

test('an object without records has an empty page, and takes a call', async () => {
  fault = () => ({ results: [] });
  const parents = new ParentIds(client);
  expect(await parents.page(CONTACTS, null)).toEqual({ ids: [], after: null });
  expect(parents.leastCalls).toBe(1);
});

test('past the bound the oldest pages are asked for again', async () => {
  const parents = new ParentIds(client, 2);
  for (const after of [null, '100', '200', '200', '100', null]) await parents.page(CONTACTS, after);
  expect(asked).toEqual([null, '100', '200', null]);
});

test('a page that could not be had is asked for again', async () => {
  const parents = new ParentIds(client);
  fault = () => ({ nothing: true });
  await expect(parents.page(CONTACTS, null)).rejects.toThrow('no results');
  fault = undefined;
  expect((await parents.page(CONTACTS, null)).ids).toHaveLength(100);
});

test('a list that does not move on is no endless one', async () => {
  fault = (after) => ({ results: [], paging: { next: { after } } });
  await expect(new ParentIds(client).page(CONTACTS, '100')).rejects.toThrow(RequestError);
});
