import fc from 'fast-check';
import { type Line, readLines } from './input.js';

async function lines(chunks: (Buffer | string)[]): Promise<Line[]> {
  const all: Line[] = [];
  async function* source() {
    yield* chunks;
  }
  for await (const batch of readLines(source())) all.push(...batch);
  return all;
}

const texts = (found: Line[]) => found.map((line) => line.bytes.toString('utf8'));

test('gives the same lines however the bytes are cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => /\S/.test(text) && !/[\r\n]/.test(text))),
      fc.array(fc.nat(40)),
      async (expected, cuts) => {
        const bytes = Buffer.from(expected.join('\n'));
        const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...places].map((start, i) => bytes.subarray(start, places[i] ?? bytes.length));
        expect(texts(await lines(chunks))).toEqual(expected.map((text) => text.replace(/^\ufeff/, '')));
      },
    ),
  );
});

test('counts lines from 1 and leaves out blank ones', async () => {
  expect((await lines(['a\n\n  \nb\n'])).map((line) => line.number)).toEqual([1, 4]);
});

test('drops a byte-order mark and carriage returns', async () => {
  expect(texts(await lines(['\ufeffa\r\nb\r\n']))).toEqual(['a', 'b']);
});

test('makes bytes that are no UTF-8 readable', async () => {
  expect(texts(await lines([Buffer.from([0x61, 0xff, 0x0a])]))).toEqual(['a\ufffd']);
});

test('takes a line of many megabytes that comes in small pieces', async () => {
  const piece = 'x'.repeat(64 * 1024);
  const found = await lines([...Array.from({ length: 512 }, () => piece), '\nend\n']);
  expect(found.map((line) => line.bytes.length)).toEqual([32 * 1024 * 1024, 3]);
});
