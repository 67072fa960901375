import { Ajv, type ValidateFunction } from 'ajv';
import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { isObject } from '../../src/json.js';
import { configureLog } from '../../src/log.js';
import type { JsonObject, JsonValue } from '../../src/protocol/messages.js';
import { DECLARED_STREAMS } from '../../src/streams/registry.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { type Edited, startEdited } from '../support/processes/edited.js';
import { readInProcess, type SyncResult } from '../support/processes/in-process.js';
import { catalogOf } from './catalog.js';

/**
 * Whatever HubSpot sends in place of a member of every declared stream, no record is lost, all are right by their catalog's schema, and
 * what is lost of a value is noted.
 */

/** Their values are properties, in the layout of CRM records. */
const OF_CRM = ['deal_splits', 'deals_archived'];
/** The sandbox has no pipelines of these objects; those of others are read in the same way. */
const EMPTY = ['appointment', 'course', 'listing', 'service'].map((object) => `${object}_pipelines`);
const NAMES = DECLARED_STREAMS.map(({ name }) => name).filter((name) => ![...OF_CRM, ...EMPTY].includes(name));
/** What an item is found by, whatever the stream's key is called; and what says that it is gone. */
const KEPT = ['id', 'listId', 'recordId', 'name', 'value', 'label', 'typeId', 'category', 'archived', 'deletedAt'];
/** A stream whose key is a hash of all members. */
const HASHED = ['subscription_changes'];
/** How answers are paged, and what is in them. */
const FRAME = ['results', 'paging', 'objects', 'timeline', 'workflows', 'campaigns', 'events', 'hasMore', 'offset'];

/** By the type that a schema declares, what is sent instead. */
const WRONG: Readonly<Record<string, Readonly<Record<string, JsonValue>>>> = {
  'no values of their types': {
    string: '\ud800',
    'date-time': 'soon',
    integer: 'many',
    number: [],
    boolean: 'perhaps',
    object: 'none',
    array: { a: 1 },
  },
  'other ones that are none': {
    string: 'x\udc00',
    'date-time': { at: 1 },
    integer: true,
    number: 'much',
    boolean: 7,
    object: ['none'],
    array: 'none',
  },
  'other forms of them': {
    string: { deep: [1] },
    'date-time': 1_714_566_896_789,
    integer: '42',
    number: '42.5',
    boolean: 'TRUE',
    object: {},
    array: [null],
  },
};
const LOSSLESS = 'other forms of them';

let played: Played;
let edited: Edited;
beforeAll(async () => {
  // Some streams are of contacts.
  played = await startPlayed({ counts: { '*': 0, contacts: 20 } });
  edited = await startEdited(played.sandbox);
});
afterAll(async () => {
  edited.close();
  await played.sandbox.close();
});

/** The name under which {@link WRONG} has what a member is sent as. */
function kindOf(schema: JsonValue | undefined): string {
  const { type, format } = (schema ?? {}) as JsonObject;
  return String(format ?? [type].flat().find((each) => each !== 'null'));
}

/** Puts other values in place of members, wherever an answer has them, and notes which those were. */
function replaced(answer: JsonValue, others: ReadonlyMap<string, JsonValue>, sent: Set<string>): JsonValue {
  if (Array.isArray(answer)) return answer.map((each) => replaced(each, others, sent));
  if (!isObject(answer)) return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => {
      const other = others.get(name);
      if (other !== undefined && value !== null) sent.add(ofName(name));
      return [name, other ?? replaced(value, others, sent)];
    }),
  );
}

function validator(schema: JsonObject): ValidateFunction {
  const isTime = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));
  return new Ajv({ strict: false }).addFormat('date-time', isTime).compile(schema);
}

/** Fields that are made of another's members. */
const isPartOf = (field: string, whole: string) =>
  ofName(field).startsWith(ofName(whole)) || (field === 'size' && ofName(whole) === 'additionalproperties');

const ofName = (field: string) => field.replaceAll('_', '').toLowerCase();

