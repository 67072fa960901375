import fc from 'fast-check';
import type { JsonObject } from '../../protocol/messages.js';
import type { ColumnType } from '../column-types.js';
import { commentWithField, fieldOfComment, type NameRules } from '../names.js';
import { type Target, targetsOf } from '../target.js';
import { type ExistingColumn, mapColumns } from './column-mapping.js';

const insensitive: NameRules = { identifier: (name) => name, same: (name) => name.toLowerCase(), longest: 255 };
const upper: NameRules = { identifier: (name) => name.toUpperCase(), same: (name) => name, longest: 255 };
const SCHEMAS: Partial<Record<ColumnType, JsonObject>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  float: { type: 'number' },
  decimal: { type: 'number', hubflake_decimal: true },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  timestamp_tz: { type: 'string', format: 'date-time' },
  json: {},
};

function target(
  types: [field: string, type: ColumnType][],
  rules: NameRules,
  more: { keywords?: JsonObject; key?: string[] } = {},
): Target {
  const properties = Object.fromEntries(types.map(([field, type]) => [field, SCHEMAS[type] ?? {}]));
  const [made] = targetsOf(
    [
      {
        stream: {
          name: 't',
          json_schema: { properties, ...more.keywords },
          supported_sync_modes: ['full_refresh'],
        },
        sync_mode: 'full_refresh',
        destination_sync_mode: more.key ? 'append_dedup' : 'append',
        primary_key: (more.key ?? []).map((field) => [field]),
      },
    ],
    { schema: 's', tableName: null, tableForm: 'typed', hardDeletes: true, names: rules },
  );
  if (!made) throw new Error('no target');
  return made;
}

/** The table after a placement: what it had, and what was added. */
function after(existing: readonly ExistingColumn[], { mapping, added, claimed }: ReturnType<typeof mapColumns>) {
  const renamed = existing.map((column) => ({
    ...column,
    field: claimed.find(({ name }) => name === column.name)?.field ?? column.field,
  }));
  expect(mapping.columns.length).toBeGreaterThanOrEqual(added.length);
  return [...renamed, ...added.map(({ name, field, type }) => ({ name, field, type }))];
}

const field = fc.oneof(
  fc.constantFrom('a', 'A', 'a_string', 'A_STRING', 'a_float', 'ß', 'SS', '', '_empty', '__proto__'),
  fc.string({ unit: 'binary', maxLength: 270 }).map((text) => text.replace(/\0|\p{Surrogate}/gu, '')),
);
const types = fc.constantFrom<ColumnType>('string', 'integer', 'float', 'decimal', 'boolean', 'date', 'json');
const catalog = fc.uniqueArray(fc.tuple(field, types), {
  selector: ([name]) => name,
  maxLength: 8,
});

