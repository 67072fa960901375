import fc from 'fast-check';

/** As they were built, with the WebAssembly beside them. */
const built = (name: string) => import(new URL(`../dist/protocol/${name}.js`, import.meta.url).href);
const { odditiesMet, walkableBuffer, walkValue } = (await built(
  'json-walk',
)) as typeof import('../src/protocol/json-walk.js');
const slow = (await built('json-skip')) as typeof import('../src/protocol/json-skip.js');

const ROOM = 16_384;
const memory = walkableBuffer(ROOM);

/** Where a walk ends or fails, and whether it came by anything odd. */
type Outcome = { end: number; isPlain: boolean } | { failsAt: number };

function outcome(walk: (bytes: Buffer, at: number) => number, met: () => number, bytes: Buffer, at: number): Outcome {
  const before = met();
  try {
    const end = walk(bytes, at);
    return { end, isPlain: met() === before };
  } catch (error) {
    return { failsAt: (error as { offset: number }).offset };
  }
}

/** Both walks over the same bytes; those of the fast one lie in its memory, with others behind them. */
function expectAlike(text: string, before: number, behind: string): void {
  const bytes = Buffer.from(text);
  const place = memory.subarray(before, before + bytes.length);
  memory.fill(0x7a);
  bytes.copy(place);
  memory.write(behind, before + bytes.length);
  const wanted = outcome(slow.skipValue, slow.odditiesMet, bytes, 0);
  expect(outcome(walkValue, odditiesMet, place, 0)).toEqual(wanted);
}

const object = fc
  .tuple(
    fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })),
    fc.constantFrom(0, 1),
    fc.constantFrom('', ' ', '\n'),
  )
  .map(([value, indent, space]) => `${JSON.stringify(value, null, indent)}${space}`);

const damaged = fc
  .tuple(
    object,
    fc.nat(),
    fc.nat(4),
    fc.constantFrom(
      '',
      '"',
      '\\',
      '\\u12',
      ',',
      '0',
      '12345678901234567',
      '-',
      '.',
      'e',
      '{',
      '}',
      ']',
      ' ',
      '\n',
      '\t',
      '\u0000',
      'é',
    ),
  )
  .map(([text, place, length, piece]) => {
    const at = 1 + (place % text.length);
    return text.slice(0, at) + piece + text.slice(at + length);
  })
  .filter((text) => text.isWellFormed() && text.length < ROOM / 8);

/** What is left of other lines. */
const behind = fc.constantFrom('', '\n', '}', '"}', '"', '1}', ',"a":1}', '\n{"a":1}', ':1}', 'ull}', '\\"}', ']}');

test('the memory of the fast walk is there', () => {
  const other = walkableBuffer(10);
  expect(other.buffer).toBe(memory.buffer);
  expect(other.byteOffset).toBeGreaterThanOrEqual(ROOM);
});

test('it ends where the slow one ends, and fails where that fails', () => {
  fc.assert(fc.property(fc.oneof(object, damaged), fc.nat(40), behind, expectAlike), { numRuns: 10_000 });
});

test('nor does it go on behind its bytes', () => {
  fc.assert(
    fc.property(object, fc.nat(), fc.nat(40), (text, cut, before) => {
      const at = cut % text.length;
      expectAlike(text.slice(0, at).toWellFormed(), before, text.slice(at).toWellFormed());
    }),
    { numRuns: 10_000 },
  );
});

test.each([
  ['a text that is longer than the walk looks at once', `{"a":"${'x'.repeat(1000)}"}`],
  [
    'each length of a text',
    `{${Array.from({ length: 70 }, (_, i) => `"${'k'.repeat(i)}":"${'v'.repeat(i)}"`).join(',')}}`,
  ],
  [
    'an escape at each place',
    `{${Array.from({ length: 40 }, (_, i) => `"${'k'.repeat(i)}\\n":"${'v'.repeat(i)}\\u00e9"`).join(',')}}`,
  ],
  ['a control character behind plain ones', `{"a":"${'x'.repeat(37)}\u0001"}`],
  ['numbers of many digits', '{"a":123456789012345,"b":1234567890123456,"c":-0.5e-10}'],
  ['as deep as it may be', `{"a":${'['.repeat(998)}1${']'.repeat(998)}}`],
  ['deeper', `{"a":${'['.repeat(1000)}1${']'.repeat(1000)}}`],
])('%s', (_, text) => expectAlike(text, 3, '\n'));
