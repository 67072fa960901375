import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { airbyteLayout, legacyAliases } from './airbyte-layout.js';
import { kindOf } from './coerce.js';
import { columnsLayout } from './columns-layout.js';
import type { Layout, LayoutInput } from './layout.js';

const property = (name: string, type: string, label?: string) => ({ name, type, ...(label ? { label } : {}) });
const input = (
  properties = [property('email', 'string', 'E-mail'), property('amount', 'number')],
  cdc = false,
): LayoutInput => ({
  properties,
  kinds: properties.map((each) => kindOf(each.type)),
  associations: ['companies'],
  cdc,
  filtered: false,
  hashed: null,
  localDates: null,
});
const row = (properties: Record<string, string | null>, more: Partial<ObjectRow> = {}): ObjectRow => ({
  id: '1',
  properties,
  createdAt: '2024-01-01T00:00:00.000Z',
  updatedAt: '2024-05-01T00:00:00.000Z',
  archived: false,
  ...more,
});
const data = (record: { data: string }) => JSON.parse(record.data) as Record<string, unknown>;
const archived = { archivedAt: '2024-06-01T00:00:00Z', mergedInto: null };

describe("source-hubspot's layout", () => {
  test('has the properties nested and flattened, the same value in both places', () => {
    const record = airbyteLayout(input(), new Map()).encode(row({ email: 'a@b.c', amount: '12.50' }), [['7']], null);
    expect(data(record)).toEqual({
      id: '1',
      createdAt: '2024-01-01T00:00:00.000Z',
      updatedAt: '2024-05-01T00:00:00.000Z',
      archived: false,
      archivedAt: null,
      merged_into: null,
      properties: { email: 'a@b.c', amount: 12.5 },
      companies: ['7'],
      properties_email: 'a@b.c',
      properties_amount: 12.5,
    });
    expect(record.data).toContain('"properties_amount":12.50');
    expect(record.changes).toBeNull();
  });

  test('gives a record that was never updated the time of its creation', () => {
    const record = airbyteLayout(input(), new Map()).encode(row({}, { updatedAt: undefined as never }), [[]], null);
    expect(data(record)).toMatchObject({ updatedAt: '2024-01-01T00:00:00.000Z', companies: [] });
  });

  test('makes null of a value of the wrong type, and notes both places', () => {
    const record = airbyteLayout(input(), new Map()).encode(row({ amount: 'a lot' }), [[]], null);
    expect(data(record)).toMatchObject({ properties: { amount: null }, properties_amount: null });
    expect(record.changes?.map((change) => change.field)).toEqual(['properties.amount', 'properties_amount']);
  });

  test('fills the legacy names of stage timings from their successors, unless they have a value of their own', () => {
    const names = ['hs_v2_date_entered_won', 'hs_v2_latest_time_in_won', 'hs_time_in_won'];
    const properties = names.map((name) => property(name, name.includes('date') ? 'datetime' : 'number'));
    const layout = airbyteLayout(input(properties), legacyAliases('contacts', names));
    const record = layout.encode(
      row({ hs_v2_date_entered_won: '2024-01-01T00:00:00Z', hs_v2_latest_time_in_won: '5', hs_time_in_won: '9' }),
      [[]],
      null,
    );
    expect(data(record)).toMatchObject({
      properties_hs_lifecyclestage_won_date: '2024-01-01T00:00:00+00:00',
      properties_hs_time_in_won: 9,
    });
    expect(layout.schema.properties_hs_lifecyclestage_won_date).toMatchObject({ format: 'date-time' });
    // Only of deals the date of entry keeps its name.
    expect(layout.schema).not.toHaveProperty('properties_hs_date_entered_won');
    expect(legacyAliases('deals', names).get('hs_v2_date_entered_won')).toEqual(['hs_date_entered_won']);
    expect(legacyAliases('companies', names).size).toBe(0);
  });
});

