import { StateError } from '../../../errors.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { type Instant, instantOf, timeOf } from '../../../time.js';
import type { Fingerprint } from './fingerprint.js';
import { fingerprintOf, forgetProperties, shortageOf } from './fingerprint.js';
import { MergeMap } from './merges.js';
import { objectStateJson, parseObjectState } from './object-state.js';

describe('a state', () => {
  const parse = (given: object | null, updatedAfter: Instant | null = null) =>
    parseObjectState(given as never, 'contacts', 'updatedAt', updatedAfter);

  test('survives being emitted and read again', () => {
    const state = parse(null);
    Object.assign(state, {
      cursor: '2024-01-01T00:00:00.000Z',
      emittedAt: 5,
      portal: 7,
      pass: {
        since: null,
        startedAt: '2024-01-02T00:00:00.000Z',
        mergesSince: null,
        ranges: [{ after: '5', upTo: null }],
      },
      merges: '1.2',
      fingerprint: {
        types: 'AAAA',
        properties: 'AAAA',
        associations: ['companies'],
        filters: '',
        updatedAfter: null,
        cursorField: 'updatedAt',
      },
    });
    state.archive.ids = '9';
    const out = JSON.parse(JSON.stringify(objectStateJson(state, { updatedAt: state.publicCursor }, false, undefined)));
    expect(parse(out)).toEqual(state);
  });

  test.each([
    ['2024-05-01T00:00:00.000000Z', '2024-05-01T00:00:00.000Z'],
    ['1714521600000', '2024-05-01T00:00:00.000Z'],
    [1714521600000, '2024-05-01T00:00:00.000Z'],
    ['2024-05-01T00:00:00Z', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01T00:00:00', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01 02:00:00+02:00', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01', '2024-05-01T00:00:00.000Z'],
    ['2222-01-01T00:00:00.123456Z', '2222-01-01T00:00:00.123Z'],
    [1e300, '9999-12-31T23:59:59.000Z'],
    [0, '2006-01-01T00:00:00.000Z'],
  ])('of source-hubspot goes on from its cursor: %j', (updatedAt, cursor) => {
    expect(parse({ updatedAt })).toMatchObject({ cursor, publicCursor: cursor });
  });

  const day = (n: number) => `2024-05-0${n}T00:00:00.000Z`;
  const slice = (start: number, end: number, seen?: number) => ({
    start: day(start),
    end: day(end),
    ...(seen ? { most_recent_cursor_value: day(seen) } : {}),
  });
  const partition = (n: number) => ({ partition: { id: n }, cursor: { updatedAt: day(n) } });
  test.each([
    ['slices: what the last joined one has seen', { slices: [slice(1, 3, 2), slice(3, 6, 5)] }, day(5)],
    ['slices with a gap: before the gap', { slices: [slice(1, 3, 2), slice(4, 6, 5)] }, day(2)],
    ['slices in another order', { slices: [slice(5, 6, 6), slice(1, 5, 3)] }, day(6)],
    ['slices that saw nothing: their start', { slices: [slice(2, 6)] }, day(2)],
    ['slices in milliseconds', { slices: [{ start: 1714521600000, end: 1714780800000 }] }, day(1)],
    ['no slices: what was there before', { slices: [], legacy: { updatedAt: day(4) } }, day(4)],
    ['partitions: the least', { use_global_cursor: false, states: [partition(4), partition(2)], state: {} }, day(2)],
    [
      'a common cursor, less its lookback',
      { use_global_cursor: true, state: { updatedAt: day(4) }, states: [partition(2)], lookback_window: 86_400 },
      day(3),
    ],
    ['a common cursor alone', { state: { updatedAt: day(4) } }, day(4)],
  ])('of source-hubspot in %s', (_, given, cursor) => {
    expect(parse({ state_type: 'date-range', ...given })).toMatchObject({ cursor, publicCursor: cursor });
  });

  test.each([
    [null],
    [{}],
    [{ updatedAt: '' }],
    [{ updatedAt: null }],
    [{ slices: [] }],
    [{ states: [] }],
    [{ __ab_no_cursor_state_message: true }],
  ])('that is empty starts from the beginning: %j', (given) => {
    expect(parse(given)).toMatchObject({ cursor: null, publicCursor: '2006-06-01T00:00:00.000Z' });
    expect(parse(given, instantOf(timeOf('2024-01-01'))).publicCursor).toBe('2024-01-01T00:00:00.000Z');
  });

  test.each([
    [{ cursor: 1 }],
    [{ updatedAt: 'x' }],
    [{ updatedAt: {} }],
    [{ slices: [{ start: 'x' }] }],
    [{ states: [{ cursor: { updatedAt: [] } }] }],
    [{ hubflake: { version: 99 } }],
  ])('of another kind is refused: %j', (given) => {
    expect(() => parse(given)).toThrow(StateError);
  });

  test('shows source-hubspot the old value until a pass is complete', () => {
    const state = parse({ updatedAt: '2024-05-01T00:00:00Z' });
    state.load = { startedAt: instantOf(timeOf('2025-01-01')), after: '5', mergesSince: null };
    expect(objectStateJson(state, { updatedAt: state.publicCursor }, false, undefined).updatedAt).toBe(
      '2024-05-01T00:00:00.000Z',
    );
  });
});

describe('a selection', () => {
  interface Selection {
    properties: Record<string, string>;
    associations?: string[];
    filters?: string[];
    updatedAfter?: string | null;
    cursorField?: string;
  }
  const select = ({ properties, associations = [], filters = [], updatedAfter = null, ...more }: Selection) =>
    ({
      properties: Object.keys(properties),
      kinds: new Map(Object.entries(properties)),
      associations: associations.map((field) => ({ field })),
      filterGroups: filters,
      updatedAfter,
      layout: { cursorField: more.cursorField ?? 'updatedAt' },
    }) as never;
  const base: Selection = { properties: { a: 'string', b: 'number' } };
  const shortage = (before: Selection, now: Selection, emitsFilterExits = true) =>
    shortageOf(fingerprintOf(select(before)), select(now), emitsFilterExits);

  test.each<[string, Selection, Selection?, boolean?]>([
    ['the same', { properties: { b: 'number', a: 'string' } }],
    ['a property less', { properties: { a: 'string' } }],
    ['an association less', base, { ...base, associations: ['companies'] }],
    ['a later start', { ...base, updatedAfter: '2025-01-01T00:00:00.000Z' }],
    [
      'the same start in other words',
      { ...base, updatedAfter: '2025-01-01T00:00:00Z' },
      { ...base, updatedAfter: '2025-01-01T00:00:00.000Z' },
    ],
    ['filters where there were none, if nobody is told what left', { ...base, filters: ['x'] }, base, false],
  ])('is enough: %s', (_, now, before = base, emitsFilterExits = true) => {
    expect(shortage(before, now, emitsFilterExits)).toBeNull();
  });

  test.each<[string, Selection, string[], string]>([
    ['a property more', { properties: { ...base.properties, c: 'string' } }, ['c'], 'c was added'],
    ['two more', { properties: { a: 'string', c: 'string', d: 'string' } }, ['c', 'd'], 'c, d were added'],
    [
      'another type',
      { properties: { a: 'string', b: 'string' } },
      ['b'],
      'b has another type, or is no longer hashed, or has no local date any more',
    ],
    [
      'both',
      { properties: { a: 'date', b: 'number', c: 'string' } },
      ['c', 'a'],
      'c was added, and a has another type, or is no longer hashed, or has no local date any more',
    ],
  ])('lacks some properties: %s', (_, now, names, why) => {
    expect(shortage(base, now)).toEqual({ is: 'properties', names, why });
  });

  test('knows no types in a state of an earlier version', () => {
    const before = { ...fingerprintOf(select(base)), types: null };
    expect(shortageOf(before, select({ properties: { a: 'date', b: 'number' } }), true)).toBeNull();
  });

  test('can be told to forget properties', () => {
    const state = { hubflake: { fingerprint: { ...fingerprintOf(select(base)) } } };
    const forgotten = forgetProperties(state as unknown as JsonObject, ['b']).hubflake as unknown as {
      fingerprint: Fingerprint;
    };
    expect(shortageOf(forgotten.fingerprint, select(base), true)).toMatchObject({ is: 'properties', names: ['b'] });
    expect(shortageOf(state.hubflake.fingerprint, select(base), true)).toBeNull();
  });

  test.each<[string, Selection, string, Selection?]>([
    ['an association more', { ...base, associations: ['companies'] }, 'the association with companies was added'],
    ['another layout', { ...base, cursorField: 'updated_at' }, 'the layout was changed'],
    ['other filters', { ...base, filters: ['y'] }, 'the filters were changed', { ...base, filters: ['x'] }],
    ['filters where there were none', { ...base, filters: ['x'] }, 'the filters were changed'],
    [
      'an earlier start',
      base,
      'the date to start from was moved back',
      { ...base, updatedAfter: '2025-01-01T00:00:00Z' },
    ],
  ])('is read again: %s', (_, now, why, before = base) => {
    expect(shortage(before, now)).toMatchObject({ is: 'everything', why });
  });
});

describe('merges', () => {
  const survivor = (id: string, merged: string | null): ObjectRow => ({
    id,
    properties: { hs_merged_object_ids: merged },
    updatedAt: 'then',
  });

  test('are told once', () => {
    const map = new MergeMap();
    expect(map.learn(survivor('3', '1;2'))).toEqual([
      { id: '1', survivor: '3', updatedAt: 'then' },
      { id: '2', survivor: '3', updatedAt: 'then' },
    ]);
    expect(map.learn(survivor('3', '1;2'))).toEqual([]);
    expect(map.isMergedAway('1')).toBe(true);
    expect(map.isMergedAway('3')).toBe(false);
  });

  test.each([['2'], ['2;1']])(
    'are followed to the last survivor, whether it lists the whole chain or not: %s',
    (listed) => {
      const map = new MergeMap();
      map.learn(survivor('2', '1'));
      expect(map.learn(survivor('3', listed)).map(({ id, survivor }) => [id, survivor])).toEqual([
        ['2', '3'],
        ['1', '3'],
      ]);
      expect(map.pack()).toBe('1.3 1.3');
    },
  );

  test('of one that was merged away itself, learned only then, name its survivor', () => {
    const map = new MergeMap();
    map.learn(survivor('2', '1'));
    map.learn(survivor('4', '3'));
    expect(map.hasNewMerges(survivor('3', '2'))).toBe(true);
    expect(map.learn(survivor('3', '2')).map(({ id, survivor }) => [id, survivor])).toEqual([
      ['2', '4'],
      ['1', '4'],
    ]);
    expect(map.hasNewMerges(survivor('3', '2'))).toBe(false);
  });

  test('of a record into itself are none', () => {
    expect(new MergeMap().learn(survivor('3', '3'))).toEqual([]);
    expect(new MergeMap().learn(survivor('3', null))).toEqual([]);
  });
});
