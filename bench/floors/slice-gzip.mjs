// The floor of `write` to Snowflake: a bare Node program that cuts lines at newlines, takes from each the bytes of its data
// (which it trusts to stand last), and writes them compressed into one file. It checks nothing.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createGzip } from 'node:zlib';

const DATA = Buffer.from('"data":');
const END = Buffer.from('\n');
const BLOCK_BYTES = 128 * 1024;

const gzip = createGzip({ level: 1 });
const file = createWriteStream(process.argv[2]);
gzip.pipe(file);

let block = [];
let bytes = 0;
let rest = null;

function take(line) {
  const at = line.indexOf(DATA);
  if (at === -1) return;
  // Behind the data the record and the message end.
  block.push(line.subarray(at + DATA.length, -2), END);
  bytes += line.length - at - DATA.length - 1;
}

for await (const chunk of process.stdin) {
  let start = 0;
  for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
    const line = chunk.subarray(start, end);
    take(rest === null ? line : Buffer.concat([rest, line]));
    rest = null;
    start = end + 1;
  }
  if (start < chunk.length) rest = rest === null ? chunk.subarray(start) : Buffer.concat([rest, chunk.subarray(start)]);
  if (bytes < BLOCK_BYTES) continue;
  if (!gzip.write(Buffer.concat(block, bytes))) await once(gzip, 'drain');
  block = [];
  bytes = 0;
}
gzip.end(Buffer.concat(block, bytes));
await once(file, 'close');
