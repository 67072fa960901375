import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { configureLog } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import { epochMs } from '../../time.js';
import { HashedProperties } from '../privacy/hashed-properties.js';
import { Hasher } from '../privacy/hasher.js';
import { airbyteLayout } from './airbyte-layout.js';
import { kindOf } from './coerce.js';
import { columnsLayout } from './columns-layout.js';
import { fivetranLayout } from './fivetran-layout.js';
import type { Layout, LayoutInput } from './layout.js';
import { LocalDates } from './local-dates.js';

/** Values that are not HubSpot's own: hashes, and local dates beside them. */

configureLog({ level: 'error', sink: () => undefined });

const hasher = new Hasher('a salt for these tests');
const TYPES = {
  email: 'string',
  amount: 'number',
  interests: 'enumeration',
  hubspot_owner_id: 'enumeration',
  hs_note_body: 'string',
  birthday: 'date',
  closedate: 'datetime',
};

interface Processed {
  hashed?: readonly string[];
  localDates?: LocalDates | null;
  types?: Readonly<Record<string, string>>;
}

function input({ hashed = [], localDates = null, types = TYPES }: Processed): LayoutInput {
  const properties = Object.entries(types).map(([name, type]) => ({ name, type, label: `The ${name}` }));
  const kinds = properties.map(({ name, type }) => (hashed.includes(name) ? 'string' : kindOf(type)));
  const names = new Set(hashed);
  return {
    properties,
    kinds,
    associations: [],
    cdc: false,
    filtered: false,
    hashed: names.size > 0 ? new HashedProperties(names, hasher) : null,
    localDates,
  };
}

const fivetran = (given: LayoutInput, object: string) =>
  fivetranLayout({ ...given, object, modifiedProperty: 'hs_lastmodifieddate', portalId: 1, now: () => epochMs(0) });

const LAYOUTS: [string, (given: LayoutInput) => Layout, (property: string) => string][] = [
  ['airbyte', (given) => airbyteLayout(given, new Map()), (property) => `properties_${property}`],
  ['columns', columnsLayout, (property) => property],
  ['fivetran', (given) => fivetran(given, 'notes'), (property) => `property_${property}`],
];

function recordOf(layout: Layout, properties: ObjectRow['properties']): JsonObject {
  const row = { id: '1', properties, createdAt: '2024-01-01T00:00:00Z', updatedAt: '2024-05-01T00:00:00Z' };
  return JSON.parse(layout.encode(row, [], null).data);
}

const VALUES = {
  email: 'ada@example.com',
  amount: '12.50',
  interests: 'tea;rice',
  hubspot_owner_id: '77',
  hs_note_body: 'secret',
  birthday: '1990-01-02',
  closedate: '2024-05-01T01:00:00Z',
};
const ALL = Object.keys(TYPES);

