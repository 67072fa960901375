import fc from 'fast-check';
import { type ObjectRow, parseAnswer, resultsOf } from '../hubspot/objects.js';
import { scanPage } from '../hubspot/page-scan.js';
import { ScannedRow } from '../hubspot/scanned-row.js';
import { airbyteLayout } from './airbyte-layout.js';
import { kindOf } from './coerce.js';
import { columnsLayout } from './columns-layout.js';
import type { Layout } from './layout.js';
import type { EncodedRecord } from './sink.js';

const TYPES = ['string', 'number', 'bool', 'date', 'datetime', 'enumeration'];
const NAMES = ['email', 'größe', '__proto__', 'toString', 'x', 'hs_v2_date_entered_won', 'ünï 😀', '1'];

/** What HubSpot writes, what people and imports write, and what nobody should. */
const VALUES = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.constantFrom(
    'a"b',
    'a\\',
    '\\"',
    '},{"id":"',
    '","properties":{',
    '\ud83d',
    'x\udc00y',
    '\ufeff',
    '\\ud83d',
    'a/b\n',
  ),
  fc.constantFrom(
    '0',
    '-0',
    '007',
    '1.50',
    '-.5',
    '5.',
    '1,000.5',
    '+3',
    '1e5',
    '1E+400',
    '--1',
    '0.0',
    '9007199254740993',
  ),
  fc.integer().map(String),
  fc.double().map(String),
  fc.constantFrom('true', 'false', 'TRUE', ' false ', 'yes', ''),
  fc.constantFrom(
    '2024-02-29',
    '2023-02-29',
    '2024-13-01',
    '0000-01-01',
    '1900-02-29',
    '2000-02-29',
    '2024-1-1',
    '2024-04-31',
  ),
  fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .chain((date) => fc.constantFrom(date.toISOString(), date.toISOString().slice(0, 10), String(date.getTime()))),
  fc.constantFrom(
    '2024-05-01T12:34:56Z',
    '2024-05-01T12:34:56.7Z',
    '2024-05-01T24:00:00Z',
    '2024-02-30T00:00:00.000Z',
    '2024-05-01 12:34:56Z',
    '2024-05-01T12:34:56.789+02:00',
    '2024-05-01T12:60:00Z',
    '2024-05-01T12:34:60Z',
    '99999-01-01T00:00:00Z',
    '2024-05-01T12:34:56,789Z',
  ),
);

/** HubSpot holds texts, but is not bound to. */
const OTHERS = fc.constantFrom(5, true, 1.5, ['a'], { b: 1 });

const MORE = fc.record(
  {
    createdAt: fc.constantFrom('2024-01-01T00:00:00.000Z', null, 'x'),
    updatedAt: fc.constantFrom('2024-05-01T00:00:00.000Z', null, '2024-05-01T00:00:00.5Z'),
    archived: fc.boolean(),
    associations: fc.constantFrom(
      {
        companies: {
          results: [
            { id: '1', type: 'a' },
            { id: '2', type: 'ü' },
          ],
        },
      },
      { companies: { results: [], paging: { next: { after: '5', link: 'x' } } }, 'line items': { results: [] } },
      { companies: { results: [{ id: '7', properties: { id: '8' } }] } },
    ),
    url: fc.constantFrom('https://app.hubspot.com/contacts/1', '}]},"'),
  },
  { requiredKeys: [] },
);

interface Row {
  id: string | number;
  values: Map<string, unknown>;
  more: Record<string, unknown>;
  /** Whether there is a second member `id`, of which JSON.parse takes the last. */
  again: boolean;
  order: readonly string[];
}

/** Rows of one page: most have the same properties in the same order. */
const PAGES = fc
  .record({
    names: fc.shuffledSubarray(NAMES),
    types: fc.array(fc.constantFrom(...TYPES), { minLength: 8, maxLength: 8 }),
  })
  .chain(({ names, types }) => {
    const row = fc.record({
      id: fc.oneof(
        { weight: 9, arbitrary: fc.bigInt(0n, 10n ** 16n).map(String) },
        { weight: 1, arbitrary: fc.constantFrom(5, 'ab', '', '1"') },
      ),
      values: fc
        .array(fc.oneof({ weight: 80, arbitrary: VALUES }, { weight: 1, arbitrary: OTHERS }), {
          minLength: 8,
          maxLength: 8,
        })
        .map((all) => new Map(names.map((name, i) => [name, all[i]]))),
      more: MORE,
      again: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
      order: fc.oneof(
        { weight: 8, arbitrary: fc.constant(names) },
        { weight: 1, arbitrary: fc.shuffledSubarray(names) },
      ),
    });
    return fc.record({
      types: fc.constant(new Map(NAMES.map((name, i) => [name, types[i] as string]))),
      rows: fc.array(row, { maxLength: 6 }),
      escapes: fc.constantFrom('none', 'slashes', 'unicode'),
      total: fc.option(fc.nat()),
      after: fc.option(fc.constantFrom('17', 'ö"')),
    });
  });

