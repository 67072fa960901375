import { parseSourceConfig } from '../../config/source.js';
import { standardObject } from '../../hubspot/api/object-types.js';
import { KnownObjects } from '../core/known-objects.js';
import { entryProperties } from './entry-properties.js';

const [CONTACTS, DEALS] = [standardObject('contacts'), standardObject('deals')];
const known = new KnownObjects([]);
const config = parseSourceConfig({
  credentials: { access_token: 'pat-na1-x' },
  hash_salt: 'a salt for these tests',
  objects: [
    { object_type: 'contact', name: 'a', exclude_properties: ['phone'], hash_properties: ['email'] },
    { object_type: '0-1', name: 'b', exclude_properties: ['fax'] },
  ],
});

test('of a stream with an entry, what that says counts', () => {
  const [a, b] = config.objects ?? [];
  expect(entryProperties(CONTACTS, a ?? null, config, known)).toEqual({ hashed: ['email'], excluded: ['phone'] });
  expect(entryProperties(CONTACTS, b ?? null, config, known)).toEqual({ hashed: [], excluded: ['fax'] });
});

test('of one without, what any entry of the object says', () => {
  expect(entryProperties(CONTACTS, null, config, known)).toEqual({ hashed: ['email'], excluded: ['phone', 'fax'] });
  expect(entryProperties(DEALS, null, config, known)).toEqual({ hashed: [], excluded: [] });
  expect(entryProperties(CONTACTS, null, { objects: null }, known)).toEqual({ hashed: [], excluded: [] });
});