test('through any catalogs, one after the other, each field has a column of its own, and none is ever lost', () => {
  fc.assert(
    fc.property(fc.array(catalog, { minLength: 1, maxLength: 6 }), (catalogs) => {
      for (const rules of [insensitive, upper]) {
        let table: ExistingColumn[] = [];
        let before = new Map<string, { name: string; type: ColumnType }>();
        for (const fields of catalogs) {
          const placement = mapColumns(target(fields, rules), table, rules);
          const columns = placement.mapping.columns;
          table = after(table, placement);
          const names = table.map(({ name }) => rules.same(name));
          expect(new Set(names).size).toBe(names.length);
          expect(names.every((name) => name !== '' && name.length <= rules.longest)).toBe(true);
          expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
          for (const { name } of placement.mapping.cleared)
            expect(columns.map((each) => each.name)).not.toContain(name);
          for (const [i, column] of columns.entries()) {
            const was = before.get(column.field);
            // Who was there keeps his column, as long as its type does.
            if (was?.type === fields[i]?.[1] && was !== undefined) expect(column.name).toBe(was.name);
          }
          before = new Map(columns.map(({ field, name }, i) => [field, { name, type: fields[i]?.[1] as ColumnType }]));
          const again = mapColumns(target(fields, rules), table, rules);
          expect(again.added).toEqual([]);
          expect(again.mapping.columns.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a table cut off between two columns is completed to what it would have been', () => {
  const wanted = target(
    [
      ['a', 'string'],
      ['A', 'integer'],
      ['b', 'date'],
    ],
    upper,
  );
  const all = mapColumns(wanted, [], upper).mapping.columns;
  for (let made = 0; made <= all.length; made += 1) {
    const there = all.slice(0, made).map(({ name, field, type }) => ({ name, field, type }));
    const { mapping: placed, added } = mapColumns(wanted, there, upper);
    expect(placed.columns.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    expect(added).toHaveLength(all.length - made);
  }
});

test.each<[ColumnType, ColumnType, boolean, string]>([
  ['integer', 'decimal', true, 'A_DECIMAL'],
  ['decimal', 'integer', true, 'A'],
  ['float', 'integer', true, 'A_INTEGER'],
  ['string', 'integer', true, 'A'],
  ['integer', 'string', true, 'A_STRING'],
  ['json', 'date', true, 'A'],
  ['date', 'json', true, 'A_JSON'],
  ['decimal', 'float', true, 'A_FLOAT'],
  ['decimal', 'float', false, 'A'],
  ['float', 'string', false, 'A_STRING'],
])('a column of the type %s that is to take %s (made by us: %s) has its values in %s', (there, type, isOurs, name) => {
  const existing = [{ name: 'A', field: isOurs ? 'a' : null, type: there }];
  const { mapping: placed } = mapColumns(target([['a', type]], upper), existing, upper);
  expect(placed.columns.map((column) => column.name)).toEqual([name]);
  expect(placed.cleared).toEqual(name === 'A' ? [] : [{ name: 'A', field: 'a' }]);
});

test('what removals go by moves to no other column: rows of before would not be found', () => {
  const keywords = { hubflake_removes: { by: ['deal'] } };
  const fields: [string, ColumnType][] = [
    ['id', 'string'],
    ['deal', 'string'],
  ];
  const given = target(fields, upper, { key: ['id'], keywords });
  const existing = [{ name: 'DEAL', field: 'deal', type: 'integer' as const }];
  expect(() => mapColumns(given, existing, upper)).toThrow(
    'The field "deal" of the stream "t" is now of the type string',
  );
});

test('rows are dated in columns of one type only', () => {
  const validity = { of: ['id'], by: 'at', from: 'at', to: 'until', current: 'current' };
  const fields: [string, ColumnType][] = [
    ['id', 'string'],
    ['at', 'timestamp_tz'],
    ['until', 'timestamp_tz'],
    ['current', 'boolean'],
  ];
  const given = target(fields, upper, { key: ['id', 'at'], keywords: { hubflake_validity: validity } });
  const until = (type: ColumnType) => [{ name: 'UNTIL', field: 'until', type }];
  expect(mapColumns(given, until('timestamp_tz'), upper).mapping.validity?.to.name).toBe('UNTIL');
  expect(() => mapColumns(given, until('string'), upper)).toThrow('UNTIL (string)');
});

test('what can be widened in place is', () => {
  const existing = [{ name: 'a', field: 'a', type: 'integer' as const }];
  const {
    mapping: placed,
    widened,
    added,
  } = mapColumns(target([['a', 'decimal']], insensitive), existing, insensitive, () => true);
  expect([placed.columns[0]?.type, widened.map(({ name }) => name), added]).toEqual(['decimal', ['a'], []]);
});

test('a comment names its field, whatever both hold', () => {
  fc.assert(
    fc.property(fc.option(fc.string()), fc.string({ unit: 'grapheme', maxLength: 255 }), (comment, field) => {
      fc.pre(field.length <= 255);
      expect(fieldOfComment(commentWithField(comment, field))).toBe(field);
    }),
  );
  expect(fieldOfComment('Field: not quoted')).toBeNull();
  expect(fieldOfComment('Field: "broken\\"')).toBeNull();
  expect(fieldOfComment(commentWithField('Field: "mine"', 'x'.repeat(256)))).toBeNull();
});
