import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { withHubSpot } from '../../../src/commands/runner/hubspot-session.js';
import { StopRequest } from '../../../src/commands/runner/stop.js';
import { ProtocolSink } from '../../../src/commands/sinks/protocol-sink.js';
import { write } from '../../../src/commands/write.js';
import { parseSourceConfig } from '../../../src/config/source.js';
import type { AirbyteStream, JsonObject } from '../../../src/protocol/messages.js';
import { MessageOutput } from '../../../src/protocol/output.js';
import { parseInputState } from '../../../src/protocol/state.js';
import type { Sandbox } from '../../../src/sandbox/server.js';
import { Portal } from '../../../src/streams/portal.js';
import { readStreams } from '../../../src/streams/read.js';
import { contactsSource, FAST } from '../fast-source.js';
import type { TestFolder } from '../processes/command.js';
import { type Break, Lifetime, QUICK } from '../processes/lifetime.js';
import { LAST_BREAK, type TableSchedule, type Way } from './table-schedule.js';

const STREAM = 'contacts';
/** What a pipe gives at once. */
const PIECE_BYTES = 5000;

/**
 * `read | write`, in this process, as a platform runs it: it keeps the last state that `write` has put out, and hands it back to `read`.
 * In the place of a kill at a call, `read` is killed in the middle of a line.
 *
 * @param destination the options of a destination, as a user writes them
 */
export async function pipedWay(
  sandbox: Sandbox,
  schedule: TableSchedule,
  destination: object,
  folder: TestFolder,
): Promise<Way> {
  const config = { ...parseSourceConfig(contactsSource(sandbox, schedule)), ...FAST };
  const withPortal = <T>(body: (portal: Portal) => Promise<T>) =>
    withHubSpot(config, { signal: new AbortController().signal }, async (client) =>
      body(await Portal.open(client, config, [STREAM])),
    );
  const opened = await new Lifetime(null).live(() => withPortal((portal) => portal.stream(STREAM)));
  const stream = opened?.entry as AirbyteStream;
  const configured = {
    stream,
    sync_mode: 'incremental',
    destination_sync_mode: schedule.mode,
    cursor_field: stream.default_cursor_field,
    primary_key: stream.source_defined_primary_key,
  };
  const catalog = folder.write('catalog.json', { streams: [configured] });
  const destinationPath = folder.write('destination.json', destination);
  let kept: JsonObject[] = [];

  async function read(): Promise<Buffer> {
    const streams = [{ name: STREAM, mode: 'incremental' as const, state: stateIn(kept), optional: false }];
    const file = new OutputFile(folder.join('messages.jsonl'));
    await withPortal(async (portal) => {
      const { failures } = await readStreams(portal, streams, new ProtocolSink(file.output, false));
      if (failures[0]) throw failures[0].error;
    });
    await file.output.close();
    return file.end();
  }

  return {
    async run({ broken, fittingRows }) {
      const messages = await read();
      const isCut = broken?.what === 'call';
      const heard = isCut ? messages.subarray(0, messages.length * cutAt(broken)) : messages;
      const life = new Lifetime(isCut ? null : broken, fittingRows);
      const file = new OutputFile(folder.join('states.jsonl'), life.end);
      const stop = new StopRequest();
      const options = { config: destinationPath, catalog, level: 'error' as const };
      const outcome = await life
        .live(() => write({ output: file.output, stop, ...QUICK }, options, pieces(heard)))
        .catch((error: Error) => error);
      await stop.finish();
      await file.output.close();
      kept = statesIn(file.end()).slice(-1).concat(kept).slice(0, 1);
      if (outcome !== 0 && !isCut && !life.isBroken) throw new Error(`write ended with ${outcome}`);
      return outcome === 0 && !isCut && !life.isKilled;
    },
  };
}

/** Which part of its messages `read` has put out when it is killed. */
function cutAt({ nth }: Break): number {
  return (nth + 1) / (LAST_BREAK + 2);
}

function stateIn(kept: readonly JsonObject[]): JsonObject | null {
  return parseInputState([...kept], 'state').get(STREAM) ?? null;
}

/** Where messages go. */
class OutputFile {
  readonly output: MessageOutput;
  readonly #path: string;
  readonly #descriptor: number;
  #cutAt = Number.POSITIVE_INFINITY;

  /** @param kill what is put out behind it does not count */
  constructor(path: string, kill?: AbortSignal) {
    this.#path = path;
    this.#descriptor = openSync(path, 'w');
    this.output = new MessageOutput(this.#descriptor);
    kill?.addEventListener('abort', () => {
      this.#cutAt = fstatSync(this.#descriptor).size;
    });
  }

  end(): Buffer {
    closeSync(this.#descriptor);
    return readFileSync(this.#path).subarray(0, this.#cutAt);
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) yield bytes.subarray(start, start + PIECE_BYTES);
}

function statesIn(bytes: Buffer): JsonObject[] {
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => JSON.parse(line) as { type: string; state: JsonObject })
    .flatMap((message) => (message.type === 'STATE' ? [message.state] : []));
}