describe.each(NAMES)('%s', (name) => {
  test.each(['airbyte', 'columns'])('in the layout %s', async (layout) => {
    const config = { include: [name], layout };
    const entry = await catalogOf(played.sandbox, name, { layout });
    const keys = (entry.source_defined_primary_key ?? []).flat();
    const fields = (entry.json_schema as { properties: JsonObject }).properties;
    const airbyte = (await catalogOf(played.sandbox, name, {})).json_schema.properties as JsonObject;
    const validate = validator(entry.json_schema);
    const read = (): Promise<SyncResult> => {
      played.wait(1);
      return readInProcess(edited.sandbox, name, null, { config });
    };
    const keyOf = (record: JsonObject) => JSON.stringify(keys.map((key) => record[key]));
    edited.edit(null);
    const right = await read();
    expect([right.error, right.changes.flat(), right.records.length > 0]).toEqual([null, [], true]);
    for (const [what, values] of Object.entries(WRONG)) {
      const others = new Map(
        Object.entries(airbyte)
          .filter(
            ([field]) => ![...KEPT, ...FRAME].includes(field) && !keys.some((key) => ofName(key) === ofName(field)),
          )
          .map(([field, schema]): [string, JsonValue] => [field, values[kindOf(schema)] as JsonValue]),
      );
      const sent = new Set<string>();
      edited.edit((answer, path) => (isOfPortal(path, name) ? answer : replaced(answer, others, sent)));
      const { records, changes, error } = await read();
      expect([what, error]).toEqual([what, null]);
      const told = (all: readonly JsonObject[]) => (HASHED.includes(name) ? all.length : all.map(keyOf).sort());
      expect(told(records)).toEqual(told(right.records));
      const before = new Map(right.records.map((record) => [keyOf(record), record]));
      // Told of together: to expect something of each field takes longer than all the rest.
      const invalid: JsonValue[] = [];
      const unsaid: string[] = [];
      for (const [index, record] of records.entries()) {
        if (!validate(record)) invalid.push([JSON.stringify(validate.errors), record]);
        const noted = (changes[index] ?? []).map(({ field }) => String(field.split('.')[0]));
        if (what === LOSSLESS) unsaid.push(...noted);
        for (const field of Object.keys(fields)) {
          const isLost = (before.get(keyOf(record))?.[field] ?? null) !== null && record[field] === null;
          if (what === LOSSLESS && [...others.keys()].some((whole) => isPartOf(field, whole))) continue;
          if (isLost && !noted.some((each) => isPartOf(field, each))) unsaid.push(field);
        }
      }
      expect({ what, invalid, unsaid }).toEqual({ what, invalid: [], unsaid: [] });
      const isSent = Object.keys(fields).some(
        (field) => sent.has(ofName(field)) && right.records.some((record) => (record[field] ?? null) !== null),
      );
      if (what !== LOSSLESS && isSent) expect([what, changes.some((each) => each.length > 0)]).toEqual([what, true]);
    }
  });
});

/** What a portal is opened with; a stream of the same is changed all the same. */
function isOfPortal(path: string, name: string): boolean {
  return /^\/(account-info\/[^/]+\/details|oauth)/.test(path) || (/schemas/.test(path) && name !== 'object_schemas');
}

describe('an item whose key is missing, or is none of its type', () => {
  const lines: string[] = [];
  const read = (name: string, state: JsonObject | null) => {
    played.wait(1);
    return readInProcess(edited.sandbox, name, state, { config: { include: [name] } });
  };
  beforeEach(() => {
    lines.length = 0;
    configureLog({ level: 'warn', sink: (_, message) => lines.push(message) });
  });
  afterEach(() => configureLog({ level: 'error', sink: () => undefined }));

  test.each([
    ['forms', 'id', null],
    ['email_subscriptions', 'id', 'many'],
    ['blog_posts', 'id', null],
    ['list_memberships', 'recordId', null],
  ])('%s: by %s %j, is passed over, and nothing counts as gone', async (name, member, value) => {
    edited.edit(null);
    const first = await read(name, null);
    let count = 0;
    const without = (answer: JsonValue): JsonValue => {
      if (Array.isArray(answer)) return answer.map(without);
      if (!isObject(answer)) return answer;
      const isChosen = member in answer && count++ % 2 === 0;
      return Object.fromEntries(
        Object.entries(answer).map(([key, each]) => [key, isChosen && key === member ? value : without(each)]),
      );
    };
    edited.edit((answer, path) => (path.startsWith('/account-info') ? answer : without(answer)));
    const whole = await read(name, null);
    expect(whole.error).toBeNull();
    expect(whole.records.length).toBeLessThan(first.records.length);
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${name}: \\d+ items? without .*passed over`)));
    const next = await read(name, first.state);
    expect([next.error, next.records]).toEqual([null, []]);
    edited.edit(null);
    expect((await read(name, next.state)).records).toEqual([]);
  });
});

test('into tables of DuckDB: the rows are there, and what was lost is in _airbyte_meta', async () => {
  const names = ['forms', 'settings_users', 'email_events'];
  const warehouse = new DuckDbWarehouse();
  await warehouse.begin();
  try {
    played.wait(1);
    edited.edit((answer, path) => {
      const others = new Map<string, JsonValue>([
        ['superAdmin', 'perhaps'],
        ['seatNames', 'none'],
        ['fieldGroups', 7],
        ['attempt', 'many'],
        ['created', 'soon'],
      ]);
      return path.startsWith('/account-info') ? answer : replaced(answer, others, new Set());
    });
    process.env.HUBSPOT_BASE_URL = edited.sandbox.url;
    const config = parsePipelineConfig({
      name: 'crm',
      source: {
        credentials: { access_token: edited.sandbox.token },
        objects: [{ object_type: 'owners' }],
        include: names,
        exclude: ['crm'],
        layout: 'columns',
      },
      destination: warehouse.destination(),
    });
    const { errors, streams } = await runSync(config, new AbortController().signal, []);
    expect(errors).toEqual([]);
    for (const [name, column] of [
      ['forms', 'field_groups'],
      ['settings_users', 'seat_names'],
      ['email_events', 'created'],
    ] as const) {
      const rows = await warehouse.rows(name, { id: 'text', [column]: 'text', _airbyte_meta: 'text' });
      expect(rows).toHaveLength(streams.find(({ stream }) => stream === name)?.records ?? -1);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.some((row) => row[column] === null && String(row._airbyte_meta).includes(column))).toBe(true);
    }
  } finally {
    await warehouse.end();
  }
});
