import { epochMs, timeOf } from '../../time.js';
import { nextMidnight } from './metadata.js';
import { customObjectType, findObjectType, STANDARD_OBJECTS, standardObject } from './object-types.js';
import { fitsInUrl } from './objects.js';

test.each([
  ['UTC', '2026-11-23T10:00:00Z', '2026-11-24T00:00:00Z'],
  ['America/New_York', '2026-11-23T23:30:00Z', '2026-11-24T05:00:00Z'],
  ['America/New_York', '2026-11-24T04:59:59Z', '2026-11-24T05:00:00Z'],
  ['Asia/Kolkata', '2026-11-23T12:00:00Z', '2026-11-23T18:30:00Z'],
  // Clocks go back at 2:00 that night: the day has 25 hours.
  ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T23:00:00Z'],
])('the day in %s ends after %s at %s', (zone, now, midnight) => {
  expect(nextMidnight(zone, timeOf(now))).toBe(Date.parse(midnight));
});

test('a time zone nobody knows has no midnight', () => {
  expect(nextMidnight('Moon/Tranquility', epochMs(0))).toBeUndefined();
});

describe('an object is found by every name it has', () => {
  const vehicles = customObjectType({ name: 'vehicles', objectTypeId: '2-42', fullyQualifiedName: 'p1_vehicles' });
  const impostor = customObjectType({ name: 'Contacts', objectTypeId: '2-43', fullyQualifiedName: 'p1_contacts' });
  const types = [impostor, ...STANDARD_OBJECTS, vehicles];

  test.each([
    ['contacts', 'contacts'],
    ['CONTACT', 'contacts'],
    ['0-1', 'contacts'],
    ['engagements_calls', 'calls'],
    ['goals', 'goal_targets'],
    ['line item', 'line_items'],
    ['p_vehicles', 'p1_vehicles'],
    ['2-42', 'p1_vehicles'],
    ['vehicles', 'p1_vehicles'],
    ['p1_contacts', 'p1_contacts'],
  ])('%s', (name, expected) => expect(findObjectType(name, types)?.name).toBe(expected));

  test('and not by others', () => expect(findObjectType('boats', types)).toBeUndefined());
});

test('names the objects whose names, streams and ids are all different', () => {
  for (const key of ['name', 'stream', 'typeId'] as const) {
    const all = STANDARD_OBJECTS.map((type) => type[key]).filter((each) => each !== null);
    expect(new Set(all).size).toBe(all.length);
  }
});

test('knows when the properties are too many for a URL', () => {
  const request = (count: number) => ({
    type: standardObject('contacts'),
    properties: Array.from({ length: count }, (_, i) => `a_property_of_some_length_${i}`),
    associations: [],
    archived: false,
  });
  expect(fitsInUrl(request(100))).toBe(true);
  expect(fitsInUrl(request(900))).toBe(false);
});
