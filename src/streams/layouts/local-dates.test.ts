import fc from 'fast-check';
import { LocalDates } from './local-dates.js';

const dateIn = (zone: string, text: string, kind: 'date' | 'datetime' = 'datetime') => {
  const json = new LocalDates(zone).converter(kind)?.(text);
  return json === undefined ? undefined : JSON.parse(json);
};

test.each([
  // What the dbt package's users met: entered in the afternoon in Arizona, the next day in UTC.
  ['America/Phoenix', '2023-04-01T01:09:44.000Z', '2023-03-31'],
  // Midnight in UTC is the evening before, as HubSpot shows it.
  ['US/Eastern', '2024-05-01T00:00:00Z', '2024-04-30'],
  ['Europe/Berlin', '2024-05-01T00:00:00Z', '2024-05-01'],
  ['UTC', '2024-05-01T23:59:59.999Z', '2024-05-01'],
  ['US/Eastern', '1714521600000', '2024-04-30'],
  // The hour that there is twice, and the one that there is not.
  ['Europe/Berlin', '2024-10-26T21:59:59Z', '2024-10-26'],
  ['Europe/Berlin', '2024-10-26T22:00:00Z', '2024-10-27'],
  ['Europe/Berlin', '2024-10-27T22:59:59Z', '2024-10-27'],
  ['Europe/Berlin', '2024-10-27T23:00:00Z', '2024-10-28'],
  ['Europe/Berlin', '2024-03-30T22:59:59Z', '2024-03-30'],
  ['Europe/Berlin', '2024-03-31T21:59:59Z', '2024-03-31'],
  ['Europe/Berlin', '2024-03-31T22:00:00Z', '2024-04-01'],
  // Clocks that change at midnight, by which a day has no first hour.
  ['America/Havana', '2024-03-10T04:59:59Z', '2024-03-09'],
  ['America/Havana', '2024-03-10T05:00:00Z', '2024-03-10'],
  // Odd offsets.
  ['Asia/Kathmandu', '2024-05-01T18:14:59Z', '2024-05-01'],
  ['Asia/Kathmandu', '2024-05-01T18:15:00Z', '2024-05-02'],
  ['Australia/Lord_Howe', '2024-07-01T13:29:59Z', '2024-07-01'],
  ['Australia/Lord_Howe', '2024-07-01T13:30:00Z', '2024-07-02'],
  ['Pacific/Kiritimati', '2024-05-01T10:00:00Z', '2024-05-02'],
  ['Pacific/Pago_Pago', '2024-05-01T10:59:59Z', '2024-04-30'],
  // A day that was left out.
  ['Pacific/Apia', '2011-12-30T09:59:59Z', '2011-12-29'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31'],
  // Before zones: New York's mean time was 4:56:02 behind.
  ['America/New_York', '1850-01-01T04:56:01Z', '1849-12-31'],
  ['America/New_York', '1850-01-01T04:56:02Z', '1850-01-01'],
  ['Asia/Tokyo', '0099-12-31T23:00:00Z', '0100-01-01'],
  ['UTC', '', null],
  ['UTC', 'soon', undefined],
  // Years that warehouses have not.
  ['US/Eastern', '0001-01-01T00:00:00Z', undefined],
  ['Asia/Tokyo', '9999-12-31T23:00:00Z', undefined],
])('in %s the date of %j is %j', (zone, text, date) => {
  expect(dateIn(zone, text)).toBe(date);
});

test.each(['US/Eastern', 'Asia/Tokyo', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
  'a calendar date is the same in %s, in each of its forms',
  (zone) => {
    for (const text of ['2024-05-01', '1714521600000', '2024-05-01T00:00:00Z'])
      expect(dateIn(zone, text, 'date')).toBe('2024-05-01');
    expect(dateIn(zone, '', 'date')).toBeNull();
  },
);

test('a date is the one that Intl writes', () => {
  const zones = [
    'US/Eastern',
    'Europe/Dublin',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Africa/Casablanca',
  ];
  const known = new Map(zones.map((zone) => [zone, new LocalDates(zone)]));
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
      (zone, date) => {
        // In Sweden dates are written as ISO 8601 has them.
        const expected = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(date);
        expect(known.get(zone)?.converter('datetime')?.(date.toISOString())).toBe(`"${expected}"`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('texts, numbers and booleans have no dates', () => {
  const dates = new LocalDates('UTC');
  expect((['string', 'number', 'boolean'] as const).map((kind) => dates.converter(kind))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a zone that is not known is an error in a sentence', () => {
  expect(() => new LocalDates('Mars/Olympus')).toThrow(
    'local_dates: the portal\'s time zone "Mars/Olympus" is not known to this machine\'s time zone data. Leave local_dates out, or update Node.',
  );
});
