import fc from 'fast-check';
import { ContentMemory, contentHash } from './content-memory.js';

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

test('of what was doubted, the latest cursor that may be out is known: a tombstone has to reach it', () => {
  const memory = new ContentMemory();
  memory.remember('1', 'x', '2026-01-02T00:00:00Z');
  memory.markUncertain('1', '2026-01-03T00:00:00Z');
  memory.markUncertain('1', '2026-01-01T00:00:00Z');
  memory.markUncertain('1');
  expect(again(memory).cursorOf('1')).toBe('2026-01-03T00:00:00Z');
});
