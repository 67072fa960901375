import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageOutput } from './output.js';

/** A pipe into a shell command that reads it as its file 3; `ended` is what the command prints. */
function pipe(command: string) {
  const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
  const fifo = join(folder, 'pipe');
  execFileSync('mkfifo', [fifo]);
  const child = spawn('sh', ['-c', `exec 3<${fifo}; ${command}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(Buffer.concat(chunks).toString())));
  return { fd: openSync(fifo, 'w'), ended, remove: () => rmSync(folder, { recursive: true }) };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${i} ${'x'.repeat(500)}\n`);

test('writes every line in the order of the calls to a reader that is slow', async () => {
  const { fd, ended, remove } = pipe('sleep 0.3; cat <&3');
  const output = new MessageOutput(fd);
  const lines = numbered(20_000);
  for (const line of lines) {
    output.write(line);
    await output.drained();
  }
  await output.close();
  closeSync(fd);
  expect((await ended) === lines.join('')).toBe(true);
  remove();
});

test('makes producers wait while the reader does not read, and holds a bounded amount', async () => {
  const { fd, ended, remove } = pipe('sleep 0.5; cat <&3 >/dev/null');
  const output = new MessageOutput(fd);
  const line = 'x'.repeat(1024 * 1024);
  let accepted = 0;
  const producing = (async () => {
    for (; accepted < 30; accepted += 1) {
      output.write(line);
      await output.drained();
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(accepted).toBeLessThan(8);
  await producing;
  await output.close();
  closeSync(fd);
  await ended;
  remove();
});

test('says when a line has been handed over, whatever was written behind it', async () => {
  const { fd, ended, remove } = pipe('head -c 3000000 <&3 >/dev/null; sleep 0.5; cat <&3 >/dev/null');
  const output = new MessageOutput(fd);
  output.write('x'.repeat(2_000_000));
  const first = output.handedOver();
  output.write('x'.repeat(3_000_000));
  const outcome: string[] = [];
  const second = output.handedOver().then(() => outcome.push('second'));
  await first.then(() => outcome.push('first'));
  expect(outcome).toEqual(['first']);
  await second;
  await output.close();
  closeSync(fd);
  await ended;
  remove();
});

test('turns a reader that has gone away into an error, and tells everyone to stop', async () => {
  const { fd, ended, remove } = pipe('head -c 10 <&3 >/dev/null');
  const output = new MessageOutput(fd);
  const produce = async () => {
    for (const line of numbered(100_000)) {
      output.write(line);
      await output.drained();
    }
    await output.flush();
  };
  await expect(produce()).rejects.toThrow('The reader of the output has gone away');
  expect(output.broken.aborted).toBe(true);
  await output.close();
  closeSync(fd);
  await ended;
  remove();
});

test('writes to a file, where the first byte of a call comes first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
  const file = join(folder, 'out');
  const fd = openSync(file, 'w');
  const output = new MessageOutput(fd);
  output.write('a\n');
  output.write(Buffer.from('b\n'));
  await output.flush();
  output.write('c\n');
  await output.close();
  closeSync(fd);
  expect(readFileSync(file, 'utf8')).toBe('a\nb\nc\n');
  rmSync(folder, { recursive: true });
});
