import type { AirbyteStream, ConfiguredStream, JsonObject, JsonValue } from '../../src/protocol/messages.js';
import { messages, type Outcome } from '../support/processes/command.js';

const TYPES = ['null', 'string', 'number', 'integer', 'boolean', 'object', 'array'];
const FORMATS = ['date', 'date-time'];
const AIRBYTE_TYPES = ['timestamp_with_timezone', 'timestamp_without_timezone', 'integer'];
const NOT_SUPPORTED = ['$ref', 'allOf', 'not'];

/** What Airbyte's acceptance tests would find fault with in a discovered catalog. */
export function catalogMistakes(streams: readonly AirbyteStream[]): string[] {
  const mistakes: string[] = [];
  if (streams.length === 0) mistakes.push('no stream');
  if (new Set(streams.map(({ name }) => name)).size !== streams.length) mistakes.push('two streams of one name');
  for (const stream of streams) {
    const say = (what: string) => mistakes.push(`${stream.name}: ${what}`);
    const { source_defined_primary_key: key, default_cursor_field: cursor, supported_sync_modes: modes } = stream;
    const properties = stream.json_schema.properties as Record<string, JsonObject>;
    if (modes.length === 0) say('no sync mode');
    if (!key || key.length === 0) say('no primary key');
    for (const path of [...(key ?? []), ...(cursor ? [cursor] : [])]) {
      const field = properties[path.join('.')];
      if (field === undefined) say(`${path.join('.')} is not in the schema`);
      else if (typesOf(field).some((type) => type === 'object' || type === 'array')) say(`${path} is no scalar`);
    }
    if (modes.includes('incremental') && !cursor) say('incremental without a cursor');
    // The protocol: a cursor that is the source's own is required of a resumable stream.
    if (stream.is_resumable && stream.source_defined_cursor !== true) say('resumable without a cursor of its own');
    if (modes.includes('incremental') && stream.is_resumable !== true) say('incremental, but not resumable');
    mistakesOfSchema(stream.json_schema, '#', say);
  }
  return mistakes;
}

function mistakesOfSchema(schema: JsonObject, path: string, say: (what: string) => void): void {
  for (const keyword of NOT_SUPPORTED) if (keyword in schema) say(`${path} has ${keyword}`);
  if ('additionalProperties' in schema && schema.additionalProperties !== true) {
    say(`${path} has additionalProperties that are not true`);
  }
  const types = typesOf(schema);
  if (types.length === 0) say(`${path} has no type`);
  if (types.some((type) => !TYPES.includes(type))) say(`${path} has the type ${types}`);
  if ('format' in schema && !FORMATS.includes(schema.format as string)) say(`${path} has the format ${schema.format}`);
  if ('airbyte_type' in schema && !AIRBYTE_TYPES.includes(schema.airbyte_type as string)) {
    say(`${path} has the airbyte_type ${schema.airbyte_type}`);
  }
  for (const [name, child] of Object.entries((schema.properties ?? {}) as Record<string, JsonObject>)) {
    mistakesOfSchema(child, `${path}/${name}`, say);
  }
  if (schema.items) mistakesOfSchema(schema.items as JsonObject, `${path}/items`, say);
}

function typesOf({ type }: JsonObject): string[] {
  return ((Array.isArray(type) ? type : type === undefined ? [] : [type]) as string[]).slice();
}

/** What was seen of one stream so far. */
interface Seen {
  statuses: string[];
  /** Records since the state before. */
  sinceState: number;
  records: number;
  states: number;
  lastState: string | null;
}

/** What the protocol and Airbyte's acceptance tests would find fault with in the messages of a read that succeeded. */
export function readMistakes(catalog: readonly ConfiguredStream[], outcome: Outcome): string[] {
  const mistakes: string[] = [];
  const keys = new Map(catalog.map(({ stream }) => [stream.name, stream.source_defined_primary_key ?? []]));
  const seen = new Map(
    catalog.map(({ stream }) => [
      stream.name,
      { statuses: [], sinceState: 0, records: 0, states: 0, lastState: null } as Seen,
    ]),
  );
  const of = (name: string): Seen => {
    const stream = seen.get(name);
    if (!stream) mistakes.push(`${name} is not in the catalog`);
    return stream ?? { statuses: [], sinceState: 0, records: 0, states: 0, lastState: null };
  };
  for (const message of messages(outcome)) {
    if (message.type === 'RECORD') {
      const { stream, data, emitted_at: emittedAt } = message.record;
      const counted = of(stream);
      if (!counted.statuses.includes('RUNNING')) mistakes.push(`${stream}: a record before RUNNING`);
      if (!Number.isInteger(emittedAt)) mistakes.push(`${stream}: emitted_at is no integer`);
      mistakes.push(...mistakesOfKey(stream, data, keys.get(stream) ?? []));
      counted.sinceState += 1;
      counted.records += 1;
    } else if (message.type === 'STATE') {
      mistakes.push(...takeState(message.state, of));
    } else if (message.type === 'TRACE' && message.trace.stream_status) {
      const { stream_descriptor: descriptor, status } = message.trace.stream_status;
      of(descriptor.name).statuses.push(status);
    } else if (message.type === 'TRACE' && message.trace.error) {
      mistakes.push(`an error: ${message.trace.error.message}`);
    }
  }
  for (const [name, { statuses, sinceState, states }] of seen) {
    if (!/^STARTED( RUNNING)+ COMPLETE$/.test(statuses.join(' '))) mistakes.push(`${name}: statuses ${statuses}`);
    if (states === 0) mistakes.push(`${name}: no state`);
    if (sinceState > 0) mistakes.push(`${name}: ${sinceState} records behind the last state`);
  }
  return [...new Set(mistakes)];
}

type StateMessage = Extract<ReturnType<typeof messages>[number], { type: 'STATE' }>['state'];

function takeState(state: StateMessage, of: (name: string) => Seen): string[] {
  const { type, stream, sourceStats } = state;
  if (type !== 'STREAM' || !stream) return [`a state of the type ${type}`];
  const { name } = stream.stream_descriptor;
  const mistakes: string[] = [];
  const counted = of(name);
  const text = JSON.stringify(stream.stream_state);
  // "Sync will fail": a destination takes a state that it has seen for one that is out of order.
  if (text === counted.lastState && counted.sinceState > 0) mistakes.push(`${name}: one state twice, records between`);
  if (Object.keys(stream.stream_state ?? {}).length === 0) mistakes.push(`${name}: an empty state`);
  if (sourceStats?.recordCount !== counted.sinceState) {
    mistakes.push(`${name}: ${counted.sinceState} records, but ${sourceStats?.recordCount} by sourceStats`);
  }
  counted.sinceState = 0;
  counted.states += 1;
  counted.lastState = text;
  return mistakes;
}

function mistakesOfKey(stream: string, data: JsonObject, key: string[][]): string[] {
  const parts = key.map(([field]) => data[field as string] as JsonValue | undefined);
  if (parts.every((part) => part === null || part === undefined)) return [`${stream}: a record without a key`];
  return parts.some((part) => part !== null && typeof part === 'object') ? [`${stream}: a key that is no scalar`] : [];
}
