import fc from 'fast-check';
import { eachMember, membersOf, stringAt } from './json-scan.js';
import { JsonSyntaxError, skipSpace, skipValue } from './json-skip.js';

/** What JSON.parse makes of the text, or undefined where it refuses it. */
function oracle(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function accepts(text: string): boolean {
  const bytes = Buffer.from(text);
  try {
    const end = skipValue(bytes, skipSpace(bytes, 0));
    return skipSpace(bytes, end) === bytes.length;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

const jsonText = fc
  .tuple(fc.json({ stringUnit: 'binary' }), fc.constantFrom(0, 1, 2))
  .map(([json, indent]) => JSON.stringify(JSON.parse(json), null, indent));

/** JSON with one piece of it replaced, removed or doubled: most of it invalid, some of it not. */
const damaged = fc
  .tuple(
    jsonText,
    fc.nat(),
    fc.nat(4),
    fc.constantFrom('', '"', '\\', ',', '0', '-', '.', 'e', '{', ']', ' ', '\n', 'é'),
  )
  .map(([text, place, length, piece]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at + length);
  })
  .filter((text) => text.isWellFormed());

test('accepts exactly what JSON.parse accepts', () => {
  fc.assert(
    fc.property(fc.oneof(jsonText, damaged), (text) => {
      expect(accepts(text)).toBe(oracle(text) !== undefined);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  '01',
  '1.',
  '.5',
  '+1',
  '1e',
  '--1',
  '"\\x"',
  '"\\u12G4"',
  '"\t"',
  'tru',
  'nulll',
  '[1,]',
  '{"a":1,}',
  '{a:1}',
  '',
])('refuses %j', (text) => expect(accepts(text)).toBe(false));

test('finds the members of an object, each where its value lies', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })), (object) => {
      const text = JSON.stringify(object, null, 1);
      const bytes = Buffer.from(text);
      const found = new Map<string, unknown>();
      for (const [name, span] of membersOf(bytes)) {
        found.set(name, JSON.parse(bytes.toString('utf8', span.start, span.end)));
      }
      expect(found).toEqual(new Map(Object.entries(JSON.parse(text) as object)));
    }),
  );
});

test('keeps members named like those of Object.prototype', () => {
  const bytes = Buffer.from('{"__proto__":1,"constructor":2}');
  expect([...membersOf(bytes).keys()]).toEqual(['__proto__', 'constructor']);
});

test('of repeated members takes the last, as JSON.parse does', () => {
  const bytes = Buffer.from('{"a":1,"a":2}');
  const span = membersOf(bytes).get('a');
  expect(span && bytes.toString('utf8', span.start, span.end)).toBe('2');
});

test('unescapes names', () => {
  const bytes = Buffer.from('{"a\\u00e9\\n":1}');
  eachMember(bytes, 0, (key) => expect(stringAt(bytes, key)).toBe('aé\n'));
});

test('refuses nesting that would exhaust the stack', () => {
  expect(accepts('['.repeat(100_000) + ']'.repeat(100_000))).toBe(false);
});
