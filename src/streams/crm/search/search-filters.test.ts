import { instantOf, timeOf } from '../../../time.js';
import type { ObjectStream } from '../object-stream.js';
import { rangeGroups } from './search-filters.js';

describe('the filters of a search', () => {
  const pass = {
    since: instantOf(timeOf('2024-05-01')),
  };
  const stream = (filterGroups: ObjectStream['filterGroups']) =>
    ({ filterGroups, type: { modifiedProperty: 'hs_lastmodifieddate' } }) as unknown as ObjectStream;
  const since = { propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: '1714521600000' };

  test('bound the time from below only, its own instant included', () => {
    expect(rangeGroups(stream([]), pass, { after: '7', upTo: null })).toEqual([
      { filters: [{ propertyName: 'hs_object_id', operator: 'GT', value: '7' }, since] },
    ]);
  });

  test('bound a range of ids on both sides, each id in one range', () => {
    expect(rangeGroups(stream([]), { since: null }, { after: '7', upTo: '9' })).toEqual([
      {
        filters: [
          { propertyName: 'hs_object_id', operator: 'GT', value: '7' },
          { propertyName: 'hs_object_id', operator: 'LTE', value: '9' },
        ],
      },
    ]);
  });

  test("go into each of the user's groups, which are alternatives", () => {
    const own = { propertyName: 'email', operator: 'HAS_PROPERTY' };
    const groups = rangeGroups(stream([{ filters: [own] }, { filters: [] }]), pass, { after: '0', upTo: null });
    expect(groups.map(({ filters }) => filters.length)).toEqual([3, 2]);
    expect(groups.every(({ filters }) => filters.some((each) => each.value === since.value))).toBe(true);
  });
});
