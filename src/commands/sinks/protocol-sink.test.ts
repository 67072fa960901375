import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Message } from '../../protocol/messages.js';
import { MessageOutput } from '../../protocol/output.js';
import { epochMs } from '../../time.js';
import { ProtocolSink } from './protocol-sink.js';

const MINUTE = 60_000;
let folder: string;
let fd: number;
let output: MessageOutput;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubflake-sink-'));
  fd = openSync(join(folder, 'out'), 'w');
  output = new MessageOutput(fd);
  // What writes the file keeps its real timers.
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});

afterEach(() => {
  jest.useRealTimers();
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

/** The states so far, and how many records each counts. */
async function states(): Promise<[state: unknown, records: unknown][]> {
  await output.flush();
  const lines = readFileSync(join(folder, 'out'), 'utf8').trim().split('\n');
  const messages = lines.map((line) => JSON.parse(line) as Message);
  return messages.flatMap((message) =>
    message.type === 'STATE' ? [[message.state.stream?.stream_state, message.state.sourceStats?.recordCount]] : [],
  );
}

test('while nothing else goes out, a state does now and then, never the same one twice', async () => {
  const sink = new ProtocolSink(output, false);
  sink.started('contacts', null);
  jest.advanceTimersByTime(3 * MINUTE);
  await sink.records('contacts', [{ data: '{}', changes: null }], epochMs(1));
  await sink.state('contacts', { a: 1 });
  jest.advanceTimersByTime(2 * MINUTE);
  await sink.records('contacts', [{ data: '{}', changes: null }], epochMs(1));
  jest.advanceTimersByTime(2 * MINUTE);
  expect(await states()).toEqual([
    [{ hubflake_heartbeat: 1 }, 0],
    [{ a: 1 }, 1],
  ]);
  jest.advanceTimersByTime(4 * MINUTE);
  expect((await states()).slice(2)).toEqual([
    [{ a: 1, hubflake_heartbeat: 2 }, 1],
    [{ a: 1, hubflake_heartbeat: 3 }, 0],
  ]);
});

test('a stream that has ended keeps its last state', async () => {
  const sink = new ProtocolSink(output, false);
  sink.started('contacts', { b: 2 });
  sink.started('deals', { c: 3 });
  await sink.state('contacts', { b: 4 });
  await sink.complete('contacts');
  jest.advanceTimersByTime(3 * MINUTE);
  await sink.incomplete('deals', null);
  jest.advanceTimersByTime(30 * MINUTE);
  expect(await states()).toEqual([
    [{ b: 4 }, 0],
    [{ c: 3, hubflake_heartbeat: 1 }, 0],
  ]);
});
