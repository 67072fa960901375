import { LOG_LEVELS, type LogLevel } from '../../log.js';
import type { ProtocolIo } from './protocol-command.js';

/** What was given on the command line. */
export interface Given extends Record<string, unknown> {
  logLevel: LogLevel;
  config?: string;
  catalog?: string;
  state?: string;
  json?: boolean;
  sql?: boolean;
  refresh?: string | string[];
}

/** A command that speaks the protocol on stdout. */
export interface ProtocolCommand {
  describe: string;
  /** Its options, each with a value, and what they are. */
  options: Record<string, string>;
  /** A command line, without the program's name. */
  example: string;
  run(io: ProtocolIo, given: Given): Promise<number>;
}

const SOURCE_CONFIG = { config: 'Configuration of the source (JSON file)' };
const DESTINATION_CONFIG = { config: 'Configuration of the destination (JSON file)' };
const CATALOG = { catalog: 'Configured catalog (JSON file)' };

/** The commands of the source, and `write`; each loads what it needs when it is called. */
export const PROTOCOL_COMMANDS = {
  spec: {
    describe: 'Print the options of the source (an Airbyte SPEC message)',
    example: 'spec',
    options: {},
    run: async (io) => (await import('../spec.js')).spec(io),
  },
  check: {
    describe: 'Try the credentials and the scopes of a configuration',
    example: 'check --config source.json',
    options: SOURCE_CONFIG,
    run: async (io, given) => (await import('../check.js')).check(io, given),
  },
  discover: {
    describe: "Print the catalog: the portal's objects and properties",
    example: 'discover --config source.json',
    options: SOURCE_CONFIG,
    run: async (io, given) => (await import('../discover.js')).discover(io, given),
  },
  read: {
    describe: 'Read the configured streams as Airbyte messages',
    example: 'read --config source.json --catalog catalog.json --state state.json',
    options: { ...SOURCE_CONFIG, ...CATALOG, state: 'States of the run before (JSON file)' },
    run: async (io, given) => (await import('../read.js')).read(io, { ...given, level: given.logLevel }),
  },
  write: {
    describe: 'Write Airbyte messages from stdin into the warehouse',
    example: 'write --config destination.json --catalog catalog.json < messages.jsonl',
    options: { ...DESTINATION_CONFIG, ...CATALOG },
    run: async (io, given) => (await import('../write.js')).write(io, { ...given, level: given.logLevel }),
  },
} satisfies Record<string, ProtocolCommand>;

/** The commands of the destination role that `write` is not. */
export const DESTINATION_COMMANDS = {
  spec: {
    describe: 'Print the options of the destination (an Airbyte SPEC message)',
    example: 'destination spec',
    options: {},
    run: async (io) => (await import('../destination.js')).destinationSpec(io),
  },
  check: {
    describe: 'Make, fill, merge and drop a table in the configured schema',
    example: 'destination check --config destination.json',
    options: DESTINATION_CONFIG,
    run: async (io, given) => (await import('../destination.js')).destinationCheck(io, given),
  },
} satisfies Record<string, ProtocolCommand>;

/**
 * A command line as platforms write it: a protocol command, and its options with their values, none unknown. null: any other
 * line, of which yargs has to make sense. Loading it costs more than `spec` does.
 */
export function usualLine(args: readonly string[]): { command: ProtocolCommand; given: Given } | null {
  const [name = '', ...rest] = args;
  if (!Object.hasOwn(PROTOCOL_COMMANDS, name)) return null;
  const command: ProtocolCommand = PROTOCOL_COMMANDS[name as keyof typeof PROTOCOL_COMMANDS];
  const given: Given = { logLevel: 'info' };
  for (let at = 0; at < rest.length; at += 2) {
    const option = /^--([a-z-]+)$/.exec(rest[at] as string)?.[1] ?? '';
    const value = rest[at + 1];
    if (value === undefined || value === '' || value.startsWith('-')) return null;
    if (option === 'log-level' && LOG_LEVELS.includes(value as LogLevel)) given.logLevel = value as LogLevel;
    else if (Object.hasOwn(command.options, option) && given[option] === undefined) given[option] = value;
    else return null;
  }
  return { command, given };
}
