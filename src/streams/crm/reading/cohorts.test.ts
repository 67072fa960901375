import { instantOf, timeOf } from '../../../time.js';
import { parseObjectState } from '../run/object-state.js';
import { packIds, unpackIds } from '../run/packed-ids.js';
import { cohortsOf, joinedState, type Member } from './cohorts.js';

const at = (minute: number) => instantOf(timeOf(`2026-03-01T00:${String(minute).padStart(2, '0')}:00Z`));

function member(name: string, state: object, more: Partial<Member> = {}): Member & { name: string } {
  const whole = Object.assign(parseObjectState(null, name, 'updatedAt', null), structuredClone(state));
  return { name, state: whole, mode: 'incremental', isRefreshed: false, ownsSelection: false, isAlone: false, ...more };
}

const load = { startedAt: at(0), after: '5', mergesSince: null };
const pass = { since: at(0), startedAt: at(1), mergesSince: null, ranges: [] };
const namesIn = (cohorts: { name: string }[][]) => cohorts.map((each) => each.map(({ name }) => name));

test('streams are read together that are new, that are complete, or that one reading left at different steps', () => {
  const members = [
    member('new', {}),
    member('new too', {}),
    member('complete', { cursor: at(1), lineage: 'a' }),
    member('complete too', { cursor: at(2), lineage: 'b' }),
    member('behind', { load, lineage: 'c', step: 3 }),
    member('further', { pass, lineage: 'c', step: 7 }),
    member('finished', { cursor: at(3), lineage: 'c', step: 9 }),
    member('other load', { load, lineage: 'd' }),
    member('older', { load }),
    member('older too', { load }),
  ];
  expect(namesIn(cohortsOf(members, 60))).toEqual([
    ['new', 'new too'],
    ['complete', 'complete too', 'finished'],
    ['behind', 'further'],
    ['other load'],
    ['older'],
    ['older too'],
  ]);
});

test('a stream that has to be read from the start, or anew, is not read with the others', () => {
  const complete = { cursor: at(1) };
  const members = [
    member('one', complete),
    member('more selected', complete, { isAlone: true }),
    member('refresh', complete, { mode: 'full_refresh' }),
    member('refreshed', complete, { mode: 'full_refresh', isRefreshed: true }),
  ];
  expect(namesIn(cohortsOf(members, 60))).toEqual([['one'], ['more selected'], ['refresh'], ['refreshed']]);
});

test('a complete stream that is further behind than the lookback is not read with the others', () => {
  const cursors = [at(0), at(30), at(59)];
  const members = cursors.map((cursor, index) => member(`${index}`, { cursor }));
  expect(namesIn(cohortsOf(members, 60))).toEqual([['0', '1', '2']]);
  expect(namesIn(cohortsOf(members, 30))).toEqual([['0'], ['1', '2']]);
});

test('the position is that of the one furthest behind, whatever the order', () => {
  const behind = member('behind', { load, lineage: 'c', step: 3, emittedAt: 5 });
  const further = member('further', { load: { ...load, after: '9' }, lineage: 'c', step: 4, emittedAt: 8 });
  for (const members of [
    [behind, further],
    [further, behind],
  ]) {
    expect(joinedState(members)).toMatchObject({ load: { after: '5' }, emittedAt: 8, step: 4 });
  }
  const [early, late] = [member('early', { cursor: at(1), lineage: 'a', step: 9 }), member('late', { cursor: at(2) })];
  expect(joinedState([late, early]).cursor).toBe(at(1));
});

test('what was sent is believed only if every stream remembers the same', () => {
  const sent = { version: 1, salt: 's', from: 0, sent: '1.1.abcdefgh' };
  const one = member('one', { cursor: at(1), sent });
  expect(joinedState([one, member('same', { cursor: at(1), sent })]).sent).toEqual(sent);
  expect(joinedState([one, member('other', { cursor: at(1), sent: null })]).sent).toBeNull();
});

test('records that one of them knows as archived are uncertain for the reading', () => {
  const archive = { since: at(0), scannedAt: at(0), ids: packIds(['1', '2']), recent: '', scan: null };
  const scan = { startedAt: at(1), after: '7', tells: true, seen: packIds(['4']), pending: packIds(['5']), recent: '' };
  const further = { ...archive, ids: packIds(['1', '2', '3']), unfound: packIds(['6']), scan };
  const joined = joinedState([
    member('behind', { cursor: at(1), lineage: 'a', step: 1, archive }),
    member('further', { pass, cursor: at(1), lineage: 'a', step: 2, archive: further }),
  ]);
  expect(unpackIds(joined.archive.ids)).toEqual(['1', '2']);
  expect(unpackIds(joined.archive.scan?.pending).sort()).toEqual(['3', '4', '5', '6']);
  expect(joined.archive.scan).toMatchObject({ after: null, tells: true });
  // Where all know the same, no scan is owed.
  const same = joinedState([member('one', { cursor: at(1), archive }), member('two', { cursor: at(1), archive })]);
  expect(same.archive.scan).toBeNull();
});

test('the selection that counts is that of the stream that makes it', () => {
  const fingerprint = { properties: 'AAAA' };
  const joined = joinedState([
    member('history', { cursor: at(1), fingerprint: { properties: 'BBBB' } }),
    member('records', { cursor: at(2), fingerprint }, { ownsSelection: true }),
  ]);
  expect(joined.fingerprint).toEqual(fingerprint);
  expect(joinedState([member('history', { cursor: at(1), fingerprint })]).fingerprint).toBeNull();
});

describe('a sweep in progress', () => {
  const sweep = { startedAt: at(5), of: 'all x', after: '700', upTo: '699', isWhole: true, suspects: '' };
  const further = { ...sweep, after: '900', upTo: '899' };
  const swept = { version: 1, salt: 'all x', runs: '1,1.aaaaaa', since: '' };

  test('goes on where it was for the one furthest behind', () => {
    const joined = joinedState([
      member('further', { cursor: at(9), lineage: 'a', step: 7, sweptAt: at(1), sweep: further, swept }),
      member('behind', { cursor: at(9), lineage: 'a', step: 5, sweptAt: at(1), sweep, swept: { ...swept, runs: '' } }),
    ]);
    expect(joined).toMatchObject({ sweptAt: at(1), sweep: { after: '700' }, swept: { runs: '' } });
  });

  test('begins anew where one of them has not begun it', () => {
    const joined = joinedState([
      member('further', { cursor: at(9), lineage: 'a', step: 7, sweptAt: at(1), sweep: further }),
      member('behind', { cursor: at(9), lineage: 'a', step: 5, sweptAt: at(1) }),
    ]);
    expect(joined).toMatchObject({ sweptAt: at(1), sweep: null });
  });

  test('goes on for a stream that was loaded since, which knows the ids of the others', () => {
    const joined = joinedState([
      member('loaded', { cursor: at(8), lineage: 'b', sweptAt: at(6) }),
      member('swept', { cursor: at(9), lineage: 'a', sweptAt: at(1), sweep: further, swept }),
      member('swept, too', { cursor: at(9), lineage: 'a', sweptAt: at(1), sweep, swept }),
    ]);
    expect(joined).toMatchObject({ sweptAt: at(1), sweep: { after: '700' }, swept: { ...swept, salt: null } });
  });

  test('and where one was never swept, one is due', () => {
    const joined = joinedState([member('one', { cursor: at(8), sweptAt: at(6) }), member('other', { cursor: at(9) })]);
    expect(joined.sweptAt).toBeNull();
  });
});
