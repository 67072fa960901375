import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { parseAnswer } from '../../../hubspot/api/objects.js';
import { scanPage } from '../../../hubspot/page/page-scan.js';
import { ScannedRow } from '../../../hubspot/page/scanned-row.js';
import type { EncodedRecord } from '../../core/sink.js';
import { airbyteLayout } from '../../layouts/airbyte-layout.js';
import { kindOf } from '../../layouts/coerce.js';
import { columnsLayout } from '../../layouts/columns-layout.js';
import type { Layout, LayoutInput } from '../../layouts/layout.js';
import { LocalDates } from '../../layouts/local-dates.js';
import { HashedProperties } from '../../privacy/hashed-properties.js';
import { Hasher } from '../../privacy/hasher.js';

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
      { companies: { results: [{ id: 7, type: 'a' }], properties: {}, results2: [{ id: 1.5e3 }] } },
    ),
    url: fc.constantFrom('https://app.hubspot.com/contacts/1', '}]},"', '"properties":{'),
    results: fc.constantFrom(0, null, [], '"results":['),
  },
  { requiredKeys: [] },
);

interface Row {
  id: string | number;
  values: Map<string, unknown>;
  more: Record<string, unknown>;
  /** A member that there is twice, of which JSON.parse takes the last. */
  again: 'id' | 'properties' | null;
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
      again: fc.oneof(
        { weight: 20, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom('id' as const, 'properties' as const) },
      ),
      order: fc.oneof(
        { weight: 8, arbitrary: fc.constant(names) },
        { weight: 1, arbitrary: fc.shuffledSubarray(names) },
      ),
    });
    return fc.record({
      types: fc.constant(new Map(NAMES.map((name, i) => [name, types[i] as string]))),
      rows: fc.array(row, { maxLength: 6 }),
      style: STYLES,
      total: fc.option(fc.nat()),
      after: fc.option(fc.constantFrom('17', 'ö"')),
      again: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
    });
  });

/** How a program writes JSON. */
interface Style {
  escapes: 'none' | 'slashes' | 'unicode';
  comma: string;
  colon: string;
  end: string;
  /** The order of a row's members, and of a page's. */
  members: readonly string[];
}

const MEMBERS = ['id', 'properties', 'createdAt', 'updatedAt', 'archived', 'associations', 'url', 'total', 'paging'];
const HUBSPOTS: Style = { escapes: 'none', comma: ',', colon: ':', end: '', members: ['total', 'results', ...MEMBERS] };
/** HubSpot's own, that of Python's json.dumps, and others. */
const STYLES: fc.Arbitrary<Style> = fc.oneof(
  fc.constant(HUBSPOTS),
  fc.constant({ ...HUBSPOTS, escapes: 'unicode', comma: ', ', colon: ': ' } as const),
  fc.record({
    escapes: fc.constantFrom('none', 'slashes', 'unicode'),
    comma: fc.constantFrom(',', ', ', '  ,'),
    colon: fc.constantFrom(':', ': ', ' : '),
    end: fc.constantFrom('', '\n', ' \r\n'),
    members: fc.shuffledSubarray(['results', ...MEMBERS], { minLength: MEMBERS.length + 1 }),
  }),
);

