import os from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';
import { jest } from '@jest/globals';
import { allowedBytes, fittingRows, isOutOfMemory, neededBytes } from './memory.js';

const MEGABYTE = 1024 * 1024;
const GIGABYTE = 1024 * MEGABYTE;

afterEach(() => void jest.restoreAllMocks());

describe('what DuckDB may take', () => {
  function allowed(container: number): number {
    jest.spyOn(process, 'constrainedMemory').mockReturnValue(container);
    return allowedBytes(null);
  }

  test('is what is configured, whatever there is', () => {
    jest.spyOn(process, 'constrainedMemory').mockReturnValue(GIGABYTE);
    expect(allowedBytes(300 * MEGABYTE)).toBe(300 * MEGABYTE);
    expect(allowedBytes(128 * MEGABYTE)).toBe(128 * MEGABYTE);
  });

  test('is half of what the container has', () => expect(allowed(GIGABYTE)).toBe(GIGABYTE / 2));

  test('is no less than 256 MB', () => expect(allowed(300 * MEGABYTE)).toBe(256 * MEGABYTE));

  test.each([
    ['there is no limit', 0],
    ['the limit is more than there is, as a cgroup of version 1 says where it has none', 2 ** 63],
  ])('is half of what the machine has where %s', (_, container) => {
    expect(allowed(container)).toBe(Math.max(os.totalmem() / 2, 256 * MEGABYTE));
  });
});

describe('what a batch takes', () => {
  test('is a base, something for each column, and up to 128 MB for the lines', () => {
    expect(neededBytes(0, 0)).toBe(150 * MEGABYTE);
    expect(neededBytes(2000, 0)).toBe(1650 * MEGABYTE);
    expect(neededBytes(100, 4096)).toBe((150 + 75 + 4 * 8) * MEGABYTE);
    expect(neededBytes(100, 100_000)).toBe((150 + 75 + 128) * MEGABYTE);
  });

  test('is more where a single line is longer than what is read at once', () => {
    expect(neededBytes(100, 32 * MEGABYTE)).toBe((150 + 75 + 512) * MEGABYTE);
  });

  test('does not bound the rows where there is enough; else they are as many as fit into small segments', () => {
    expect(fittingRows(500, neededBytes(500, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(fittingRows(500, neededBytes(500, 0) - 1)).toBe(1800);
  });
});

describe('an error', () => {
  test.each([
    'Out of Memory Error: failed to allocate data of size 16.0 KiB (119.9 MiB/120.0 MiB used)',
    'Out of Memory Error: could not allocate block of size 256.0 KiB (119.9 MiB/120.0 MiB used)',
    'TransactionContext Error: Failed to commit: failed to pin block of size 256.0 KiB',
  ])('is one of memory: %s', (text) => expect(isOutOfMemory(new Error(text))).toBe(true));

  test.each([
    'Conversion Error: Could not convert string to INT32',
    'IO Error: Could not write file: No space left on device',
    // What is committed would be written again.
    'FATAL Error: Failed to create checkpoint because of error: Out of Memory Error: all is durable',
  ])('is none of memory: %s', (text) => expect(isOutOfMemory(new Error(text))).toBe(false));

  test("is one of memory in DuckDB's own words", async () => {
    const instance = await DuckDBInstance.create(':memory:', { memory_limit: '20MiB', threads: '1' });
    const connection = await instance.connect();
    try {
      const query = 'SELECT list(repeat(i::VARCHAR, 50)) AS all_of_them FROM range(1000000) AS r(i)';
      const failure = connection.run(query).catch(isOutOfMemory);
      expect(await failure).toBe(true);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });
});