/** JSON as other writers have it: with escapes that are not needed. */
function stringify(value: unknown, escapes: string): string {
  const json = JSON.stringify(value);
  if (escapes === 'slashes') return json.replaceAll('/', '\\/');
  if (escapes === 'none') return json;
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function bodyOf({
  rows,
  escapes,
  total,
  after,
}: {
  rows: Row[];
  escapes: string;
  total: number | null;
  after: string | null;
}): Buffer {
  const members = rows.map(({ id, values, more, again, order }) => {
    const properties = order
      .map((name) => `${stringify(name, escapes)}:${stringify(values.get(name), escapes)}`)
      .join(',');
    const tail = Object.entries(more).map(([key, value]) => `,"${key}":${stringify(value, escapes)}`);
    return `{"id":${JSON.stringify(id)},"properties":{${properties}}${tail.join('')}${again ? ',"id":"0"' : ''}}`;
  });
  const head = total === null ? '' : `"total":${total},`;
  const paging = after === null ? '' : `,"paging":{"next":{"after":${JSON.stringify(after)},"link":"x"}}`;
  return Buffer.from(`{${head}"results":[${members.join(',')}]${paging}}`);
}

/** A record's members sorted, each string written in one way, whichever escapes it had. Digits stay as they are. */
function plain({ data, changes }: EncodedRecord): string[] {
  const text = data.replace(/"(?:[^"\\]|\\.)*"/g, (string) => JSON.stringify(JSON.parse(string)));
  const members = text.match(/"(?:[^"\\]|\\.)*"(?::(?:"(?:[^"\\]|\\.)*"|[^,"{}[\]]+|\[[^\]]*\]|\{))?|./gs) ?? [];
  const order = (changes ?? []).map((change) => JSON.stringify(change)).sort();
  expect(isJson(data)).toBe(true);
  return [...members.sort(), ...order];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const LAYOUTS: [string, (types: Map<string, string>) => Layout][] = [
  [
    'airbyte',
    (types) => airbyteLayout(inputOf(types), new Map([['hs_v2_date_entered_won', ['hs_date_entered_won', 'x']]])),
  ],
  ['columns', (types) => columnsLayout(inputOf(types))],
];

function inputOf(types: Map<string, string>) {
  const properties = [...types].map(([name, type]) => ({ name, type }));
  return { properties, kinds: properties.map(({ type }) => kindOf(type)), associations: ['companies'], cdc: true };
}

test.each(LAYOUTS)('a page that is scanned gives the records that a parsed one gives, in the layout %s', (_, make) => {
  let scanned = 0;
  fc.assert(
    fc.property(PAGES, (page) => {
      const body = bodyOf(page);
      const parsed = parseAnswer(body);
      const answer = scanPage(body, NAMES) ?? parsed;
      const { results: rows, ...rest } = answer;
      const { results: expected, ...expectedRest } = parsed;
      expect(rest).toEqual(expectedRest);
      const layout = make(page.types);
      expect((rows as ObjectRow[]).length).toBe((expected as ObjectRow[]).length);
      for (const [index, row] of (rows as ObjectRow[]).entries()) {
        const wanted = (expected as ObjectRow[])[index] as ObjectRow;
        if (row instanceof ScannedRow) scanned += 1;
        else expect(row).toEqual(wanted);
        expect(row.id).toBe(wanted.id);
        expect(row.associations).toEqual(wanted.associations);
        for (const tombstone of [null, { archivedAt: '2024-06-01T00:00:00Z', mergedInto: null }]) {
          expect(plain(layout.encode(row, [['7']], tombstone))).toEqual(
            plain(layout.encode(wanted, [['7']], tombstone)),
          );
        }
        expect(Object.entries(row.properties)).toEqual(Object.entries(wanted.properties));
      }
    }),
    { numRuns: 1500 },
  );
  expect(scanned).toBeGreaterThan(500);
});

test('whatever is done to the bytes of a page, it is read as JSON.parse reads it, or not at all', () => {
  const edit = fc.record({ at: fc.nat(), bytes: fc.uint8Array({ maxLength: 3 }), cut: fc.nat({ max: 3 }) });
  const signs = fc.record({
    at: fc.nat(),
    sign: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '0', '\n', ' ', 'n'),
  });
  let read = 0;
  fc.assert(
    fc.property(PAGES, fc.oneof(edit, signs), (page, change) => {
      const body = bodyOf(page);
      const at = change.at % (body.length + 1);
      const bytes = 'sign' in change ? Buffer.from(change.sign) : change.bytes;
      const cut = 'sign' in change ? 0 : change.cut;
      const damaged = Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + cut)]);
      const answer = scanPage(damaged, NAMES);
      if (answer === null) return;
      read += 1;
      const expected = parseAnswer(damaged);
      for (const [index, row] of (answer.results as ObjectRow[]).entries()) {
        const wanted = resultsOf(expected)[index] as ObjectRow;
        const { properties, createdAt, updatedAt, id } = row;
        expect({ properties: { ...properties }, createdAt, updatedAt, id }).toEqual({
          properties: { ...wanted.properties },
          createdAt: wanted.createdAt,
          updatedAt: wanted.updatedAt,
          id: wanted.id,
        });
      }
      expect(answer.paging).toEqual(expected.paging);
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(300);
});

test('bytes that are no UTF-8 are replaced, as in any other answer', () => {
  const body = Buffer.from('{"results":[{"id":"1","properties":{"email":"a\xffb"},"archived":false}]}', 'latin1');
  expect(scanPage(body, NAMES)).toBeNull();
});
