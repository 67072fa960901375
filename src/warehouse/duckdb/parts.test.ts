import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { SpoolFile } from '../loader/spool.js';
import { inParts, type Part, rowsOf } from './parts.js';

const OUT_OF_MEMORY = new Error('Out of Memory Error: failed to allocate data of size 16.0 KiB');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubflake-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Files of so many lines each; the lines are numbered through. @param width of a line, in bytes */
function filesOf(counts: readonly number[], width = 20): SpoolFile[] {
  let line = 0;
  return counts.map((rows, i) => {
    const path = join(folder, `${i + 1}.json`);
    const first = line + 1;
    line += rows;
    const text = Array.from({ length: rows }, (_, j) => `${`{"n":${first + j}}`.padEnd(width - 1)}\n`).join('');
    writeFileSync(path, text);
    return { path, rows, bytes: Buffer.byteLength(text), longestLine: width };
  });
}

/** The numbers of a part's lines. Throws where a file is not what is said of it, or does not end with a line. */
function numbersOf(part: Part): number[] {
  return part.flatMap(({ path, rows, bytes }) => {
    const text = readFileSync(path, 'utf8');
    const lines = text.split('\n');
    if (lines.pop() !== '' || lines.length !== rows || Buffer.byteLength(text) !== bytes)
      throw new Error(`bad ${path}`);
    return lines.map((line) => (JSON.parse(line) as { n: number }).n);
  });
}

const numbersTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

/** A warehouse that takes parts of so many rows. */
class Taking {
  /** The numbers of the rows of each write that succeeded, by part. */
  readonly written: number[][][] = [];
  /** How many rows each part of every write had. */
  readonly tried: number[][] = [];
  readonly divided: number[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  async load(files: Part, together: boolean): Promise<void> {
    const write = async (parts: readonly Part[]) => {
      this.tried.push(parts.map(rowsOf));
      if (parts.some((part) => rowsOf(part) > this.#most)) throw OUT_OF_MEMORY;
      this.written.push(parts.map(numbersOf));
    };
    await inParts(files, together, write, (records) => this.divided.push(records));
  }
}

test('a batch that fits is written as it is', async () => {
  const taking = new Taking(1000);
  await taking.load(filesOf([300, 200]), false);
  expect(taking.written).toEqual([[numbersTo(500)]]);
  expect(taking.divided).toEqual([]);
});

test('one after the other: each part is written once, and only what did not fit is halved', async () => {
  const taking = new Taking(150);
  await taking.load(filesOf([100, 200, 101]), false);
  expect(taking.tried).toEqual([[401], [300], [100], [200], [100], [100], [101]]);
  expect(taking.written.map((parts) => parts.length)).toEqual([1, 1, 1, 1]);
  expect(taking.written.flat(2)).toEqual(numbersTo(401));
});

test('together: all parts are written by each attempt, and all are halved', async () => {
  const taking = new Taking(150);
  await taking.load(filesOf([401]), true);
  expect(taking.tried).toEqual([[401], [201, 200], [101, 100, 100, 100]]);
  expect(taking.written).toHaveLength(1);
  expect(taking.written.flat(2)).toEqual(numbersTo(401));
  expect(taking.divided).toEqual([201, 101]);
});

test('whatever the files, and whatever fits: every line once, in its order, and no part larger than it may be', async () => {
  const counts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(counts, fc.integer({ min: 32, max: 400 }), fc.boolean(), async (given, most, together) => {
      const files = filesOf(given, 1 + 40);
      const taking = new Taking(most);
      await taking.load(files, together);
      const all = given.reduce((sum, rows) => sum + rows, 0);
      expect(taking.written.flat(2)).toEqual(numbersTo(all));
      if (taking.divided.length > 0) expect(taking.divided.at(-1)).toBeLessThan(all);
    }),
    { numRuns: 60 },
  );
});

test('a file is halved behind a line, also where lines are longer than what is read at once', async () => {
  const taking = new Taking(2);
  await taking.load(filesOf([5], 1024 * 1024 + 7), false);
  expect(taking.written).toEqual([[[1, 2]], [[3]], [[4, 5]]]);
});

test.each(['out of memory', 'another error'])('files that were made are gone behind it: %s', async (end) => {
  const files = filesOf([400, 100]);
  let writes = 0;
  const loading = inParts(
    files,
    false,
    async (parts) => {
      writes += 1;
      if (parts.some((part) => rowsOf(part) > 120)) throw OUT_OF_MEMORY;
      // By then there are files of halves.
      expect(readdirSync(folder).length).toBeGreaterThan(files.length);
      if (end === 'another error') throw new Error('Conversion Error');
    },
    () => undefined,
  );
  if (end === 'another error') await expect(loading).rejects.toThrow('Conversion Error');
  else await loading;
  expect(writes).toBeGreaterThan(2);
  const given = files.map(({ path }) => path);
  const left = readdirSync(folder).map((name) => join(folder, name));
  expect(left.filter((path) => !given.includes(path))).toEqual([]);
});

test('an error that has nothing to do with memory is thrown on, and nothing is written again', async () => {
  const files = filesOf([400]);
  const write = jest.fn(async () => {
    throw new Error('Constraint Error: NOT NULL');
  });
  await expect(inParts(files, false, write, () => undefined)).rejects.toThrow('NOT NULL');
  expect(write).toHaveBeenCalledTimes(1);
  expect(existsSync(files[0]?.path as string)).toBe(true);
});

test.each([true, false])(
  'few records that do not fit are not halved again and again; together: %s',
  async (together) => {
    const taking = new Taking(0);
    await expect(taking.load(filesOf([1000]), together)).rejects.toBe(OUT_OF_MEMORY);
    expect(taking.tried.at(-1)?.[0]).toBe(32);
    expect(taking.tried.length).toBeLessThan(8);
    expect(taking.written).toEqual([]);
  },
);

test('long records are halved down to one', async () => {
  const taking = new Taking(0);
  await expect(taking.load(filesOf([4], 1024 * 1024 + 1), false)).rejects.toBe(OUT_OF_MEMORY);
  expect(taking.tried).toEqual([[4], [2], [1]]);
});
