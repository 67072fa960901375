import fc from 'fast-check';
import type { JsonValue } from '../../../protocol/messages.js';
import { type Instant, timeOf } from '../../../time.js';
import {
  ArchiveMemory,
  type ArchiveState,
  archiveIsRefused,
  MOST_ARCHIVED,
  NO_ARCHIVE,
  parseArchive,
} from './archive-memory.js';
import { packIds, packTimes } from './packed-ids.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + 1000 * second).toISOString() as Instant;

const SCAN = { startedAt: at(2), after: '7', tells: true, seen: packIds(['3']), pending: packIds(['4']), recent: '' };

describe('the archive of a state', () => {
  test('comes back as it was', () => {
    const archive: ArchiveState = {
      since: at(0),
      scannedAt: at(1),
      ids: packIds(['1', '2']),
      recent: packTimes(new Map([['5', timeOf(at(3))]]), timeOf(at(0))),
      scan: SCAN,
      restored: packIds(['6']),
      unfound: packIds(['7']),
      refusedAt: at(4),
    };
    const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as JsonValue;
    expect(parseArchive(asJson(archive))).toEqual(archive);
    expect(parseArchive(asJson(NO_ARCHIVE))).toEqual(NO_ARCHIVE);
  });

  test.each([undefined, null, 'archive', 7, [], {}])('is empty where there is none: %j', (value) => {
    expect(parseArchive(value)).toEqual(NO_ARCHIVE);
  });

  test('of before ids were packed', () => {
    const recent = { 5: at(3), 6: at(4) };
    const times = new Map(Object.entries(recent).map(([id, time]) => [id, timeOf(time)]));
    expect(parseArchive({ since: at(0), scannedAt: null, ids: ['2', '1'], recent })).toEqual({
      ...NO_ARCHIVE,
      since: at(0),
      ids: packIds(['1', '2']),
      recent: packTimes(times, timeOf(at(0))),
    });
  });

  test('begins a scan anew whose beginning is not known, and forgives what else is missing of one', () => {
    const { startedAt: _, ...without } = SCAN;
    expect(parseArchive({ scan: without }).scan).toBeNull();
    expect(parseArchive({ scan: { startedAt: at(2) } }).scan).toEqual({
      startedAt: at(2),
      after: null,
      tells: false,
      seen: '',
      pending: '',
      recent: '',
    });
    expect(parseArchive({ scan: { startedAt: at(2), tells: 'yes' } }).scan?.tells).toBe(false);
  });

  test('says whether HubSpot refused it', () => {
    expect(archiveIsRefused({ hubflake: { archive: { refusedAt: at(1) } } })).toBe(true);
    expect(archiveIsRefused({ hubflake: { archive: {} } })).toBe(false);
    expect(archiveIsRefused({ hubflake: null })).toBe(false);
    expect(archiveIsRefused(null)).toBe(false);
  });
});

test('what a state says is remembered: of the last scan, of the current one, and what may have been emitted', () => {
  const memory = new ArchiveMemory({ ...NO_ARCHIVE, ids: packIds(['1', '2']), scan: SCAN });
  expect(['1', '2', '3', '4', '5'].map((id) => memory.has(id))).toEqual([true, true, true, true, false]);
  expect(['1', '2', '3', '4', '5'].map((id) => memory.isSeen(id))).toEqual([false, false, true, false, false]);
  expect(memory.gone()).toEqual(['1', '2', '4']);
});

test('what is packed is what the memory knows, whatever came before', () => {
  const id = fc.oneof(
    fc.nat(50).map(String),
    fc.bigInt({ min: 10n ** 14n, max: 10n ** 18n }).map(String),
    fc.constantFrom('007', 'x', ''),
  );
  const change = fc.record({
    kind: fc.constantFrom('see', 'see', 'forget', 'restore', 'settle', 'miss', 'complete', 'pack'),
    id,
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const memory = new ArchiveMemory(NO_ARCHIVE);
      let [before, seen] = [new Set<string>(), new Set<string>()];
      const restored = new Set<string>();
      const unfound = new Set<string>();
      for (const { kind, id: each } of changes) {
        if (kind === 'see') {
          memory.see(each, null);
          for (const ids of [restored, unfound, before]) ids.delete(each);
          seen.add(each);
        } else if (kind === 'forget') {
          memory.forget(each);
          for (const ids of [restored, unfound, before, seen]) ids.delete(each);
        } else if (kind === 'restore') {
          memory.restore(each);
          if (before.delete(each) || seen.delete(each)) restored.add(each);
        } else if (kind === 'settle') {
          memory.settle(each);
          for (const ids of [restored, unfound]) ids.delete(each);
        } else if (kind === 'miss') {
          memory.miss(each);
          const isSecond = unfound.delete(each);
          for (const ids of [restored, before, seen]) ids.delete(each);
          if (!isSecond) unfound.add(each);
        } else if (kind === 'complete') {
          expect(memory.completeScan()).toBe(true);
          before = new Set([...before, ...seen]);
          seen = new Set();
        }
        expect(memory.has(each)).toBe(before.has(each) || seen.has(each));
        expect(memory.isSeen(each)).toBe(seen.has(each));
        expect(memory.isRestored(each)).toBe(restored.has(each));
        expect(memory.gone()).toEqual([...before, ...restored, ...unfound]);
        expect(memory.isComplete).toBe(true);
        expect(memory.pack()).toEqual({
          ids: packIds(before),
          seen: packIds(seen),
          restored: packIds(restored),
          unfound: packIds(unfound),
        });
      }
    }),
    { numRuns: 150 },
  );
});

describe('more archived records than are remembered', () => {
  const filled = (count: number, time: (n: number) => string | null = at) => {
    const memory = new ArchiveMemory(NO_ARCHIVE);
    for (let n = 1; n <= count; n += 1) memory.see(String(n), time(n));
    return memory;
  };

  test('exactly as many are all kept', () => {
    const memory = filled(MOST_ARCHIVED);
    expect(memory.isComplete).toBe(false);
    expect(memory.completeScan()).toBe(true);
    expect(memory.gone()).toHaveLength(MOST_ARCHIVED);
    memory.forget('1');
    expect(memory.isComplete).toBe(true);
  });

  test('the latest archived are kept, in whatever order they were seen', () => {
    const count = MOST_ARCHIVED + 3;
    const memory = filled(count, (n) => at(count - n));
    expect(memory.completeScan()).toBe(false);
    expect(memory.gone()).toHaveLength(MOST_ARCHIVED);
    expect([1, MOST_ARCHIVED, MOST_ARCHIVED + 1, count].map((n) => memory.has(String(n)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(memory.pack().seen).toBe('');
  });

  test('those without a time are the oldest', () => {
    const memory = filled(MOST_ARCHIVED + 2, (n) => (n === 4 || n === 5 ? null : at(n)));
    memory.completeScan();
    expect(['3', '4', '5', '6'].map((id) => memory.has(id))).toEqual([true, false, false, true]);
  });

  test('a scan that sees twice as many keeps half of them on the way', () => {
    const memory = filled(2 * MOST_ARCHIVED - 1);
    expect(memory.isSeen('1')).toBe(true);
    memory.see(String(2 * MOST_ARCHIVED), at(2 * MOST_ARCHIVED));
    expect(memory.isSeen(String(MOST_ARCHIVED))).toBe(false);
    expect(memory.isSeen(String(MOST_ARCHIVED + 1))).toBe(true);
    expect(memory.isSeen(String(2 * MOST_ARCHIVED))).toBe(true);
  });
});
