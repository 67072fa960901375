import { standardObject } from '../../../hubspot/api/object-types.js';
import { kindOf } from '../../layouts/coerce.js';
import { columnsLayout } from '../../layouts/columns-layout.js';
import { HashedProperties } from '../../privacy/hashed-properties.js';
import { Hasher } from '../../privacy/hasher.js';
import type { ObjectStream } from '../object-stream.js';
import { contentHasher, contentSalt } from './content-hash.js';

/** A stream of telephone numbers, hashed with a salt or in clear. */
function streamOf(salt: string | null, hashed = ['phone']): ObjectStream {
  const definitions = [{ name: 'phone', type: 'string' }];
  const marked = salt === null ? null : new HashedProperties(new Set(hashed), new Hasher(salt));
  const kinds = definitions.map(({ type }) => kindOf(type));
  const shape = { associations: [], cdc: false, filtered: false, localDates: null };
  return {
    name: 'contacts',
    type: standardObject('contacts'),
    layout: columnsLayout({ properties: definitions, kinds, hashed: marked, ...shape }),
    properties: ['phone'],
    kinds: new Map(),
    hashed: marked,
    localDates: null,
    excluded: [],
    associations: [],
    histories: [],
    filterGroups: [],
    updatedAfter: null,
    knowsMerges: false,
    withheld: [],
    definitions,
    definitionCalls: 1,
  };
}

const row = { id: '1', properties: { phone: '+1 555 0100' } };
const hashWith = (salt: string | null) => contentHasher(streamOf(salt))(row, []);

test('what is remembered of a content takes the salt, so that nobody finds out the content by trying', () => {
  expect(hashWith('a salt of these tests')).toBe(hashWith('a salt of these tests'));
  expect(new Set([null, 'a salt of these tests', 'another salt of these'].map(hashWith)).size).toBe(3);
});

test('what was emitted with other hashes is forgotten', () => {
  const salts = [streamOf(null), streamOf('a salt of these tests'), streamOf('another salt of these')];
  const partly = streamOf('a salt of these tests', ['email']);
  expect(new Set([...salts, partly].map(contentSalt)).size).toBe(4);
});
