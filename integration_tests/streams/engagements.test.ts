import { Ajv } from 'ajv';
import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf } from './catalog.js';

/** Activities by API v1: the whole list at first, then those that HubSpot says were modified lately, as far as it does. */

const NAME = 'engagements';
const MONTH_MINUTES = 31 * 24 * 60;

let played: Played;
beforeEach(async () => {
  played = await startPlayed({ counts: { '*': 0, contacts: 5 } });
});
afterEach(() => played.sandbox.close());

const portal = () => played.sandbox.portal.collectionAt('/engagements/v1/engagements/paged');
const read = (state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, NAME, state, { config: { include: [NAME] }, ...options });
const idsOf = (records: readonly JsonObject[]) => records.map(({ id }) => String(id)).sort();
/** How many calls went to each of the two paths. */
const calls = () => {
  const last = played.sandbox.calls.last(1000).map(({ url }) => url);
  return {
    paged: last.filter((url) => url.includes('/paged')).length,
    recent: last.filter((url) => url.includes('/recent/modified')).length,
  };
};
const metadata = (text: string) => ({ metadata: { body: text } });

test('has every member of every engagement, those of metadata and associations by themselves too, as its catalog says', async () => {
  const items = portal().truth();
  const { records, error } = await read(null);
  expect(error).toBeNull();
  expect(idsOf(records)).toEqual([...items.keys()].sort());
  const { json_schema } = await catalogOf(played.sandbox, NAME, {});
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(json_schema);
  for (const record of records) {
    const item = items.get(String(record.id)) as Record<string, JsonObject>;
    const { engagement = {}, ...rest } = item;
    const expected: JsonObject = { ...engagement, ...rest };
    for (const part of ['associations', 'metadata'] as const) {
      for (const [name, value] of Object.entries(item[part] ?? {})) expected[`${part}_${name}`] = value;
    }
    expect(record).toMatchObject(expected);
    expect([validate(record), validate.errors]).toEqual([true, null]);
  }
  expect(Object.keys(json_schema.properties as object)).toHaveLength(107);
});

test('an increment asks for what was modified lately, and emits what differs', async () => {
  const first = await read(null);
  played.wait(24 * 60);
  const [edited = ''] = portal().truth().keys();
  portal().put(edited, metadata('Another'));
  portal().put('990001', { engagement: { type: 'NOTE' }, ...metadata('New') });
  played.sandbox.calls.reset();
  const second = await read(first.state);
  expect(second.records.map(({ id, metadata_body }) => [id, metadata_body]).sort()).toEqual([
    [Number(edited), 'Another'],
    [990001, 'New'],
  ]);
  expect(calls()).toEqual({ paged: 0, recent: 1 });
  expect((await read(second.state)).records).toEqual([]);
});

test('where the last read is longer ago than HubSpot reaches back, the whole list is read, and what is new of it emitted', async () => {
  const first = await read(null);
  const [edited = '', late = ''] = portal().truth().keys();
  played.wait(60);
  portal().put(edited, metadata('Soon after'));
  played.wait(MONTH_MINUTES);
  portal().put(late, metadata('Just now'));
  played.sandbox.calls.reset();
  const second = await read(first.state);
  expect(idsOf(second.records)).toEqual([edited, late].sort());
  expect(calls()).toEqual({ paged: 1, recent: 0 });
  expect((await read(second.state)).records).toEqual([]);
});

test('where more was modified than HubSpot answers, the whole list is read', async () => {
  const first = await read(null);
  played.wait(60);
  for (let n = 1; n <= 10_050; n += 1) portal().put(String(1_000_000 + n), { engagement: { type: 'NOTE' } });
  played.sandbox.calls.reset();
  const second = await read(first.state);
  expect([second.error, new Set(idsOf(second.records)).size, second.records.length]).toEqual([null, 10_050, 10_050]);
  expect(calls()).toEqual({ paged: Math.ceil(10_090 / 250), recent: 1 });
});

test('goes on where a first load was killed, and brings what was modified meanwhile', async () => {
  for (let n = 1; n <= 600; n += 1) portal().put(String(1_000_000 + n), { engagement: { type: 'NOTE' } });
  const rows = new Map<string, JsonObject>();
  let state: JsonObject | null = null;
  for (const killAfter of [260, 400, null]) {
    const { records, state: next, error } = await read(state, killAfter === null ? {} : { killAfter });
    if (killAfter === null) expect(error).toBeNull();
    for (const record of records) rows.set(String(record.id), record);
    state = next;
    played.wait(5);
    if (killAfter === 260) portal().put('1000001', metadata('Meanwhile'));
  }
  expect([...rows.keys()].sort()).toEqual([...portal().truth().keys()].sort());
  expect(rows.get('1000001')?.metadata_body).toBe('Meanwhile');
});

test('a start date leaves out what was last updated before it', async () => {
  const start_date = '2026-01-01T00:00:00Z';
  const { records } = await read(null, { config: { include: [NAME], start_date } });
  const wanted = portal()
    .list(false)
    .filter(({ updatedAt }) => updatedAt >= Date.parse(start_date));
  expect(wanted.length).toBeGreaterThan(5);
  expect(idsOf(records)).toEqual(wanted.map(({ id }) => id).sort());
});

test('source-hubspot goes on from its state, and it from that of source-hubspot', async () => {
  const first = await read(null);
  expect(first.state?.lastUpdated).toMatch(/^\d{13}$/);
  played.wait(60);
  const [edited = ''] = portal().truth().keys();
  portal().put(edited, metadata('Another'));
  const { lastUpdated } = first.state as JsonObject;
  const taken = await read({ lastUpdated: lastUpdated ?? null });
  expect(idsOf(taken.records)).toContain(edited);
  expect(taken.records.length).toBeLessThan(5);
});

test('in columns has the same rows, with snake_case names and timestamps', async () => {
  const { records } = await read(null, { config: { include: [NAME], layout: 'columns' } });
  expect(records).toHaveLength(portal().truth().size);
  const { json_schema } = await catalogOf(played.sandbox, NAME, { layout: 'columns' });
  expect(Object.keys(json_schema.properties as object)).toHaveLength(107);
  const call = records.find(({ type }) => type === 'MEETING');
  expect(call).toMatchObject({
    metadata_start_time: expect.stringMatching(/^2026-/),
    last_updated: expect.any(String),
  });
});
