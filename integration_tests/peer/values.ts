/** A text in a property, and what becomes of it; both make the same of it unless `differs`. */
export interface OddValue {
  type: 'number' | 'bool' | 'date' | 'datetime' | 'string';
  text: string;
  differs?: { theirs: string; here: string; why: string };
}

const same = (type: OddValue['type'], texts: readonly string[]): OddValue[] => texts.map((text) => ({ type, text }));

const DECIMAL = 'the comma may be a decimal point, as in Europe';
const NONE = 'not a value of its type; noted in `meta.changes`';
const SECONDS = 'HubSpot writes milliseconds; ten digits may be anything';

/**
 * Texts in forms that imports and old portals left behind. What source-hubspot 5.7 fails on, such as text in a number, is left out: its
 * stream ends there.
 */
export const ODD_VALUES: readonly OddValue[] = [
  ...same('number', ['', '0', '-0.5', '007', '+5', '.5', '5.', ' 12 ', '1e3', '1,234,567.8', '1,234,567', '1.50']),
  ...same('number', ['9007199254740993', '123456789012345678901', '1234567890123456.789']),
  { type: 'number', text: '1,234', differs: { theirs: '1234', here: 'null', why: DECIMAL } },
  { type: 'number', text: '12,50', differs: { theirs: '1250', here: 'null', why: DECIMAL } },
  ...same('bool', ['', 'true', 'FALSE']),
  { type: 'bool', text: 'yes', differs: { theirs: 'true', here: 'null', why: NONE } },
  { type: 'bool', text: '1', differs: { theirs: 'true', here: 'null', why: NONE } },
  ...same('date', ['', '2024-02-29', '1709164800000', '2024-02-29T23:59:59Z']),
  { type: 'date', text: '1633996800', differs: { theirs: '"2021-10-12"', here: 'null', why: SECONDS } },
  { type: 'date', text: '2023-02-29', differs: { theirs: '"2023-02-29"', here: 'null', why: NONE } },
  {
    type: 'date',
    text: '02/03/2024',
    differs: { theirs: '"2024-02-03"', here: 'null', why: 'may be the 2nd of March' },
  },
  { type: 'date', text: 'soon', differs: { theirs: '"soon"', here: 'null', why: NONE } },
  ...same('datetime', ['', '2024-05-01T12:34:56Z', '2024-05-01T12:34:56.789Z', '2024-05-01']),
  ...same('datetime', ['2024-05-01T12:34:56.123456Z']),
  {
    type: 'datetime',
    text: '2024-05-01T02:00:00+02:00',
    differs: { theirs: '"2024-05-01T02:00:00+02:00"', here: '"2024-05-01T00:00:00+00:00"', why: 'the same instant' },
  },
  {
    type: 'datetime',
    text: '1714566896789',
    differs: {
      theirs: '"2024-05-01T12:34:56+00:00"',
      here: '"2024-05-01T12:34:56.789000+00:00"',
      why: 'the milliseconds stay',
    },
  },
  {
    type: 'datetime',
    text: '1714566896',
    differs: { theirs: '"2024-05-01T12:34:56+00:00"', here: 'null', why: SECONDS },
  },
  { type: 'datetime', text: 'soon', differs: { theirs: '"soon"', here: 'null', why: NONE } },
  ...same('string', ['', ' a ', 'a"b\\c\n', '\u2028é😀', '12', 'true', '2024-05-01']),
];
