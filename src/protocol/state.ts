import { StateError } from '../errors.js';
import { isObject, type JsonObject, type JsonValue, memberOf, stringAt } from '../json.js';

/** A member that a state gets when it goes out again only to show that a long wait is no standstill. */
export const HEARTBEAT = 'hubflake_heartbeat';

/** What a sync is given to go on from: each stream's state by name; null asks for a reset of the stream. */
export type InputState = Map<string, JsonObject | null>;

/**
 * Reads the content of a `--state` file in any form a platform or a person may hand over: a list of state messages (also as
 * PyAirbyte dumps them, with nulls and `global_`), a single one, whole STATE lines, or the legacy object of stream → state.
 * Throws a StateError that says what was found.
 */
export function parseInputState(value: JsonValue | undefined, file: string): InputState {
  const states: InputState = new Map();
  if (value === null || value === undefined) return states;
  if (Array.isArray(value)) {
    for (const entry of value) readEntry(entry, states, file);
  } else if (isObject(value)) {
    if (isStateMessage(value) || 'state' in value) readEntry(value, states, file);
    else readLegacy(value, states, file);
  } else {
    throw notAState(file, value);
  }
  return states;
}

function readEntry(entry: JsonValue, states: InputState, file: string): void {
  if (!isObject(entry)) throw notAState(file, entry);
  if (entry.type === 'STATE' && isObject(entry.state)) {
    readEntry(entry.state, states, file);
    return;
  }
  const global = entry.global ?? entry.global_;
  if (entry.stream) readStream(entry.stream, states, file);
  else if (global) {
    const streams = memberOf(global, 'stream_states');
    for (const stream of Array.isArray(streams) ? streams : []) readStream(stream, states, file);
  } else if (isObject(entry.data)) readLegacy(entry.data, states, file);
  else if (!isStateMessage(entry)) throw notAState(file, entry);
}

function readStream(stream: JsonValue, states: InputState, file: string): void {
  const name = stringAt(memberOf(stream, 'stream_descriptor'), 'name');
  const state = memberOf(stream, 'stream_state') ?? null;
  if (name === undefined || (state !== null && !isObject(state))) throw notAState(file, stream);
  states.set(name, state ? withoutHeartbeat(state) : null);
}

/** The state as it was before it went out as a sign of life; null where it was nothing else. */
function withoutHeartbeat(state: JsonObject): JsonObject | null {
  if (!(HEARTBEAT in state)) return state;
  const { [HEARTBEAT]: _, ...rest } = state;
  return Object.keys(rest).length === 0 ? null : rest;
}

function readLegacy(streams: JsonObject, states: InputState, file: string): void {
  for (const [name, state] of Object.entries(streams)) {
    // Of Singer's states, which name the stream under way beside their bookmarks. What reads them says that they name no stream.
    if (name === 'currently_syncing' && 'bookmarks' in streams) continue;
    if (state !== null && !isObject(state)) throw notAState(file, streams);
    states.set(name, state);
  }
}

function isStateMessage(value: JsonObject): boolean {
  return value.type === 'STREAM' || value.type === 'GLOBAL' || value.type === 'LEGACY';
}

function notAState(file: string, found: unknown): StateError {
  return new StateError(
    `The state ${file} is not an Airbyte state: expected a list of state messages, found ${JSON.stringify(found)?.slice(0, 80)}. ` +
      'Give the list of the last STATE messages of the run before, or leave --state out to load everything anew.',
  );
}
