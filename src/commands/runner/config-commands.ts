import { type Command, flag, text } from './command.js';
import type { TextIo } from './text-command.js';

/** The commands that look at a configuration file alone. */
export const CONFIG_COMMANDS: ReadonlyMap<string, Command<TextIo>> = new Map(
  Object.entries<Command<TextIo>>({
    check: {
      describe: 'Name every mistake of a configuration, without a call to anything',
      options: {
        config: text('Configuration of a pipeline, a source or a destination (JSON or YAML file)'),
        kind: text('pipeline, source or destination, where its options do not show it'),
        json: flag('Print the mistakes as one JSON document'),
      },
      examples: [
        ['config check --config pipeline.json', 'Exit code 1 where there is a mistake'],
        ['config check --config destination.yaml --kind destination --json'],
      ],
      run: async (io, given) =>
        (await import('../config-check.js')).configCheck(io, {
          config: given.text('config'),
          kind: given.text('kind'),
          json: given.flag('json'),
        }),
    },
  }),
);
