import { ConfigError } from '../errors.js';
import { plainToken } from './token.js';

const read = (text: string) => plainToken(text, 'credentials.access_token', 'HubSpot');

test.each([
  ['a token as it is', 'pat-na1-0f3e_~.!/+='],
  ['all that printable ASCII has', String.fromCharCode(...Array.from({ length: 0x7e - 0x20 }, (_, i) => 0x21 + i))],
])('%s is taken', (_, token) => {
  expect(read(token)).toBe(token);
});

test.each([
  ' pat-1 ',
  'pat-1\n',
  '\r\npat-1\r\n\t',
  '\ufeffpat-1',
  '\u200bpat-1\u200b',
  '\u00a0pat-1\u202f',
  '\u2060 \u200e pat-1 \u2029',
])('what is around it is left out: %j', (text) => {
  expect(read(text)).toBe('pat-1');
});

test.each([
  ['\u200b', 'U+200B (zero-width space)'],
  ['\u200c', 'U+200C (zero-width non-joiner)'],
  ['\u00a0', 'U+00A0 (no-break space)'],
  ['\u2010', 'U+2010 (typographic hyphen)'],
  ['\u2013', 'U+2013 (en dash)'],
  ['\u201c', 'U+201C (typographic quote)'],
  ['\u2019', 'U+2019 (typographic quote)'],
  ['\ufeff', 'U+FEFF (byte order mark)'],
  ['\n', 'U+000A (line break)'],
  ['\t', 'U+0009 (tab)'],
  [' ', 'U+0020 (space)'],
  ['\u0000', 'U+0000'],
  ['\u007f', 'U+007F'],
  ['\u0430', 'U+0430'],
  ['\u{1f511}', 'U+1F511'],
  ['\ud83d', 'U+D83D'],
])('within it, %j is refused by its place', (character, named) => {
  const text = `pat-na1-abc${character}defghi${character}`;
  expect(() => read(text)).toThrow(
    new ConfigError(
      `credentials.access_token has a character that cannot be in a token: ${named} at position 12. Copy it again from HubSpot.`,
    ),
  );
  expect(() => read(` \u200b${text}`)).toThrow('at position 12');
});

test('positions count characters, not their halves', () => {
  expect(() => read('a\u{1f511}b')).toThrow('U+1F511 at position 2');
});

test('an empty text stays one', () => {
  expect(read(' \u200b\n')).toBe('');
});
