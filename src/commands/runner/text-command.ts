import process from 'node:process';
import { asHubflakeError, exitCodeOf } from '../../errors.js';
import { configureLog, divertConsole, type LogLevel, log, redact } from '../../log.js';
import { jsonLines, textLine } from '../../observing/log-lines.js';
import { MessageOutput } from '../../protocol/output.js';
import type { LogFormat } from './given.js';
import type { Injected } from './injected.js';
import { StopRequest } from './stop.js';

export interface TextIo extends Injected {
  /** Writes to stdout. */
  print(text: string): void;
  stop: StopRequest;
}

/**
 * Runs a command that prints text or one JSON document: logs go to stderr, an error becomes one line there and exit code 1, or 4
 * when another run is in progress.
 */
export async function runTextCommand(
  level: LogLevel,
  body: (io: TextIo) => Promise<number>,
  format: LogFormat = 'text',
): Promise<number> {
  divertConsole();
  const output = new MessageOutput();
  const stop = new StopRequest();
  const lineOf = format === 'json' ? jsonLines() : textLine;
  configureLog({
    level,
    sink: (lineLevel, message, details) => process.stderr.write(`${lineOf(lineLevel, message, details)}\n`),
  });
  let exitCode = 1;
  try {
    exitCode = await body({ print: (text) => output.write(`${text}\n`), stop });
  } catch (caught) {
    const error = asHubflakeError(caught);
    log.error(`${error.message} [${error.code}]`, { code: error.code });
    exitCode = exitCodeOf(error);
    log.debug(redact(error.stack ?? ''));
  }
  await output.close();
  await stop.finish();
  return exitCode;
}
