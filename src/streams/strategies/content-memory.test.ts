import fc from 'fast-check';
import { ContentMemory, contentHash, cursorTime } from './content-memory.js';

/** What a memory knows is what its state brings back, in the long form and in the short one. */

const id = fc.oneof(fc.nat(20).map(String), fc.constantFrom('a b', 'ä', '%', 'x.y', '"'));
const change = fc.oneof(
  fc.record({ is: fc.constant('remember'), id, content: fc.constantFrom('a', 'b'), at: fc.nat(9) }),
  fc.record({ is: fc.constantFrom('markUncertain', 'forget'), id }),
);

function again(memory: ContentMemory): ContentMemory {
  const { seen, many } = JSON.parse(JSON.stringify(memory.toJson()));
  return ContentMemory.parse(seen, many) as ContentMemory;
}

test('a state brings back what it was made of', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      let memory = new ContentMemory();
      const known = new Map<string, string | null>();
      for (const each of changes) {
        if ('content' in each) {
          memory.remember(each.id, contentHash(each.content), `2026-01-0${each.at + 1}T00:00:00Z`);
          known.set(each.id, each.content);
        } else if (each.is === 'markUncertain') {
          memory.markUncertain(each.id);
          known.set(each.id, null);
        } else {
          memory.forget(each.id);
          known.delete(each.id);
        }
        memory = again(memory);
        expect(memory.gone().sort()).toEqual([...known.keys()].sort());
        for (const [key, content] of known) {
          for (const one of ['a', 'b']) expect(memory.isUnchanged(key, contentHash(one))).toBe(content === one);
        }
      }
    }),
  );
});

test('past 20,000 items a state is shorter, and remembers the content all the same', () => {
  const memory = new ContentMemory();
  for (let n = 0; n < 20_001; n += 1) memory.remember(`item ${n}`, contentHash(String(n)), '2026-01-01T00:00:00Z');
  memory.markUncertain('item 7');
  const json = memory.toJson();
  expect(json.seen).toBeNull();
  expect(json.many?.length).toBeLessThan(500_000);
  const parsed = again(memory);
  expect(parsed.size).toBe(20_001);
  expect(parsed.isUnchanged('item 8', contentHash('8'))).toBe(true);
  expect(parsed.isUnchanged('item 8', contentHash('9'))).toBe(false);
  expect(parsed.isUnchanged('item 7', contentHash('7'))).toBe(false);
  expect(parsed.cursorOf('item 8')).toBeNull();
});

test('past 250,000 items nothing is remembered, and the memory says so', () => {
  const memory = new ContentMemory();
  for (let n = 0; n <= 250_000; n += 1) memory.remember(String(n), 'x', null);
  expect(memory.isFull).toBe(true);
  expect(memory.toJson()).toEqual({ seen: null });
});

test('of an uncertain item, the latest cursor that may have been emitted is known: a tombstone must not have an earlier one', () => {
  const memory = new ContentMemory();
  memory.remember('1', 'x', '2026-01-02T00:00:00Z');
  memory.markUncertain('1', '2026-01-03T00:00:00Z');
  memory.markUncertain('1', '2026-01-01T00:00:00Z');
  memory.markUncertain('1');
  expect(again(memory).cursorOf('1')).toBe('2026-01-03T00:00:00Z');
});

test('a read that has found some of the items knows which are gone', () => {
  const memory = new ContentMemory();
  for (const each of ['1', '2', '3']) memory.remember(each, 'x', null);
  for (const each of ['1', '3', '4']) memory.markPresent(each);
  expect(memory.gone()).toEqual(['2']);
  expect([memory.has('2'), memory.has('4'), memory.size]).toEqual([true, false, 3]);
});

test('only items whose cursors are kept stay remembered', () => {
  const memory = new ContentMemory();
  memory.remember('1', 'x', '2026-01-01T00:00:00Z');
  memory.remember('2', 'x', '2026-01-02T00:00:00Z');
  memory.keep((cursor) => cursorTime(cursor) >= cursorTime('2026-01-02T00:00:00Z'));
  expect(memory.gone()).toEqual(['2']);
});

test('nothing is unchanged of which nothing is known', () => {
  const memory = new ContentMemory();
  expect(memory.isUnchanged('1', '?')).toBe(false);
  memory.markUncertain('1');
  for (const hash of ['?', '?x', 'undefined', '']) expect(memory.isUnchanged('1', hash)).toBe(false);
});

test('a state that remembers nothing, and one of unknown form', () => {
  expect(ContentMemory.parse(undefined, undefined)).toBeNull();
  expect(ContentMemory.parse(null, undefined)).toBeNull();
  expect(ContentMemory.parse({}, undefined)?.size).toBe(0);
  expect(ContentMemory.parse(null, '')?.size).toBe(0);
  // What has no hash is taken for uncertain.
  const memory = ContentMemory.parse({ 1: 'x' }, undefined);
  expect([memory?.has('1'), memory?.isUnchanged('1', 'x'), memory?.cursorOf('1')]).toEqual([true, false, null]);
});

test('cursors are ISO 8601 or epoch milliseconds; anything else is earlier than all', () => {
  const time = Date.parse('2026-01-01T00:00:00Z');
  expect([time, String(time), '2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00'].map(cursorTime)).toEqual([
    time,
    time,
    time,
    time,
  ]);
  expect([null, undefined, '', 'x', true, {}, '2026-13-01'].map(cursorTime)).toEqual(
    Array(7).fill(Number.NEGATIVE_INFINITY),
  );
});
