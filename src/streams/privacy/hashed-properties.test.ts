import { type ObjectCriteria, parseSourceConfig } from '../../config/source.js';
import { customObjectType, standardObject } from '../../hubspot/api/object-types.js';
import { KnownObjects } from '../core/known-objects.js';
import { entryProperties } from './entry-properties.js';
import { HashedProperties, hashedProperties } from './hashed-properties.js';
import { Hasher } from './hasher.js';

const hasher = new Hasher('a salt for these tests');
const hashed = new HashedProperties(new Set(['email']), hasher);
const CONTACTS = standardObject('contacts');
const known = new KnownObjects([
  customObjectType({ name: 'vehicles', objectTypeId: '2-1', fullyQualifiedName: 'p1_v' }),
]);

test('what is blank has no hash', () => {
  expect(hashed.valueOf('')).toBeNull();
  expect(hashed.valueOf(' ')).toBe(hasher.hash(' '));
});

test('versions have hashes of their values, and of what names a source by one of them', () => {
  const versions = [
    {
      value: 'ada@example.com',
      timestamp: '2024-01-02T00:00:00Z',
      sourceType: 'FORM',
      sourceId: 'form 1',
      sourceLabel: null,
    },
    { value: '', timestamp: '2024-01-01T00:00:00Z', sourceId: 'Mail of ADA@example.com' },
  ];
  expect(hashed.versionsOf('email', versions)).toEqual([
    { ...versions[0], value: hasher.hash('ada@example.com') },
    { ...versions[1], value: null, sourceId: hasher.hash('Mail of ADA@example.com'), sourceLabel: null },
  ]);
  expect(hashed.versionsOf('phone', versions)).toBe(versions);
});

test('a source that is a short value is hashed; one that only has it within is not', () => {
  const versions = [{ value: 'Bo', timestamp: '2024-01-02T00:00:00Z', sourceId: 'bo', sourceLabel: 'bonus' }];
  expect(hashed.versionsOf('email', versions)).toEqual([
    { ...versions[0], value: hasher.hash('Bo'), sourceId: hasher.hash('bo') },
  ]);
});

describe('which properties are hashed', () => {
  const config = (objects: object[], more: object = {}) =>
    parseSourceConfig({ credentials: { access_token: 'pat-na1-x' }, hash_salt: 'a salt for tests', objects, ...more });
  const namesOf = (own: ObjectCriteria | null, given: ReturnType<typeof config>, type = CONTACTS) =>
    [...(hashedProperties(entryProperties(type, own, given, known).hashed, ['passport'], given)?.names ?? [])].sort();

  const two = config([
    { object_type: 'contact', name: 'a', hash_properties: ['email'] },
    { object_type: '0-1', name: 'b', hash_properties: ['phone'] },
    { object_type: 'vehicles', hash_properties: ['plate'] },
  ]);

  test('those of the entry', () => {
    expect(namesOf(two.objects?.[0] ?? null, two)).toEqual(['email']);
  });

  test('of what has no entry, those of all entries of the object', () => {
    expect(namesOf(null, two)).toEqual(['email', 'phone']);
    expect(namesOf(null, two, standardObject('deals'))).toEqual([]);
    expect(namesOf(null, two, known.custom[0])).toEqual(['plate']);
  });

  test('and what is sensitive, if that is to be hashed', () => {
    const all = config([{ object_type: 'contacts', hash_properties: ['email'] }], { sensitive: 'hash' });
    expect(namesOf(all.objects?.[0] ?? null, all)).toEqual(['email', 'passport']);
    expect(namesOf(null, config([], { sensitive: 'hash' }))).toEqual(['passport']);
    expect(namesOf(null, config([], { sensitive: 'include' }))).toEqual([]);
  });
});
