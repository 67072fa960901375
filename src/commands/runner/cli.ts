import { createRequire } from 'node:module';
import yargs, { type Argv } from 'yargs';
import { LOG_LEVELS } from '../../log.js';
import type { SandboxArguments } from '../sandbox.js';
import { SANDBOX_OBJECTS, warnOfUnknownOptions } from './options.js';
import { DESTINATION_COMMANDS, type Given, PROTOCOL_COMMANDS, type ProtocolCommand } from './protocol-commands.js';

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };

/** Options every command has. */
const COMMON = ['help', 'version', 'log-level'];

/**
 * Runs one command line and returns the exit code. Each command's modules are imported when it is called, so that `spec` does
 * not pay for what `sync` needs.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode = 0;

  /** A command that speaks the protocol on stdout. */
  const protocol = (command: string, { describe, options, example, run }: ProtocolCommand) => ({
    command,
    describe,
    builder: (argv: Argv) => addOptions(argv, options).example(`$0 ${example}`, ''),
    handler: async (given: unknown) => {
      const { runProtocolCommand } = await import('./protocol-command.js');
      const values = given as Given;
      exitCode = await runProtocolCommand(values.logLevel, (io) => {
        warnOfUnknownOptions(values, [...COMMON, ...Object.keys(options)]);
        return run(io, values);
      });
    },
  });

  /** A command whose stdout is for people. */
  const people = (
    build: (command: Argv) => Argv,
    options: readonly string[],
    run: (io: import('./people-command.js').PeopleIo, given: Given) => Promise<number>,
  ) => ({
    builder: build,
    handler: async (given: unknown) => {
      const { runPeopleCommand } = await import('./people-command.js');
      const values = given as Given;
      exitCode = await runPeopleCommand(values.logLevel, (io) => {
        warnOfUnknownOptions(values, [...COMMON, ...options]);
        return run(io, values);
      });
    },
  });

  const program = yargs()
    .scriptName('hubflake')
    .usage('HubSpot to Snowflake, as an Airbyte source and as a whole pipeline.\n\nUsage: $0 <command> [options]')
    .option('log-level', { choices: LOG_LEVELS, default: 'info', describe: 'What to log', global: true })
    .command(protocol('spec', PROTOCOL_COMMANDS.spec))
    .command(protocol('check', PROTOCOL_COMMANDS.check))
    .command(protocol('discover', PROTOCOL_COMMANDS.discover))
    .command(protocol('read', PROTOCOL_COMMANDS.read))
    .command(protocol('write', PROTOCOL_COMMANDS.write))
    .command({
      command: 'destination',
      describe: 'The destination role: spec, check, write',
      builder: (command: Argv) =>
        command
          .command(protocol('spec', DESTINATION_COMMANDS.spec))
          .command(protocol('check', DESTINATION_COMMANDS.check))
          .command(protocol('write', PROTOCOL_COMMANDS.write))
          .demandCommand(1, 'Which command? See hubflake destination --help.')
          .example('$0 destination check --config destination.json', ''),
      handler: () => undefined,
    })
    .command({
      command: 'sync',
      describe: 'HubSpot straight into tables, as a pipeline configuration says',
      ...people(
        (command) =>
          command
            .option('config', { type: 'string', describe: 'Configuration of the pipeline (JSON file)' })
            .option('refresh', {
              type: 'string',
              describe: 'Streams to load anew, with commas; their old rows stay readable until that is complete',
            })
            .option('json', { type: 'boolean', describe: 'Print the result as one JSON document' })
            .example('$0 sync --config pipeline.json', 'What is new since the last sync')
            .example(
              '$0 sync --config pipeline.json --refresh contacts,deals',
              'The same, and two streams from scratch',
            ),
        ['config', 'refresh', 'json'],
        async (io, given) => (await import('../sync.js')).sync(io, given),
      ),
    })
    .command({
      command: 'plan',
      describe: 'What a sync would do: streams, rows, calls, minutes, SQL; changes nothing',
      ...people(
        (command) =>
          command
            .option('config', { type: 'string', describe: 'Configuration of the pipeline (JSON file)' })
            .option('sql', { type: 'boolean', describe: 'Print the statements, too' })
            .option('json', { type: 'boolean', describe: 'Print the plan as one JSON document' })
            .example('$0 plan --config pipeline.json', '')
            .example('$0 plan --config pipeline.json --sql', 'with every statement'),
        ['config', 'sql', 'json'],
        async (io, given) => (await import('../plan.js')).plan(io, given),
      ),
    })
    .command({
      command: 'sandbox',
      describe: 'Run a HubSpot portal with sample data on this machine',
      ...people(sandboxOptions, SANDBOX_OPTIONS, async (io, given) =>
        (await import('../sandbox.js')).sandbox(io, given as SandboxArguments),
      ),
    })
    .command({
      command: 'demo',
      describe: 'See it work in a minute: a portal, two syncs, and what is in the tables',
      ...people(
        (command) =>
          command
            .option('json', { type: 'boolean', describe: 'Print the result as one JSON document' })
            .example('$0 demo', ''),
        ['json'],
        async (io, given) => (await import('../demo.js')).demo(io, given),
      ),
    })
    .demandCommand(1, 'Which command? See hubflake --help.')
    .recommendCommands()
    .version(version)
    .alias('help', 'h')
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      process.stderr.write(`${message}\nSee hubflake --help.\n`);
      exitCode = 1;
    });
  await program.parseAsync([...args]);
  return exitCode;
}

function addOptions(command: Argv, options: Record<string, string>): Argv {
  let built = command;
  for (const [name, describe] of Object.entries(options)) built = built.option(name, { type: 'string', describe });
  return built;
}

const SANDBOX_NUMBERS: Record<string, string> = {
  port: 'Port to listen on; by default a free one',
  seed: 'Another seed gives other data',
  properties: 'Further custom properties of contacts',
  latency: 'Milliseconds that each call takes',
  'index-lag': 'Milliseconds by which search learns of changes late',
};
const SANDBOX_OPTIONS = [...Object.keys(SANDBOX_NUMBERS), 'limits', ...SANDBOX_OBJECTS];

function sandboxOptions(command: Argv): Argv {
  let built = command.option('limits', {
    type: 'boolean',
    default: true,
    describe: "Keep HubSpot's rate limits (--no-limits: do not)",
  });
  for (const [name, describe] of Object.entries(SANDBOX_NUMBERS)) {
    built = built.option(name, { type: 'number', describe });
  }
  for (const name of SANDBOX_OBJECTS) built = built.option(name, { type: 'number', describe: `How many ${name}` });
  return built.example('$0 sandbox --port 8080 --contacts 5000', '');
}
