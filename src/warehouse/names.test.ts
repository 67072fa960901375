import fc from 'fast-check';
import { columnNames, type NameRules } from './names.js';

const insensitive: NameRules = { identifier: (name) => name, same: (name) => name.toLowerCase(), longest: 255 };
const upper: NameRules = { identifier: (name) => name.toUpperCase(), same: (name) => name, longest: 255 };

test.each([
  ['case', ['Foo', 'foo', 'FOO']],
  ['upper-casing', ['straße', 'STRASSE']],
  ['their first 255 characters', ['x'.repeat(300), `${'x'.repeat(300)}y`]],
  ['a metadata column', ['_airbyte_meta', '_AIRBYTE_META']],
  ['emptiness', ['', '_empty']],
])('fields that differ only by %s get columns that the warehouse can tell apart', (_, fields) => {
  for (const rules of [insensitive, upper]) {
    const names = columnNames(fields, rules);
    expect(new Set(names.map(rules.same)).size).toBe(fields.length);
  }
});

test('each column is one of its own, none too long, whatever the fields are called', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 30 }), (fields) => {
      for (const rules of [insensitive, upper]) {
        const names = columnNames(fields, rules);
        expect(new Set(names.map(rules.same)).size).toBe(fields.length);
        expect(names.every((name) => name !== '' && name.length <= rules.longest)).toBe(true);
      }
    }),
  );
});

test('a name that is no one else’s stays as it is', () => {
  expect(columnNames(['id', 'select', 'a b"c', 'naïve'], insensitive)).toEqual(['id', 'select', 'a b"c', 'naïve']);
});

test('the suffix of a field depends on the field alone', () => {
  const [, second] = columnNames(['foo', 'FOO'], insensitive);
  expect(columnNames(['x', 'foo', 'y', 'FOO'], insensitive)[3]).toBe(second);
});
