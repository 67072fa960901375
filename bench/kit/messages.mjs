// Writes messages of a made-up stream to stdout: node messages.mjs <records> [wide|small|<properties>] [airbyte|singer] [version].
// `wide` is a contact of a hundred properties (about 6 kB a message), `small` one of four, a number one of so many. The same arguments
// give the same bytes, and both protocols the same records. Those of version 2 are edited a day later: each has another cursor, and three
// other texts of a hundred properties.
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

const STATE_EVERY = 10_000;
const DAY = 86_400_000;
const STREAM = 'contacts';
const WORDS =
  'account billing customer direct email first growth house inbound journey launch meeting north open'.split(' ');

/** Numbers of a fixed sequence: xorshift32. */
function sequence(seed) {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

const string = { type: ['null', 'string'] };
const number = { type: ['null', 'number'] };
const instant = { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' };
const date = { type: ['null', 'string'], format: 'date' };
const boolean = { type: ['null', 'boolean'] };

const pad = (n, width = 2) => String(n).padStart(width, '0');
const day = (next) => `20${10 + next(15)}-${pad(1 + next(12))}-${pad(1 + next(28))}`;

const KINDS = {
  string: (next) => {
    let text = '';
    for (let i = 2 + next(7); i > 0; i -= 1) text += `${text && ' '}${WORDS[next(WORDS.length)]}${next(1000)}`;
    return JSON.stringify(next(160) === 0 ? `${text} ✓` : text);
  },
  number: (next) => (next(2) === 0 ? `${next(1_000_000)}` : `${next(1_000_000)}.${pad(next(100))}`),
  instant: (next) => `"${day(next)}T${pad(next(24))}:${pad(next(60))}:${pad(next(60))}.${pad(next(1000), 3)}Z"`,
  date: (next) => `"${day(next)}"`,
  option: (next) => `"${WORDS[next(WORDS.length)]}"`,
  boolean: (next) => (next(2) === 0 ? 'true' : 'false'),
};

const SCHEMAS = { string, number, instant, date, option: string, boolean };

/** How many properties of each kind a hundred are. */
const MIXED = { string: 50, number: 20, instant: 10, date: 10, option: 6, boolean: 4 };

function fieldsOf(shape) {
  const hundreds = Number(shape) / 100;
  const counts =
    shape === 'wide'
      ? MIXED
      : hundreds > 0
        ? Object.fromEntries(Object.entries(MIXED).map(([kind, count]) => [kind, Math.round(count * hundreds)]))
        : { string: 1, number: 1, option: 1 };
  return Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, i) => ({ name: `properties_contact_${kind}_value_${i}`, kind })),
  );
}

function schemaOf(shape) {
  const properties = { id: string, updatedAt: instant };
  for (const { name, kind } of fieldsOf(shape)) properties[name] = SCHEMAS[kind];
  return { type: 'object', properties };
}

/** The configured catalog of the stream. */
export function catalogOf(shape, mode = 'append_dedup') {
  const stream = {
    name: STREAM,
    json_schema: schemaOf(shape),
    supported_sync_modes: ['full_refresh', 'incremental'],
    source_defined_primary_key: [['id']],
    default_cursor_field: ['updatedAt'],
  };
  const modes = { sync_mode: 'incremental', cursor_field: ['updatedAt'], destination_sync_mode: mode };
  return {
    streams: [{ stream, ...modes, primary_key: [['id']], generation_id: 0, minimum_generation_id: 0, sync_id: 1 }],
  };
}

const status = (name) =>
  `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1764000000000,"stream_status":{"stream_descriptor":{"name":"${STREAM}"},"status":"${name}"}}}\n`;

/** How each protocol writes what it has to say: `emittedAt` in milliseconds, `data` the record's JSON. */
const PROTOCOLS = {
  airbyte: {
    first: () => status('STARTED'),
    record: (emittedAt, data) =>
      `{"type":"RECORD","record":{"stream":"${STREAM}","emitted_at":${emittedAt},"data":${data}}}\n`,
    state: (at) =>
      `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"${STREAM}"},"stream_state":{"at":${at}}}}}\n`,
    last: () => status('COMPLETE'),
  },
  singer: {
    first: (shape) => {
      const keys = { key_properties: ['id'], bookmark_properties: ['updatedAt'] };
      return `${JSON.stringify({ type: 'SCHEMA', stream: STREAM, schema: schemaOf(shape), ...keys })}\n`;
    },
    record: (emittedAt, data) =>
      `{"type":"RECORD","stream":"${STREAM}","record":${data},"time_extracted":"${new Date(emittedAt).toISOString()}"}\n`,
    state: (at) => `{"type":"STATE","value":{"bookmarks":{"${STREAM}":{"at":${at}}}}}\n`,
    last: () => '',
  },
};

/** Which of a record's fields an edit has changed: three of the texts, other ones in each record. */
const isEdited = (record, { kind }, index) => kind === 'string' && (index + record) % 17 === 0;

function* lines(count, shape, version, { first, record, state, last }) {
  const next = sequence(20251125);
  const fields = fieldsOf(shape);
  yield first(shape);
  for (let i = 1; i <= count; i += 1) {
    const updatedAt = KINDS.instant(next);
    let data = `{"id":"${100_000_000 + i}","updatedAt":${version === 1 ? updatedAt : updatedAt.replace(/\d{4}/, '2025')}`;
    for (const [index, field] of fields.entries()) {
      const value = next(20) === 0 ? 'null' : KINDS[field.kind](next);
      data += `,"${field.name}":${version > 1 && isEdited(i, field, index) ? `"edited ${i} ${index}"` : value}`;
    }
    yield record(1_764_000_000_000 + (version - 1) * DAY + i, `${data}}`);
    if (i % STATE_EVERY === 0) yield state(i);
  }
  yield last();
}

async function main(count, shape, protocol, version) {
  let block = '';
  for (const line of lines(count, shape, version, PROTOCOLS[protocol])) {
    block += line;
    if (block.length < 256 * 1024) continue;
    if (!process.stdout.write(block)) await once(process.stdout, 'drain');
    block = '';
  }
  process.stdout.write(block);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [count, shape = 'wide', protocol = 'airbyte', version = '1'] = process.argv.slice(2);
  await main(Number(count), shape, protocol, Number(version));
}
