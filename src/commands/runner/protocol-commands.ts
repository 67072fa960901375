import { isOneOf } from '../../json.js';
import { LOG_LEVELS } from '../../log.js';
import { type Command, text } from './command.js';
import { Given } from './given.js';
import type { ProtocolIo } from './protocol-command.js';

const SOURCE_CONFIG = { config: text('Configuration of the source (JSON or YAML file)') };
const DESTINATION_CONFIG = { config: text('Configuration of the destination (JSON or YAML file)') };
const CATALOG = { catalog: text('Configured catalog (JSON file)') };

const spec: Command<ProtocolIo> = {
  describe: 'Print the options of the source (an Airbyte SPEC message)',
  examples: [['spec']],
  options: {},
  run: async (io) => (await import('../spec.js')).spec(io),
};

const check: Command<ProtocolIo> = {
  describe: 'Try the credentials and the scopes of a configuration',
  examples: [['check --config source.json']],
  options: SOURCE_CONFIG,
  run: async (io, given) => (await import('../check.js')).check(io, { config: given.text('config') }),
};

const discover: Command<ProtocolIo> = {
  describe: "Print the catalog: the portal's objects and properties",
  examples: [['discover --config source.json']],
  options: SOURCE_CONFIG,
  run: async (io, given) => (await import('../discover.js')).discover(io, { config: given.text('config') }),
};

const read: Command<ProtocolIo> = {
  describe: 'Read the configured streams as Airbyte messages',
  examples: [['read --config source.json --catalog catalog.json --state state.json']],
  options: { ...SOURCE_CONFIG, ...CATALOG, state: text('States of the run before (JSON file)') },
  run: async (io, given) =>
    (await import('../read.js')).read(io, {
      config: given.text('config'),
      catalog: given.text('catalog'),
      state: given.text('state'),
      level: given.logLevel,
    }),
};

const write: Command<ProtocolIo> = {
  describe: 'Write Airbyte messages from stdin into the warehouse',
  examples: [['write --config destination.json --catalog catalog.json < messages.jsonl']],
  options: { ...DESTINATION_CONFIG, ...CATALOG },
  run: async (io, given) =>
    (await import('../write.js')).write(io, {
      config: given.text('config'),
      catalog: given.text('catalog'),
      level: given.logLevel,
    }),
};

/** The commands of the source, and `write`: their stdout carries protocol messages. */
export const PROTOCOL_COMMANDS: ReadonlyMap<string, Command<ProtocolIo>> = new Map(
  Object.entries({ spec, check, discover, read, write }),
);

/** The commands of the destination role. */
export const DESTINATION_COMMANDS: ReadonlyMap<string, Command<ProtocolIo>> = new Map(
  Object.entries<Command<ProtocolIo>>({
    spec: {
      describe: 'Print the options of the destination (an Airbyte SPEC message)',
      examples: [['destination spec']],
      options: {},
      run: async (io) => (await import('../destination.js')).destinationSpec(io),
    },
    check: {
      describe: 'Make, fill, merge and drop a table in the configured schema',
      examples: [['destination check --config destination.json']],
      options: DESTINATION_CONFIG,
      run: async (io, given) =>
        (await import('../destination.js')).destinationCheck(io, { config: given.text('config') }),
    },
    write,
  }),
);

/**
 * Parses the form of command line that platforms use: a protocol command and its options, each once and followed by its value.
 * null: any other form, which is left to yargs, whose loading takes longer than `spec` does.
 */
export function parsePlainLine(
  args: readonly string[],
): { name: string; command: Command<ProtocolIo>; given: Given } | null {
  const [name = '', ...rest] = args;
  const command = PROTOCOL_COMMANDS.get(name);
  if (!command) return null;
  const values: Record<string, string> = {};
  for (let at = 0; at < rest.length; at += 2) {
    const [argument = '', value = ''] = rest.slice(at, at + 2);
    const option = argument.replace(/^--/, '');
    if (option === argument || value === '' || value.startsWith('-') || Object.hasOwn(values, option)) return null;
    const isKnown = option === 'log-level' ? isOneOf(LOG_LEVELS, value) : Object.hasOwn(command.options, option);
    if (!isKnown) return null;
    values[option] = value;
  }
  return { name, command, given: new Given(values) };
}
