import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { progressLines } from './progress-lines.js';
import type { Snapshot } from './run-progress.js';

const RUN: Snapshot = {
  seconds: 42.7,
  records: 38_018,
  rate: 598.4,
  calls: 676,
  window: { max: 190, left: 61 },
  running: [
    { name: 'deal_splits', records: 55, expected: null, rate: 3 },
    { name: 'contacts', records: 18_600, expected: 30_000, rate: 595.4 },
  ],
  ended: 3,
};
const WIDE = { columns: 100, rows: 24, hasColours: false };

test('a line a stream, those with the most records first, with a bar where it is known how many there are', () => {
  expect(progressLines(RUN, WIDE)).toEqual([
    'contacts     ━━━━━━━━━━━━━━━━━━━───────────   62 %  18,600 of 30,000  595/s',
    'deal_splits  55  3/s',
    '42 s  38,018 records  598/s  676 calls  61 of 190 left in 10 s  2 streams running, 3 ended',
  ]);
});

test('without room for a bar there is none, and lines are cut', () => {
  expect(progressLines(RUN, { ...WIDE, columns: 40 })).toEqual([
    'contacts     18,600 of 30,000  595/s',
    'deal_splits  55  3/s',
    '42 s  38,018 records  598/s  676 calls …',
  ]);
});

test('there are no more lines than fit, and the last one says how many streams have none', () => {
  const running = Array.from({ length: 12 }, (_, n) => ({ name: `s${n}`, records: n, expected: null, rate: 0 }));
  const lines = progressLines({ ...RUN, running }, { ...WIDE, rows: 6 });
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^s11/);
  expect(lines[3]).toContain('12 streams running (9 not shown)');
});

test('a name cannot move the cursor', () => {
  const running = [{ name: 'a\u001b[2Jb\nc', records: 1, expected: null, rate: 0 }];
  expect(progressLines({ ...RUN, running }, WIDE)[0]).toMatch(/^a\[2Jbc +1 {2}0\/s$/);
});

test('no line is ever wider than the screen, whatever there is to say, and colours change no text', () => {
  const stream = fc.record({
    name: fc.string({ minLength: 1, maxLength: 60 }),
    records: fc.nat(),
    expected: fc.option(fc.nat()),
    rate: fc.double({ min: 0, max: 1e6, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(stream, { maxLength: 20 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 30 }),
      (running, columns, rows) => {
        const lines = progressLines({ ...RUN, running }, { columns, rows, hasColours: false });
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        const coloured = progressLines({ ...RUN, running }, { columns, rows, hasColours: true });
        expect(coloured.map(stripVTControlCharacters)).toEqual(lines);
      },
    ),
  );
});
