import yargs, { type Argv } from 'yargs';
import { LOG_LEVELS, log } from '../../log.js';
import { withTelemetry } from '../../observing/telemetry/with-telemetry.js';
import { VERSION } from '../../version.js';
import type { Command } from './command.js';
import { CONFIG_COMMANDS } from './config-commands.js';
import { DEFAULT_LOG_FORMAT, DEFAULT_LOG_LEVEL, Given, LOG_FORMATS } from './given.js';
import type { Injected } from './injected.js';
import { warnOfUnknownOptions, warnOfWords } from './options.js';
import type { ProtocolIo } from './protocol-command.js';
import { DESTINATION_COMMANDS, PROTOCOL_COMMANDS } from './protocol-commands.js';
import type { TextIo } from './text-command.js';
import { TEXT_COMMANDS } from './text-commands.js';

/** Options that every command has. */
const COMMON = ['help', 'version', 'log-level', 'log-format'];

/** Sets up output, logs and signals for one kind of command, runs it, and returns the exit code. */
type Runner<Io> = (given: Given, body: (io: Io) => Promise<number>) => Promise<number>;

/** A command line that is wrong. Thrown, since yargs would run the command all the same. */
class UsageError extends Error {}

/** Runs one command line and returns the exit code. */
export async function runCommandLine(args: readonly string[], injected: Injected = {}): Promise<number> {
  let exitCode = 0;

  /** @param loadRunner is only called when a command is, so that `--help` stays fast */
  function add<Io>(to: Argv, commands: ReadonlyMap<string, Command<Io>>, loadRunner: () => Promise<Runner<Io>>): Argv {
    for (const [name, { describe, options, examples, run }] of commands) {
      const build = (command: Argv) => {
        for (const [option, definition] of Object.entries(options)) command.option(option, definition);
        for (const [line, text = ''] of examples) command.example(`$0 ${line}`, text);
        return command;
      };
      to.command(name, describe, build, async (values: Record<string, unknown>) => {
        const given = new Given(values);
        const runner = await loadRunner();
        exitCode = await runner(given, (io) => {
          warnOfUnknownOptions(given.names, [...COMMON, ...Object.keys(options)]);
          warnOfWords(given.wordsBehind(name));
          return withTelemetry(name, () => run({ ...io, ...injected }, given));
        });
      });
    }
    return to;
  }
  const protocolRunner = async (): Promise<Runner<ProtocolIo>> => {
    const { runProtocolCommand } = await import('./protocol-command.js');
    return (given, body) =>
      runProtocolCommand(given.logLevel, (io) => {
        if (given.logFormat !== DEFAULT_LOG_FORMAT)
          log.warn('--log-format has no effect on this command: its logs are LOG messages of the protocol.');
        return body(io);
      });
  };
  const textRunner = async (): Promise<Runner<TextIo>> => {
    const { runTextCommand } = await import('./text-command.js');
    return (given, body) => runTextCommand(given.logLevel, body, given.logFormat);
  };

  const program = yargs()
    .scriptName('hubflake')
    .usage('HubSpot to Snowflake, as an Airbyte source and as a whole pipeline.\n\nUsage: $0 <command> [options]')
    .option('log-level', {
      choices: LOG_LEVELS,
      default: DEFAULT_LOG_LEVEL,
      describe: 'What to log',
      global: true,
    })
    .option('log-format', {
      choices: LOG_FORMATS,
      default: DEFAULT_LOG_FORMAT,
      describe: 'Logs on stderr as text, or as a JSON object a line',
      global: true,
    });
  add(program, PROTOCOL_COMMANDS, protocolRunner);
  program.command(
    'destination',
    'The destination role: spec, check, write',
    (command: Argv) =>
      add(command, DESTINATION_COMMANDS, protocolRunner)
        .demandCommand(1, 'Which command? See hubflake destination --help.')
        .example('$0 destination check --config destination.json', ''),
    () => undefined,
  );
  program.command(
    'config',
    'Look at a configuration: check',
    (command: Argv) =>
      add(command, CONFIG_COMMANDS, textRunner)
        .demandCommand(1, 'Which command? See hubflake config --help.')
        .example('$0 config check --config pipeline.json', ''),
    () => undefined,
  );
  add(program, TEXT_COMMANDS, textRunner);
  program
    .demandCommand(1, 'Which command? See hubflake --help.')
    .recommendCommands()
    .version(VERSION)
    .alias('help', 'h')
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
  try {
    await program.parseAsync([...args]);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nSee hubflake --help.\n`);
    return 1;
  }
  return exitCode;
}
