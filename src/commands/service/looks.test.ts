import { type MonotonicMs, monotonicMs } from '../../time.js';
import { Looks } from './looks.js';

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;

let now: MonotonicMs;

function looksEvery(everyMs: number, snapshotsEveryMinutes = 0): Looks {
  now = monotonicMs(0);
  return new Looks({ everyMs, recentMinutes: 2, snapshotsEveryMinutes, now: () => now });
}

/** Rounds of so many minutes, in which everything that is due is looked at. @returns the looks of each round */
function roundsOf(looks: Looks, minutes: number, lists: readonly string[], facts: readonly string[] = []): string[][] {
  return Array.from({ length: minutes }, () => {
    looks.beginRound();
    const taken = [...facts.filter((fact) => looks.isFactDue(fact)), ...lists.filter((list) => looks.isDue(list))];
    for (const list of lists) if (taken.includes(list)) looks.looked(list, { hasChanged: false, calls: 1 });
    now = monotonicMs(now + MINUTE);
    return taken;
  });
}

const named = (what: string, count: number) => Array.from({ length: count }, (_, index) => `${what} ${index}`);

test('32 objects, a round a minute, nothing changing: at most 50,000 calls a day, at most five looks a round', () => {
  const objects = 32;
  const looks = looksEvery(MINUTE);
  const facts = ['account', 'custom objects', 'scopes', ...named('properties', objects)];
  const [first = [], ...rounds] = roundsOf(looks, DAY_MINUTES, named('archived', objects), facts);
  // The first round looks at everything, loads each object by a call, and scans its archived records before and behind that.
  const calls = first.length + 2 * objects + rounds.reduce((sum, taken) => sum + taken.length + objects, 0);
  expect(calls).toBeLessThanOrEqual(50_000);
  expect(calls).toBeGreaterThan(objects * DAY_MINUTES);
  expect(Math.max(...rounds.map((taken) => taken.length))).toBeLessThanOrEqual(5);
});

test('facts are asked for again every 15 minutes, also where there are more of them than five a round can take', () => {
  const facts = named('properties', 120);
  const rounds = roundsOf(looksEvery(MINUTE), 121, [], facts);
  for (const fact of facts) {
    const at = rounds.flatMap((taken, minute) => (taken.includes(fact) ? [minute] : []));
    const gaps = at.slice(1).map((minute, index) => minute - (at[index] as number));
    expect(Math.max(...gaps, 121 - (at.at(-1) as number))).toBeLessThanOrEqual(17);
  }
});

test('the interval of a list doubles while nothing changes, up to half an hour, and is five minutes once something has', () => {
  const looks = looksEvery(MINUTE);
  const rounds = roundsOf(looks, DAY_MINUTES, ['list']);
  const at = rounds.flatMap((taken, minute) => (taken.length > 0 ? [minute] : []));
  const gaps = at.slice(1).map((minute, index) => minute - (at[index] as number));
  expect(gaps.slice(1, 5)).toEqual([10, 20, 30, 30]);
  expect(new Set(gaps.slice(3))).toEqual(new Set([30]));
  looks.looked('list', { hasChanged: true, calls: 1 });
  const [next] = roundsOf(looks, 10, ['list']).flatMap((taken, minute) => (taken.length > 0 ? [minute] : []));
  expect(next).toBe(5);
});

test('where searches take most of the calls of the day, up to four hours', () => {
  const lists = named('archived', 32);
  const rounds = roundsOf(looksEvery(MINUTE), 2 * DAY_MINUTES, lists, named('properties', 32));
  const at = rounds.flatMap((taken, minute) => (taken.includes('archived 7') ? [minute] : []));
  const gaps = at.slice(1).map((minute, index) => minute - (at[index] as number));
  expect(gaps.slice(-3)).toEqual([240, 240, 240]);
});

test('a list that takes many calls takes no more than a thousand a day; what a load took does not count', () => {
  const looks = looksEvery(MINUTE);
  const look = (calls: number) => {
    const since = now;
    for (looks.beginRound(); !looks.isDue('list'); looks.beginRound()) now = monotonicMs(now + MINUTE);
    looks.looked('list', { hasChanged: true, calls });
    return (now - since) / MINUTE;
  };
  expect([look(1_000), look(1), look(100), look(100)].slice(1).every((minutes) => minutes <= 5)).toBe(true);
  expect([look(100), look(1_000), look(1)]).toEqual([144, 144, 144]);
  expect(look(1)).toBe(5);
});

test('a configured interval is kept', () => {
  const rounds = roundsOf(looksEvery(MINUTE, 30), 10 * 60, ['list']);
  const at = rounds.flatMap((taken, minute) => (taken.length > 0 ? [minute] : []));
  expect(at.slice(2).map((minute, index) => minute - (at[index + 1] as number))).toEqual(Array(at.length - 2).fill(30));
  expect(at.length).toBeGreaterThanOrEqual(20);
});

test('a look that nobody takes does not keep others from theirs', () => {
  const looks = looksEvery(MINUTE);
  const gone = named('gone', 5);
  for (const look of gone) looks.looked(look, { hasChanged: false, calls: 1 });
  const rounds = roundsOf(looks, 60, ['list']);
  expect(rounds.filter((taken) => taken.length > 0).length).toBeGreaterThanOrEqual(3);
});

test('in rounds of an hour everything is looked at that is due', () => {
  const looks = looksEvery(60 * MINUTE);
  const facts = named('properties', 50);
  roundsOf(looks, 1, [], facts);
  now = monotonicMs(60 * MINUTE);
  looks.beginRound();
  expect(facts.every((fact) => looks.isFactDue(fact))).toBe(true);
});
