import { type Command, flag, number, text } from './command.js';
import { INIT } from './init-command.js';
import { SANDBOX_OBJECTS } from './options.js';
import type { TextIo } from './text-command.js';

const PIPELINE_CONFIG = { config: text('Configuration of the pipeline (JSON or YAML file)') };
const REPORT = { report: text('Also write a page about it: --report report.html') };

/** The commands that print text, or one JSON document. */
export const TEXT_COMMANDS: ReadonlyMap<string, Command<TextIo>> = new Map(
  Object.entries<Command<TextIo>>({
    init: INIT,
    sync: {
      describe: 'HubSpot straight into tables, as a pipeline configuration says',
      options: {
        ...PIPELINE_CONFIG,
        refresh: text('Streams to load anew, with commas; their old rows stay readable until that is complete'),
        json: flag(
          'Print the result as one JSON document; with --every, one a line for each round that brought something',
        ),
        every: text('Go on as a service, in rounds of this interval: 60s, 5m, 1h'),
        listen: text('With --every: where to serve /healthz, /metrics and the report, as 127.0.0.1:8080'),
        ...REPORT,
      },
      examples: [
        ['sync --config pipeline.json', 'What is new since the last sync'],
        ['sync --config pipeline.json --refresh contacts,deals', 'The same, and two streams from scratch'],
        ['sync --config pipeline.json --every 60s --listen 8080', 'As a service, fresh within a minute'],
      ],
      run: async (io, given) =>
        (await import('../sync.js')).sync(io, {
          config: given.text('config'),
          json: given.flag('json'),
          refresh: given.texts('refresh'),
          every: given.text('every'),
          listen: given.text('listen'),
          report: given.text('report'),
        }),
    },
    plan: {
      describe: 'What a sync would do: streams, rows, calls, minutes, SQL; changes nothing',
      options: {
        ...PIPELINE_CONFIG,
        sql: flag('Print the statements, too'),
        json: flag('Print the plan as one JSON document'),
        ...REPORT,
      },
      examples: [['plan --config pipeline.json'], ['plan --config pipeline.json --sql', 'with every statement']],
      run: async (io, given) =>
        (await import('../plan.js')).plan(io, {
          config: given.text('config'),
          json: given.flag('json'),
          sql: given.flag('sql'),
          report: given.text('report'),
        }),
    },
    verify: {
      describe: 'Whether the tables equal HubSpot, in the fewest calls; mends what does not if asked to',
      options: {
        ...PIPELINE_CONFIG,
        streams: text('Streams to verify, with commas; by default all that were synced'),
        deep: flag('Read everything once over, and compare every value'),
        repair: flag('Mend what differs'),
        json: flag('Print the result as one JSON document'),
        ...REPORT,
      },
      examples: [
        ['verify --config pipeline.json', 'Exit code 3 where something differs'],
        [
          'verify --config pipeline.json --streams contacts,deals --deep --repair',
          'The same by every value, and mend it',
        ],
      ],
      run: async (io, given) =>
        (await import('../verify.js')).verify(io, {
          config: given.text('config'),
          streams: given.texts('streams'),
          deep: given.flag('deep'),
          repair: given.flag('repair'),
          json: given.flag('json'),
          report: given.text('report'),
        }),
    },
    compare: {
      describe:
        'Whether the tables of two schemas say the same, for example of Fivetran and of hubflake; changes nothing',
      options: {
        left: text('Configuration of the old destination (JSON or YAML file)'),
        right: text('Configuration of the new one, in the same account or in another DuckDB file'),
        tables: text('Tables to compare, with commas; by default all'),
        key: text('Columns that tell the rows of a table apart: table=column,column; may be repeated'),
        json: flag('Print the result as one JSON document'),
      },
      examples: [
        ['compare --left fivetran.json --right destination.json', 'Exit code 3 where something differs'],
        ['compare --left old.json --right new.json --tables contact,deal --key contact=property_email'],
      ],
      run: async (io, given) =>
        (await import('../compare.js')).compare(io, {
          left: given.text('left'),
          right: given.text('right'),
          tables: given.texts('tables'),
          keys: given.texts('key'),
          json: given.flag('json'),
        }),
    },
    sandbox: {
      describe: 'Run a HubSpot portal with sample data on this machine',
      options: {
        limits: { ...flag("Keep HubSpot's rate limits (--no-limits: do not)"), default: true },
        port: number('Port to listen on; by default a free one'),
        seed: number('Another seed gives other data'),
        properties: number('Further custom properties of contacts'),
        latency: number('Milliseconds that each call takes'),
        'index-lag': number('Milliseconds by which search learns of changes late'),
        ...Object.fromEntries(SANDBOX_OBJECTS.map((name) => [name, number(`How many ${name}`)])),
      },
      examples: [['sandbox --port 8080 --contacts 5000']],
      run: async (io, given) => (await import('../sandbox.js')).sandbox(io, given),
    },
    demo: {
      describe: 'See it work in a minute: a portal, two syncs, and what is in the tables',
      options: { json: flag('Print the result as one JSON document') },
      examples: [['demo']],
      run: async (io, given) => (await import('../demo.js')).demo(io, { json: given.flag('json') }),
    },
  }),
);
