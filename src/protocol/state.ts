import { StateError } from '../errors.js';
import { isObject, type JsonObject, type JsonValue, memberOf, stringAt } from '../json.js';

/** The member that a heartbeat adds to the state it repeats. */
export const HEARTBEAT = 'hubflake_heartbeat';

/** The states that a sync resumes from, by stream; null resets the stream. */
export type InputState = Map<string, JsonObject | null>;

/**
 * Parses the content of a `--state` file in any form that platforms and people use: a list of state messages (also as PyAirbyte
 * dumps them, with nulls and `global_`), a single one, whole STATE lines, or the legacy object of states by stream. Throws a
 * StateError that says what was found.
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

/** The state without a heartbeat's mark; null if it has nothing else. */
function withoutHeartbeat(state: JsonObject): JsonObject | null {
  if (!(HEARTBEAT in state)) return state;
  const { [HEARTBEAT]: _, ...rest } = state;
  return Object.keys(rest).length === 0 ? null : rest;
}

function readLegacy(streams: JsonObject, states: InputState, file: string): void {
  for (const [name, state] of Object.entries(streams)) {
    // Singer states name the current stream beside their bookmarks. Later checks report that a state names no known stream.
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
