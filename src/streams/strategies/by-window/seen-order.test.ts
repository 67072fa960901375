import { epochMs } from '../../../time.js';
import { type EventOrder, SeenOrder } from './seen-order.js';

/** What is left of a window, as far as the order of its pages tells. */

const LATE = 5;
const window = { from: epochMs(0), to: epochMs(1000) };
const times = (from: number, to: number) =>
  Array.from({ length: Math.abs(to - from) }, (_, n) => epochMs(from < to ? from + n : from - n));

const eventsAt = (page: readonly number[]) =>
  page.map((time, index) => ({ id: `${time} ${index}`, time: epochMs(time) }));

function restAfter(declared: EventOrder, ...pages: readonly (readonly number[])[]) {
  const order = new SeenOrder(declared, LATE);
  for (const page of pages) order.take(eventsAt(page));
  return order.restOf(window);
}

test('newest first, it reaches up to the start of the last page, whose last event may be a late one', () => {
  const pages = [times(940, 880), [...times(880, 860), epochMs(20)]];
  expect(restAfter('newest first', ...pages)).toEqual({ from: 0, to: 881 });
  expect(restAfter('unknown', ...pages)).toEqual({ from: 0, to: 881 });
});

test('oldest first, it begins where late events may still come', () => {
  const pages = [times(100, 160), times(160, 180)];
  expect(restAfter('oldest first', ...pages)).toEqual({ from: 155, to: 1000 });
  expect(restAfter('unknown', ...pages)).toEqual({ from: 155, to: 1000 });
});

test.each<[string, EventOrder, ...number[][]]>([
  ['an order that is not the declared one', 'newest first', times(100, 140)],
  ['the other one', 'oldest first', times(900, 860)],
  ['no order', 'unknown', [...times(900, 880), 890, ...times(880, 860)]],
  ['events of one moment', 'newest first', times(900, 940).map(() => 900)],
  ['too few times to tell', 'newest first', [900, 899, 898]],
  ['times that are not known', 'unknown', [...times(900, 880), Number.NEGATIVE_INFINITY, ...times(880, 860)]],
  ['a rest that is all of it', 'newest first', times(999, 960)],
])('is not told by %s', (_, declared, ...pages) => {
  expect(restAfter(declared, ...pages)).toBeNull();
});

test('it is not worth its while where most of what was read is within it', () => {
  const moment = times(880, 840).map(() => 880);
  expect(restAfter('newest first', times(900, 880), moment)).toBeNull();
  expect(restAfter('newest first', times(960, 880), moment.slice(0, 20))).toEqual({ from: 0, to: 881 });
});

test('events that are found again are those of the rest', () => {
  const falling = new SeenOrder('unknown', LATE);
  falling.take(eventsAt(times(900, 880)));
  falling.take(eventsAt(times(880, 870)));
  expect([...falling.again.values()]).toEqual(times(880, 870));
  const rising = new SeenOrder('unknown', LATE);
  rising.take(eventsAt(times(100, 120)));
  rising.take(eventsAt(times(120, 140)));
  expect([...rising.again.values()]).toEqual(times(115, 140));
});
