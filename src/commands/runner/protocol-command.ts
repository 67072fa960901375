import { asHubflakeError, exitCodeOf } from '../../errors.js';
import { configureLog, divertConsole, type LogLevel, log } from '../../log.js';
import { encodeError, encodeLog } from '../../protocol/encode.js';
import { MessageOutput } from '../../protocol/output.js';
import { epochNow } from '../../time.js';
import type { Injected } from './injected.js';
import { StopRequest } from './stop.js';

/** The environment of a protocol command. */
export interface ProtocolIo extends Injected {
  output: MessageOutput;
  stop: StopRequest;
}

/**
 * Runs a command whose stdout carries protocol messages only: logs become LOG messages, an error becomes a TRACE ERROR and an exit
 * code, and all output is flushed before the process ends.
 *
 * @param body returns the exit code
 */
export async function runProtocolCommand(level: LogLevel, body: (io: ProtocolIo) => Promise<number>): Promise<number> {
  divertConsole();
  const output = new MessageOutput();
  const stop = new StopRequest();
  configureLog({
    level,
    sink: (lineLevel, message) => output.write(encodeLog(lineLevel, message)),
  });
  output.broken.addEventListener('abort', () => stop.abort(output.broken.reason));
  let failure = 0;
  const report = (caught: unknown) => {
    failure ||= exitCodeOf(asHubflakeError(caught));
    reportError(output, caught, level);
  };
  process.on('uncaughtException', report).on('unhandledRejection', report);
  let exitCode = 0;
  try {
    exitCode = await body({ output, stop });
  } catch (error) {
    report(error);
  }
  if (output.failure) {
    // Nobody reads stdout any more: report it on stderr.
    process.stderr.write(`${output.failure.message}\n`);
    failure ||= 1;
  }
  await output.close();
  await stop.finish();
  process.off('uncaughtException', report).off('unhandledRejection', report);
  return failure || exitCode;
}

/** Emits an error as a TRACE ERROR, with its stack trace at the levels debug and trace. */
function reportError(output: MessageOutput, caught: unknown, level: LogLevel): void {
  const error = asHubflakeError(caught);
  log.debug(`${error.code} ${error.stack ?? ''}`);
  output.write(encodeError(error, epochNow(), undefined, level === 'debug' || level === 'trace'));
}