describe.each(LAYOUTS)('in the layout %s', (_, make, column) => {
  test('a hash is of the whole text, whatever the type, which is text then', () => {
    const layout = make(input({ hashed: ALL }));
    const record = recordOf(layout, VALUES);
    for (const [name, value] of Object.entries(VALUES)) {
      expect([name, record[column(name)]]).toEqual([name, hasher.hash(value)]);
      expect(layout.schema[column(name)]).toEqual({ type: ['null', 'string'], title: `The ${name}` });
    }
    expect(JSON.stringify(record)).not.toMatch(/ada@|12\.5|tea|"77"|secret|1990|01:00/);
  });

  test('null and empty stay null', () => {
    const record = recordOf(make(input({ hashed: ALL })), { email: '', amount: null });
    expect(ALL.map((name) => record[column(name)])).toEqual(ALL.map(() => null));
  });

  test('what would be no value of its type is in no change entry', () => {
    const row = { id: '1', properties: { amount: 'a lot', email: 'half \ud83d' } };
    expect(make(input({ hashed: ALL })).encode(row, null, null).changes).toBeNull();
    expect(JSON.stringify(make(input({})).encode(row, null, null).changes)).toContain('a lot');
  });

  test('the tombstone of a record has hashes, too', () => {
    const tombstone = { archivedAt: '2024-06-01T00:00:00Z', mergedInto: null };
    const row = { id: '1', properties: VALUES };
    const { data } = make(input({ hashed: ['email'] })).encode(row, null, tombstone);
    expect(JSON.parse(data)[column('email')]).toBe(hasher.hash(VALUES.email));
    expect(data).not.toContain('ada@');
  });

  test('dates and times have a local date beside them', () => {
    const layout = make(input({ localDates: new LocalDates('US/Eastern') }));
    const record = recordOf(layout, VALUES);
    expect(record[column('closedate_local_date')]).toBe('2024-04-30');
    expect(record[column('birthday_local_date')]).toBe('1990-01-02');
    expect(layout.schema[column('closedate_local_date')]).toEqual({
      type: ['null', 'string'],
      format: 'date',
      title: 'The closedate (local date)',
      description: "The calendar date of closedate in the portal's time zone, US/Eastern.",
    });
    expect(Object.keys(layout.schema).filter((name) => name.includes('local_date'))).toHaveLength(2);
    expect(layout.propertyOf(column('closedate_local_date'))).toBe('closedate');
    expect(layout.propertyOf(column('closedate'))).toBe('closedate');
  });

  test('without a date there is none beside it, and what is no date is noted once a place', () => {
    const layout = make(input({ localDates: new LocalDates('US/Eastern') }));
    const row = { id: '1', properties: { closedate: 'soon', birthday: '' } };
    const { data, changes } = layout.encode(row, null, null);
    expect(JSON.parse(data)).toMatchObject({
      [column('closedate_local_date')]: null,
      [column('birthday_local_date')]: null,
    });
    expect(changes?.filter(({ field }) => field.includes('local_date'))).toEqual([]);
    expect(changes?.map(({ field }) => field)).toContain(column('closedate'));
  });

  test('what is hashed has no local date', () => {
    const layout = make(input({ hashed: ['closedate'], localDates: new LocalDates('US/Eastern') }));
    expect(Object.keys(layout.schema).filter((name) => name.includes('local_date'))).toEqual([
      column('birthday_local_date'),
    ]);
  });
});

test('nested properties are hashed as the flat ones are, and have no local dates', () => {
  const layout = airbyteLayout(input({ hashed: ['email'], localDates: new LocalDates('US/Eastern') }), new Map());
  const { properties } = recordOf(layout, VALUES);
  expect(properties).toMatchObject({ email: hasher.hash(VALUES.email), amount: 12.5 });
  expect(Object.keys(properties as JsonObject)).toEqual(ALL);
});

test('a legacy name of a hashed property has the hash', () => {
  const types = { hs_v2_date_entered_won: 'datetime' };
  const aliases = new Map([['hs_v2_date_entered_won', ['hs_date_entered_won']]]);
  const layout = airbyteLayout(input({ hashed: Object.keys(types), types }), aliases);
  const record = recordOf(layout, { hs_v2_date_entered_won: '2024-01-01T00:00:00Z' });
  expect(record.properties_hs_date_entered_won).toBe(hasher.hash('2024-01-01T00:00:00Z'));
  expect(layout.schema.properties_hs_date_entered_won).toEqual({ type: ['null', 'string'] });
});

test("what Fivetran's table of notes has twice is hashed twice", () => {
  const record = recordOf(fivetran(input({ hashed: ['hs_note_body'] }), 'notes'), VALUES);
  expect(record.body).toBe(hasher.hash('secret'));
});

describe('where a property has the name of a local date', () => {
  const types = { closedate: 'datetime', closedate_local_date: 'string', CLOSEDATE_local_date: 'string' };
  const localDates = new LocalDates('US/Eastern');
  const values = { closedate: '2024-05-01T01:00:00Z', closedate_local_date: 'theirs' };

  test.each<[string, Layout, string, string]>([
    [
      'airbyte',
      airbyteLayout(input({ types, localDates }), new Map()),
      'properties_closedate_local_date',
      'property_properties_closedate_local_date',
    ],
    ['columns', columnsLayout(input({ types, localDates })), 'closedate_local_date', 'property_closedate_local_date'],
    [
      'fivetran',
      fivetran(input({ types, localDates }), 'deals'),
      'property_closedate_local_date',
      'property_closedate_local_date_3',
    ],
  ])('the property keeps it in the layout %s', (_, layout, theirs, ours) => {
    expect(recordOf(layout, values)).toMatchObject({ [theirs]: 'theirs', [ours]: '2024-04-30' });
    expect(layout.schema).toHaveProperty([ours, 'format'], 'date');
  });
});