describe('the layout of columns', () => {
  test('has one column a property, with the exact digits', () => {
    const record = columnsLayout(input()).encode(row({ email: 'a@b.c', amount: '12.50' }), [['7', '8']], null);
    expect(data(record)).toEqual({
      id: '1',
      created_at: '2024-01-01T00:00:00.000Z',
      updated_at: '2024-05-01T00:00:00.000Z',
      archived: false,
      archived_at: null,
      merged_into: null,
      associated_companies: ['7', '8'],
      email: 'a@b.c',
      amount: 12.5,
    });
    expect(record.data).toContain('"amount":12.50');
    expect(columnsLayout(input()).schema.amount).toEqual({ type: ['null', 'number'], hubflake_decimal: true });
  });

  test('puts property_ in front of a name that is taken, without regard to case', () => {
    const properties = ['ID', 'archived', 'associated_companies', 'property_archived'].map((name) =>
      property(name, 'string'),
    );
    const layout = columnsLayout(input(properties));
    const record = layout.encode(
      row({ ID: 'x', archived: 'y', associated_companies: 'z', property_archived: 'p' }),
      [[]],
      null,
    );
    expect(data(record)).toMatchObject({
      id: '1',
      archived: false,
      property_ID: 'x',
      property_property_archived: 'y',
      property_associated_companies: 'z',
      property_archived: 'p',
    });
  });
});

describe.each<[string, (given: LayoutInput) => Layout]>([
  ['airbyte', (given) => airbyteLayout(given, new Map())],
  ['columns', columnsLayout],
])('in the layout %s', (_, make) => {
  test('every field of a record is in the schema, and comes in its order', () => {
    const layout = make(input(undefined, true));
    const record = layout.encode(row({ email: 'x' }), [[]], null);
    expect(Object.keys(data(record))).toEqual(Object.keys(layout.schema));
  });

  test("HubSpot's label is the title of the property", () => {
    const { schema } = make(input());
    expect(schema.properties_email ?? schema.email).toMatchObject({ title: 'E-mail' });
  });

  test('a tombstone is the record, archived, without its associations', () => {
    const layout = make(input(undefined, true));
    const record = data(layout.encode(row({ email: 'x' }), null, archived));
    expect(record).toMatchObject({ archived: true, _ab_cdc_deleted_at: archived.archivedAt, merged_into: null });
    expect(record.archivedAt ?? record.archived_at).toBe(archived.archivedAt);
    expect(Object.keys(record).filter((key) => key.includes('companies'))).toEqual([]);
  });

  test('of a record merged away only what is known is said', () => {
    const record = data(make(input()).encodeMergedAway('9', '2024-06-01T00:00:00Z', { ...archived, mergedInto: '1' }));
    expect(Object.keys(record)).toHaveLength(5);
    expect(record).toMatchObject({ id: '9', archived: true, merged_into: '1' });
  });

  test('properties may be called like what every JavaScript object has', () => {
    const properties = ['__proto__', 'constructor', 'toString'].map((name) => property(name, 'string'));
    const layout = make(input(properties));
    const sent = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    const record = layout.encode(row(sent), [[]], null);
    expect(record.data).toMatch(/"(properties_)?__proto__":"a"/);
    expect(record.data).toMatch(/"(properties_)?constructor":"b"/);
    expect(record.data).toMatch(/"(properties_)?toString":null/);
    expect(Object.keys(layout.schema)).toEqual(expect.arrayContaining([expect.stringMatching(/__proto__$/)]));
  });

  test('any text survives, whatever is in it', () => {
    const nasty = 'a"\\\u0000\n\u2028é😀';
    const record = data(make(input()).encode(row({ email: nasty }), [[]], null));
    expect(record.properties_email ?? record.email).toBe(nasty);
  });

  test('half of a surrogate pair, which readers of messages refuse, is replaced, and that is noted', () => {
    const { data: json, changes } = make(input()).encode(row({ email: 'half \ud83d' }), [[]], null);
    const record = JSON.parse(json);
    expect(record.properties_email ?? record.email).toBe('half \ufffd');
    expect(changes?.map(({ change, reason }) => [change, reason])).toContainEqual([
      'TRUNCATED',
      'SOURCE_SERIALIZATION_ERROR',
    ]);
  });
});
