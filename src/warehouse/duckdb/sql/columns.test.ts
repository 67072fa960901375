import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { ColumnType } from '../../column-types.js';
import { castExpression } from './columns.js';
import { literal } from './sql.js';

/** What DuckDB makes of the texts as values of a type, as text. */
async function cast(type: ColumnType, texts: readonly string[]): Promise<(string | null)[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const list = `[${texts.map(literal).join(', ')}]::VARCHAR[]`;
    const query = `SELECT (${castExpression(type, 'raw')})::VARCHAR AS made FROM (SELECT unnest(${list}) AS raw)`;
    const rows = (await connection.runAndReadAll(query)).getRowObjectsJS();
    return rows.map(({ made }) => made as string | null);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A text that is a date, or nearly. */
const dateLike = fc
  .tuple(
    fc.constantFrom('0000', '0001', '0999', '1969', '2024', '2025', '9999', '12345', '-2024', ' 2024', '٢٠٢٤'),
    fc.constantFrom('-', '/', ' '),
    fc.constantFrom('0', '1', '01', '02', '12', '13', '1x'),
    fc.constantFrom('-', '/', ' '),
    fc.constantFrom('0', '1', '01', '29', '30', '31', '32', '3x'),
    fc.constantFrom('', ' ', 'T', 'T10:11:12Z', '(BC)', '0', 'é'),
  )
  .map((parts) => parts.join(''));

function asDate(text: string): string | null {
  const [day] = /^\d{4}-\d{2}-\d{2}/.exec(text) ?? [];
  if (day === undefined || day.startsWith('0000')) return null;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) ? day : null;
}

test('only days of the years 1 to 9999, written as such, are dates', async () => {
  const texts = fc.sample(fc.oneof(dateLike, fc.string()), 5000).filter((text) => text.isWellFormed());
  expect(await cast('date', texts)).toEqual(texts.map(asDate));
});

const WORDS: Record<string, string> = { true: 'true', t: 'true', yes: 'true', y: 'true', on: 'true', 1: 'true' };
for (const word of ['false', 'f', 'no', 'n', 'off', '0']) WORDS[word] = 'false';

test('only the usual words are booleans', async () => {
  const words = ['', ' true', 'tru', 'True', 'FALSE', 'oN', 'null', '2', '1.0', ...Object.keys(WORDS)];
  expect(await cast('boolean', words)).toEqual(words.map((word) => WORDS[word.toLowerCase()] ?? null));
});

test('an instant needs a whole date before its time', async () => {
  const texts = [
    '2024-05-06T07:08:09Z',
    '2024-5-06T07:08:09Z',
    '2024/05/06 07:08',
    '0000-05-06',
    '12024-05-06',
    'infinity',
  ];
  expect((await cast('timestamp_tz', texts)).map((made) => made !== null)).toEqual(texts.map((_, i) => i === 0));
});

test('a decimal is rounded to ten digits behind the point, whichever cast makes it; what is no number is none', async () => {
  const digits = (most: number) =>
    fc.array(fc.constantFrom(...'0123456789'), { maxLength: most }).map((all) => all.join(''));
  const numbers = fc
    .tuple(fc.constantFrom('', '-', '+'), digits(12), fc.constantFrom('', '.'), fc.oneof(digits(12), digits(60)))
    .map(([sign, whole, point, rest]) => (point === '' ? sign + whole : sign + whole + point + rest));
  const texts = [
    ...fc.sample(numbers, 3000),
    '99999999.9999999999',
    '99999999.99999999995',
    '100000000.5',
    'nan',
    '1 2',
    '.',
    'inf',
  ];
  expect(await cast('decimal', texts)).toEqual(texts.map(asDecimal));
  expect(await cast('decimal', ['1e3', '1E-11', '1.5e-7', '1e28', '12345678901234567890123456789'])).toEqual([
    '1000.0000000000',
    '0.0000000000',
    '0.0000001500',
    null,
    null,
  ]);
});

test('a whole number is rounded', async () => {
  const texts = [
    '7',
    '5.4999999999999999999999999999999999999999',
    '5.5',
    '-5.5',
    '1e3',
    '9223372036854775807.4',
    '9223372036854775808',
    'x',
    '',
  ];
  expect(await cast('integer', texts)).toEqual(['7', '5', '6', '-6', '1000', '9223372036854775807', null, null, null]);
});

/** Scaled by 10¹⁰, halves away from zero, with no digit lost. */
function asDecimal(text: string): string | null {
  const [, sign, whole = '', rest = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text) ?? [];
  if (sign === undefined || whole + rest === '') return null;
  const scaled = BigInt(`${whole}${rest.slice(0, 10).padEnd(10, '0')}`) + (Number(rest[10] ?? 0) >= 5 ? 1n : 0n);
  const made = scaled.toString().padStart(11, '0');
  return `${sign === '-' && scaled !== 0n ? '-' : ''}${made.slice(0, -10)}.${made.slice(-10)}`;
}
