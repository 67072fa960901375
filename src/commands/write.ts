import { parseDestinationConfig } from '../config/destination.js';
import { readConfigFile, readJsonFile } from '../config/files.js';
import { asHubflakeError, InputError } from '../errors.js';
import type { LogLevel } from '../log.js';
import { parseConfiguredCatalog } from '../protocol/catalog.js';
import { encodeError } from '../protocol/encode.js';
import { echoState, type Incoming, type IncomingRecord, parseIncoming } from '../protocol/incoming.js';
import { type Line, readLines } from '../protocol/input.js';
import { readPieces } from '../protocol/json/pieces.js';
import type { RecordChange } from '../protocol/messages.js';
import type { MessageOutput } from '../protocol/output.js';
import { epochNow } from '../time.js';
import { Loader } from '../warehouse/loader/loader.js';
import { openStore } from '../warehouse/open-store.js';
import { targetsOf } from '../warehouse/target.js';
import { catalogPath, configPath } from './runner/options.js';
import type { ProtocolIo } from './runner/protocol-command.js';

/**
 * `hubflake write`: loads Airbyte messages from stdin into the warehouse. Each STATE is emitted again once everything before it is
 * committed. Exit code 1 when a stream could not be written, or the source did not finish one that must be complete.
 */
export async function write(
  { output, stop, timeouts }: ProtocolIo,
  options: { config?: string; catalog?: string; level: LogLevel },
  input: AsyncIterable<Buffer> = readPieces(),
): Promise<number> {
  const config = parseDestinationConfig(readConfigFile(configPath(options), 'configuration'));
  const catalogFile = catalogPath(options);
  const catalog = parseConfiguredCatalog(readJsonFile(catalogFile, 'catalog'), catalogFile);
  const store = await openStore(config, null, 'write', timeouts);
  try {
    const { loader: settings } = config;
    const targets = targetsOf(catalog.streams, { ...settings, schema: store.defaultSchema, names: store.names });
    const loader = new Loader(store, targets, { ...settings, pipeline: null });
    try {
      const failure = await feed(loader, input, output, stop.signal);
      const results = await loader.finish();
      const withStack = options.level === 'debug' || options.level === 'trace';
      for (const { stream, error } of results) {
        if (error) output.write(encodeError(error, epochNow(), stream, withStack));
      }
      if (failure !== null) throw failure;
      return results.some((result) => result.error) ? 1 : 0;
    } finally {
      loader.close();
    }
  } finally {
    await store.close();
  }
}

/**
 * Feeds the loader until the input ends or the command is stopped. What precedes an unreadable line is valid, and is committed.
 *
 * @returns why it ended early; null: it did not
 */
async function feed(
  loader: Loader,
  input: AsyncIterable<Buffer>,
  output: MessageOutput,
  signal: AbortSignal,
): Promise<Error | null> {
  try {
    for await (const lines of readLines(untilStopped(input, signal))) {
      await takeLines(loader, lines, output);
      await output.drained();
    }
    return null;
  } catch (error) {
    return error instanceof InputError ? error : Promise.reject(asHubflakeError(error));
  }
}

async function takeLines(loader: Loader, lines: readonly Line[], output: MessageOutput): Promise<void> {
  let stream: string | null = null;
  let records: IncomingRecord[] = [];
  const handOn = async () => {
    if (stream !== null && records.length > 0) await loader.records(stream, records.map(spoolRecord));
    records = [];
  };
  for (const line of lines) {
    const message = parseIncoming(line);
    if (message.type === 'RECORD') {
      if (!loader.has(message.stream)) throw unknownStream(message);
      if (message.stream !== stream) await handOn();
      stream = message.stream;
      records.push(message);
    } else {
      await handOn();
      await takeOther(loader, message, output);
    }
  }
  await handOn();
}

async function takeOther(loader: Loader, message: Incoming, output: MessageOutput): Promise<void> {
  if (message.type === 'STATE') {
    const { stream, isAhead } = message;
    // Copied, since it waits for longer than the input's memory is valid.
    const raw = Buffer.from(message.raw);
    const release = async (records: number) => {
      output.write(echoState(raw, records));
      if (isAhead) await output.handedOver();
    };
    await loader.state({ stream, state: null, isAhead, release });
  } else if (message.type === 'STATUS' && loader.has(message.stream)) {
    if (message.status === 'COMPLETE') loader.complete(message.stream);
    else if (message.status === 'INCOMPLETE') loader.incomplete(message.stream);
  }
}

function spoolRecord({ data, isPlain, emittedAt, meta }: IncomingRecord) {
  const parsed: { changes?: RecordChange[] } = meta === null ? {} : JSON.parse(meta.toString('utf8'));
  return { data, isPlain, emittedAt, changes: parsed.changes ?? null };
}

function unknownStream({ stream, line }: IncomingRecord): InputError {
  return new InputError(
    `Line ${line} of the input is a record of the stream "${stream}", which the catalog does not have. Give both sides the same catalog.`,
  );
}

/** The input up to its end or the stop, whichever is first. */
async function* untilStopped(input: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const iterator = input[Symbol.asyncIterator]();
  let stop: () => void = () => undefined;
  const onAbort = () => stop();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      // Promise.race with one promise for the stop would keep every chunk in memory until the end.
      const next = await new Promise<IteratorResult<Buffer> | null>((resolve, reject) => {
        stop = () => resolve(null);
        iterator.next().then(resolve, reject);
      });
      if (next === null || next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
