import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { SpoolError } from '../../errors.js';
import type { ByteText } from '../../protocol/json/byte-text.js';
import { SpoolFolder, SpoolWriter } from './spool.js';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('keeps records in their order, with what orders them, in a file for this user only', async () => {
  const folder = new SpoolFolder(parent);
  const writer = new SpoolWriter(folder.nextFile(true));
  const changes = [{ field: 'a', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' } as const];
  writer.add({ data: Buffer.from('{"a":1}'), emittedAt: 5, changes: null }, 1);
  writer.add({ data: Buffer.from('{"a":"\\ud83d"}'), emittedAt: 6, changes }, 2);
  const file = await writer.end();
  expect(file.rows).toBe(2);
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  const lines = gunzipSync(readFileSync(file.path))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { n: 1, b: 0, t: 5, m: null, d: { a: 1 } },
    {
      n: 2,
      b: 0,
      t: 6,
      m: [...changes, { field: 'a', change: 'TRUNCATED', reason: 'DESTINATION_SERIALIZATION_ERROR' }],
      d: { a: '\ufffd' },
    },
  ]);
  folder.remove();
  expect(readdirSync(parent)).toEqual([]);
});

test('text of bytes gives the same lines as the bytes, whatever has to be mended in them', async () => {
  const most = 300;
  const unit = fc.constantFrom('a', '"', '\\', '\ud83d', '😀', 'é', '\u0000', '12345678901234567', 'x'.repeat(150));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.dictionary(fc.string({ unit }), fc.string({ unit }))), async (records) => {
      const [first, second] = await Promise.all(
        (['utf8', 'latin1'] as const).map(async (form) => {
          const path = join(parent, form);
          const writer = new SpoolWriter(path, { longestLine: most, compress: false });
          for (const [line, record] of records.entries()) {
            const bytes = Buffer.from(JSON.stringify(record));
            const data = form === 'utf8' ? bytes : (bytes.toString('latin1') as ByteText);
            writer.add({ data, emittedAt: 1, changes: null }, line);
          }
          const { rows, longestLine } = await writer.end();
          const text = readFileSync(path, 'utf8');
          rmSync(path);
          return { rows, longestLine, text };
        }),
      );
      expect(first).toEqual(second);
      expect(first?.rows).toBe(records.length);
    }),
  );
});

test('holds a bounded amount in memory, and knows what it wrote', async () => {
  const writer = new SpoolWriter(join(parent, 'f'));
  const noise = Buffer.from(`{"a":"${Array.from({ length: 2000 }, () => Math.random().toString(36)).join('')}"}`);
  for (let i = 0; i < 500; i += 1) {
    writer.add({ data: noise, emittedAt: 1, changes: null }, i);
    await writer.drained();
  }
  const file = await writer.end();
  expect(file.rows).toBe(500);
  expect(file.bytes).toBe(statSync(file.path).size);
  expect(file.longestLine).toBeGreaterThan(noise.length);
});

test('says what to do where nothing can be written', async () => {
  const file = join(parent, 'taken');
  await new SpoolWriter(file).end();
  const writer = new SpoolWriter(file);
  writer.add({ data: Buffer.from('{}'), emittedAt: 1, changes: null }, 1);
  await expect(writer.end()).rejects.toThrow(SpoolError);
  expect(() => new SpoolFolder(join(file, 'below'))).toThrow('set spool_dir to a folder that can be written');
  chmodSync(parent, 0o700);
});
