import { Ajv } from 'ajv';
import { parseSourceConfig } from '../../src/config/source.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { CollectionItem } from '../../src/sandbox/portal/collection.js';
import { Portal } from '../../src/streams/portal.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf } from './catalog.js';

/** What was submitted by forms, and the messages of threads: all of it, each once, the newest pages only in an increment. */

const THREADS = '/conversations/conversations/:date/threads';
const FORMS = '/marketing/v3/forms';
const PLACES = {
  form_submissions: {
    path: '/form-integrations/v1/submissions/forms/:form',
    of: FORMS,
    parent: 'form',
    as: 'formId',
    id: 'conversionId',
  },
  conversation_messages: {
    path: `${THREADS}/:thread/messages`,
    of: THREADS,
    parent: 'thread',
    as: 'conversationsThreadId',
    id: 'id',
  },
};

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const membersOf = ({ members }: CollectionItem) => members as JsonObject;
const read = (name: string, state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name] }, ...options });
/** HubSpot writes times with and without fractions of a second. */
const timeOf = (value: unknown) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : value;
/** The first parent of the sandbox's sample has the most. */
const firstOf = (path: string) => [...collectionAt(path).truth().keys()][0] as string;

describe.each(Object.entries(PLACES))('%s', (name, { path, of, parent, as, id }) => {
  /** What HubSpot answers, by its id: of each parent that it does not refuse. */
  const truth = () => {
    const refusal = collectionAt(path).options.within?.refusal;
    const refused = collectionAt(of)
      .list(false)
      .flatMap((each) => (refusal?.(each) === undefined ? [] : [each.id]));
    const items = collectionAt(path).list(false);
    return new Map(
      items
        .filter((item) => !refused.includes(String(membersOf(item)[parent])))
        .map((item): [string, JsonObject] => {
          const json = { ...collectionAt(path).json(item), [as]: membersOf(item)[parent] } as JsonObject;
          return [String(json[id]), json];
        }),
    );
  };

  /** Something new of a parent. */
  function add(ofParent: string): void {
    collectionAt(path).put('990001', { [parent]: ofParent, text: 'new', values: [{ name: 'email', value: 'a@b.c' }] });
    if (of === THREADS) {
      collectionAt(of).put(ofParent, {
        latestMessageTimestamp: new Date(played.sandbox.portal.clock.now()).toISOString(),
      });
    }
  }

  test('has every member of every item, as its catalog says', async () => {
    const items = truth();
    expect(items.size).toBeGreaterThan(50);
    const { records, error } = await read(name, null);
    expect(error).toBeNull();
    expect(records.map((record) => record[id]).sort()).toEqual([...items.keys()].sort());
    const { json_schema } = await catalogOf(played.sandbox, name, {});
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(json_schema);
    for (const record of records) {
      for (const [member, value] of Object.entries(items.get(String(record[id])) ?? {})) {
        if (value !== undefined) expect([member, timeOf(record[member])]).toEqual([member, timeOf(value)]);
      }
      expect([validate(record), validate.errors]).toEqual([true, null]);
    }
  });

  test('an increment brings what is new, from the first page of each parent', async () => {
    played.wait(300);
    const first = await read(name, null);
    played.wait(300);
    add(firstOf(of));
    const { calls } = played.sandbox;
    calls.reset();
    const { records, state, error } = await read(name, first.state);
    expect(error).toBeNull();
    expect(records.map((record) => record[as])).toEqual([firstOf(of)]);
    // Two lists of parents, and a page of each: of the thread that moved, of every form that HubSpot answers.
    const asked = name === 'form_submissions' ? collectionAt(of).list(false).length - 2 : 1;
    expect(calls.counts().byKind.collection).toBe(2 + asked);
    expect((await read(name, state)).records).toEqual([]);
  });

  test('in columns has snake_case names and timestamps', async () => {
    const { records } = await read(name, null, { config: { include: [name], layout: 'columns' } });
    expect(records).toHaveLength(truth().size);
    for (const [column, value] of Object.entries(records[0] ?? {})) {
      expect(column).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
      if (column.endsWith('_at')) expect(value).toMatch(/^\d{4}-\d\d-\d\dT/);
    }
  });

  test('what was added to a parent that is archived since is there too', async () => {
    const archived = firstOf(of);
    collectionAt(of).archive(archived);
    const { records } = await read(name, null);
    expect(records.filter((record) => record[as] === archived).length).toBeGreaterThan(2);
    expect(records).toHaveLength(truth().size);
  });

  test.each([1, 20, 60])('a read that is killed behind %d messages loses nothing', async (killAfter) => {
    const first = await read(name, null, { killAfter });
    const second = await read(name, first.state);
    expect(new Set([...first.records, ...second.records].map((record) => record[id]))).toEqual(new Set(truth().keys()));
  });
});

test.each([
  ['form_submissions', 'submissions/forms/2001'],
  ['conversation_messages', 'threads/1501/messages'],
  ['list_memberships', '/908/memberships'],
  ['marketing_campaign_budget', '/2201/budget/totals'],
])(
  'of %s a parent that vanishes between its list and its children is passed over, and fails nothing',
  async (name, path) => {
    const whole = await read(name, null);
    played.sandbox.faults.set([{ contains: path, fault: { type: 'error', status: 404 } }]);
    const first = await read(name, null);
    expect(first.error).toBeNull();
    expect(first.records.length).toBeGreaterThan(0);
    expect(first.records.length).toBeLessThan(whole.records.length);
    // If it is there after all, nothing of it is lost.
    played.sandbox.faults.set([]);
    const second = await read(name, first.state);
    if (name !== 'conversation_messages') {
      expect(first.records.length + second.records.length).toBe(whole.records.length);
    }
  },
);

test('whether submissions can be read is asked of a form that HubSpot answers them of', async () => {
  const { sandbox } = played;
  // The first form is below a blog post, of which it answers none.
  collectionAt(FORMS).put(firstOf(FORMS), { formType: 'blog_comment' });
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parseSourceConfig({
    credentials: { access_token: sandbox.token },
    objects: [{ object_type: 'owners' }],
    include: ['form_submissions'],
  });
  const client = new HubSpotClient(config);
  try {
    const portal = await Portal.open(client, config, null);
    expect(await portal.readableNames()).toEqual(['owners', 'form_submissions']);
  } finally {
    await client.close();
  }
});

test('two submissions of one moment are two rows, with and without an id of their own', async () => {
  const submissions = collectionAt(PLACES.form_submissions.path);
  const at = played.sandbox.portal.clock.now();
  for (const n of [1, 2]) submissions.put(`99000${n}`, { form: firstOf(FORMS), values: [{ name: 'n', value: n }] }, at);
  const { records } = await read('form_submissions', null);
  const found = records.filter(({ submittedAt }) => submittedAt === at);
  expect(new Set(found.map(({ conversionId }) => conversionId)).size).toBe(2);
});