function write(value: unknown, style: Style): string {
  if (Array.isArray(value)) return `[${value.map((each) => write(each, style)).join(style.comma)}]`;
  if (typeof value === 'object' && value !== null) return writeObject(Object.entries(value), style);
  const json = JSON.stringify(value);
  if (style.escapes === 'slashes') return json.replaceAll('/', '\\/');
  if (style.escapes === 'none') return json;
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function writeObject(members: readonly (readonly [string, unknown])[], style: Style): string {
  const written = members.map(([key, value]) => write(key, style) + style.colon + write(value, style));
  return `{${written.join(style.comma)}}`;
}

/** An object whose members are written already, in the order of the style. */
function inOrder(members: Map<string, string>, style: Style): string[] {
  const place = (key: string) => style.members.indexOf(key) + 1 || style.members.length + 1;
  const sorted = [...members].sort(([a], [b]) => place(a) - place(b));
  return sorted.map(([key, value]) => `"${key}"${style.colon}${value}`);
}

interface Page {
  rows: Row[];
  style: Style;
  total: number | null;
  after: string | null;
  /** Whether there is a second list of rows, an empty one. */
  again: boolean;
}

function bodyOf({ rows, style, total, after, again: twice }: Page): Buffer {
  const written = rows.map(({ id, values, more, again, order }) => {
    const entries = order.map((name) => [name, values.get(name)] as const);
    const members = new Map([
      ['id', write(id, style)],
      ['properties', writeObject(entries, style)],
      ...Object.entries(more).map(([key, value]) => [key, write(value, style)] as const),
    ]);
    const second = again === null ? [] : [`"${again}"${style.colon}${again === 'id' ? '"0"' : '{}'}`];
    return `{${[...inOrder(members, style), ...second].join(style.comma)}}`;
  });
  const members = new Map([['results', `[${written.join(style.comma)}]`]]);
  if (total !== null) members.set('total', `${total}`);
  if (after !== null) members.set('paging', write({ next: { after, link: 'x' } }, style));
  const second = twice ? [`"results"${style.colon}[]`] : [];
  return Buffer.from(`{${[...inOrder(members, style), ...second].join(style.comma)}}${style.end}`);
}

/** A record's members sorted, each string written in one way, whichever escapes and spaces it had. Digits stay as they are. */
function plain({ data, changes }: EncodedRecord): string[] {
  const text = data.replace(/"(?:[^"\\]|\\.)*"| /g, (part) => (part === ' ' ? '' : JSON.stringify(JSON.parse(part))));
  const members = text.match(/"(?:[^"\\]|\\.)*"(?::(?:"(?:[^"\\]|\\.)*"|[^,"{}[\]]+|\[[^\]]*\]|\{))?|./gs) ?? [];
  const order = (changes ?? []).map((change) => JSON.stringify(change)).sort();
  if (!isJson(data)) throw new Error(`no JSON: ${data}`);
  return [...members.sort(), ...order];
}

/** As `toEqual`, which takes most of the time of such a test where it is asked for each value. */
function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
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
  [
    'airbyte, with hashes and local dates',
    (types) => airbyteLayout(processed(types), new Map([['hs_v2_date_entered_won', ['hs_date_entered_won', 'x']]])),
  ],
  ['columns, with hashes and local dates', (types) => columnsLayout(processed(types))],
];

const LOCAL_DATES = new LocalDates('Asia/Kathmandu');
const HASHED = new HashedProperties(new Set(['email', '__proto__', 'x']), new Hasher('a salt for tests'));

function processed(types: Map<string, string>): LayoutInput {
  const input = inputOf(types);
  const kinds = input.properties.map(({ name }, index) =>
    HASHED.names.has(name) ? 'string' : (input.kinds[index] ?? 'string'),
  );
  return { ...input, kinds, hashed: HASHED, localDates: LOCAL_DATES };
}

/** An id that came as a number is text wherever it is used. */
function asText(row: ObjectRow): void {
  if (!(row instanceof ScannedRow) && typeof row.id === 'number') row.id = String(row.id);
}

function inputOf(types: Map<string, string>): LayoutInput {
  const properties = [...types].map(([name, type]) => ({ name, type }));
  return {
    properties,
    kinds: properties.map(({ type }) => kindOf(type)),
    associations: ['companies'],
    cdc: true,
    filtered: false,
    hashed: null,
    localDates: null,
  };
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
      const layout = make(page.types);
      const seen = (row: ObjectRow, isWhole: boolean) => {
        asText(row);
        const encoded = [null, { archivedAt: '2024-06-01T00:00:00Z', mergedInto: null }].map((tombstone) =>
          plain(layout.encode(row, [['7']], tombstone)),
        );
        const { id, associations, properties } = row;
        return { id, associations, encoded, properties: Object.entries(properties), whole: isWhole ? row : null };
      };
      const isScanned = (rows as ObjectRow[]).map((row) => row instanceof ScannedRow);
      scanned += isScanned.filter(Boolean).length;
      expectEqual(
        { rest, rows: (rows as ObjectRow[]).map((row, i) => seen(row, !isScanned[i])) },
        { rest: expectedRest, rows: (expected as ObjectRow[]).map((row, i) => seen(row, !isScanned[i])) },
      );
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
      const seen = (rows: unknown) =>
        (rows as ObjectRow[]).map(({ properties, createdAt, updatedAt, id }) => {
          return { properties: { ...properties }, createdAt, updatedAt, id: String(id) };
        });
      expectEqual([answer.paging, seen(answer.results)], [expected.paging, seen(expected.results)]);
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(300);
});

test.each<[string, Partial<Style>]>([
  ['HubSpot', {}],
  ["Python's json.dumps", { escapes: 'unicode', comma: ', ', colon: ': ' }],
  ['a program that sorts members', { members: ['paging', 'results', ...[...MEMBERS].sort()], end: '\n' }],
])('what %s writes is passed on as it is', (_, style) => {
  const more = { createdAt: '2024-01-01T00:00:00.000Z', archived: false };
  const values = new Map([
    ['email', 'größe "😀"'],
    ['x', null],
  ]);
  const row = { values, more, again: null, order: ['email', 'x'] };
  const rows = ['7', '8'].map((id) => ({ ...row, id }));
  const body = bodyOf({ rows, style: { ...HUBSPOTS, ...style }, total: 2, after: '8', again: false });
  const found = scanPage(body, ['email', 'x'])?.results as ObjectRow[];
  expect(found.map((each) => each instanceof ScannedRow)).toEqual([true, true]);
  const columns = columnsLayout(inputOf(new Map([['email', 'string']])));
  const written = write('größe "😀"', { ...HUBSPOTS, ...style });
  expect(columns.encode(found[1] as ObjectRow, null, null).data).toContain(written);
});

test('a comma in place of the first property is not JSON', () => {
  const row = (properties: string) => `{"id":"1","properties":{${properties}},"archived":false}`;
  const page = (second: string) => Buffer.from(`{"results":[${row('"email":"a","x":"b"')},${row(second)}]}`);
  expect(scanPage(page(',"x":"b"'), NAMES)).toBeNull();
  for (const properties of ['', '"x":"b"']) {
    const [, row] = (scanPage(page(properties), NAMES)?.results ?? []) as ObjectRow[];
    expect({ ...row?.properties }).toEqual(JSON.parse(`{${properties}}`));
  }
});

test('bytes that are no UTF-8 are replaced, as in any other answer', () => {
  const body = Buffer.from('{"results":[{"id":"1","properties":{"email":"a\xffb"},"archived":false}]}', 'latin1');
  expect(scanPage(body, NAMES)).toBeNull();
});
