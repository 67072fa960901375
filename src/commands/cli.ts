import { createRequire } from 'node:module';
import yargs, { type Argv } from 'yargs';
import { LOG_LEVELS, type LogLevel } from '../log.js';
import { SANDBOX_OBJECTS, warnOfUnknownOptions } from './options.js';
import type { SandboxArguments } from './sandbox.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Options every command has. */
const COMMON = ['help', 'version', 'log-level'];

interface Given extends Record<string, unknown> {
  logLevel: LogLevel;
  config?: string;
  catalog?: string;
  state?: string;
  json?: boolean;
  refresh?: string | string[];
}

/**
 * Runs one command line and returns the exit code. Each command's modules are imported when it is called, so that `spec` does
 * not pay for what `sync` needs.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode = 0;

  /** A command that speaks the protocol on stdout. */
  const protocol = (
    options: Record<string, string>,
    run: (io: import('./protocol-command.js').ProtocolIo, given: Given) => Promise<number>,
  ) => ({
    builder: (command: Argv) => addOptions(command, options),
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

  const config = { config: 'Configuration of the source (JSON file)' };
  const catalog = { catalog: 'Configured catalog (JSON file)' };

  const destinationConfig = { config: 'Configuration of the destination (JSON file)' };
  const writeCommand = {
    describe: 'Write Airbyte messages from stdin into the warehouse',
    ...protocol({ ...destinationConfig, ...catalog }, async (io, given) =>
      (await import('./write.js')).write(io, { ...given, level: given.logLevel }),
    ),
  };

  const program = yargs()
    .scriptName('hubflake')
    .usage('HubSpot to Snowflake, as an Airbyte source and as a whole pipeline.\n\nUsage: $0 <command> [options]')
    .option('log-level', { choices: LOG_LEVELS, default: 'info', describe: 'What to log', global: true })
    .command({
      command: 'spec',
      describe: 'Print the options of the source (an Airbyte SPEC message)',
      ...protocol({}, async (io) => (await import('./spec.js')).spec(io)),
    })
    .command({
      command: 'check',
      describe: 'Try the credentials and the scopes of a configuration',
      ...protocol(config, async (io, given) => (await import('./check.js')).check(io, given)),
    })
    .command({
      command: 'discover',
      describe: "Print the catalog: the portal's objects and properties",
      ...protocol(config, async (io, given) => (await import('./discover.js')).discover(io, given)),
    })
    .command({
      command: 'read',
      describe: 'Read the configured streams as Airbyte messages',
      ...protocol({ ...config, ...catalog, state: 'States of the run before (JSON file)' }, async (io, given) =>
        (await import('./read.js')).read(io, { ...given, level: given.logLevel }),
      ),
    })
    .command({ command: 'write', ...writeCommand })
    .command({
      command: 'destination',
      describe: 'The destination role: spec, check, write',
      builder: (command: Argv) =>
        command
          .command({
            command: 'spec',
            describe: 'Print the options of the destination (an Airbyte SPEC message)',
            ...protocol({}, async (io) => (await import('./destination.js')).destinationSpec(io)),
          })
          .command({
            command: 'check',
            describe: 'Make, fill, merge and drop a table in the configured schema',
            ...protocol(destinationConfig, async (io, given) =>
              (await import('./destination.js')).destinationCheck(io, given),
            ),
          })
          .command({ command: 'write', ...writeCommand })
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
        async (io, given) => (await import('./sync.js')).sync(io, given),
      ),
    })
    .command({
      command: 'sandbox',
      describe: 'Run a HubSpot portal with sample data on this machine',
      ...people(sandboxOptions, SANDBOX_OPTIONS, async (io, given) =>
        (await import('./sandbox.js')).sandbox(io, given as SandboxArguments),
      ),
    })
    .command({
      command: 'demo',
      describe: 'See it work in a minute: a portal, two syncs, and what is in the tables',
      ...people(
        (command) => command.option('json', { type: 'boolean', describe: 'Print the result as one JSON document' }),
        ['json'],
        async (io, given) => (await import('./demo.js')).demo(io, given),
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
  return built;
}
