import { Hasher } from './hasher.js';

/** As `printf '%s' "$salt$value" | sha256sum` has it. */
const SALT = 'an example of a salt';

test.each([
  ['ada@example.com', '11052012fb597aadcfe0b606e13a7e5ccb9f3036ffd0691d4c51405d7ffa0399'],
  ['größe 😀', '1e36463f3ec66351a972bcf526281b7c8a3f4856afc835f7f3f9ebd7b77aaaee'],
  ['Ada@example.com', '8324c7c5ec20f3a339bd8c8ecf70db3fe9a2088d8a0e383023455ec85b4e5d93'],
  ['a;b', '8171d8a766757cf8e83b9b7a2ccd8d6692f966cb4f90e9ba5a5d82d5f041940f'],
])('the hash of %j is the SHA-256 of the salt and the value behind it', (value, hash) => {
  expect(new Hasher(SALT).hash(value)).toBe(hash);
});

test('a mark is the same for the same salt only, and none of the hashes', () => {
  const [one, same, other] = [SALT, SALT, `${SALT}.`].map((salt) => new Hasher(salt));
  expect(one?.mark).toBe(same?.mark);
  expect(one?.mark).not.toBe(other?.mark);
  expect(one?.mark).toMatch(/^[\w-]{12}$/);
});

test('the hash of a content takes the salt', () => {
  const [one, other] = [SALT, `${SALT}.`].map((salt) => new Hasher(salt).contentHash('a'));
  expect(one).not.toBe(other);
  expect(one).toBe(new Hasher(SALT).contentHash('a'));
});
