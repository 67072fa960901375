import { StateError } from '../errors.js';
import type { JsonObject, StateMessage } from './messages.js';

/** A member that a state gets when it goes out again only to show that a long wait is no standstill. */
export const HEARTBEAT = 'hubflake_heartbeat';

/** What a sync is given to go on from: each stream's state by name; null asks for a reset of the stream. */
export type InputState = Map<string, JsonObject | null>;

/**
 * Reads the content of a `--state` file in any form a platform or a person may hand over: a list of state messages (also as
 * PyAirbyte dumps them, with nulls and `global_`), a single one, whole STATE lines, or the legacy object of stream → state.
 * Throws a StateError that says what was found.
 */
export function parseInputState(value: unknown, file: string): InputState {
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

function readEntry(entry: unknown, states: InputState, file: string): void {
  if (!isObject(entry)) throw notAState(file, entry);
  if (entry.type === 'STATE' && isObject(entry.state)) {
    readEntry(entry.state, states, file);
    return;
  }
  const message = entry as StateMessage & { global_?: StateMessage['global'] };
  const global = message.global ?? message.global_;
  if (message.stream) readStream(message.stream, states, file);
  else if (global) for (const stream of global.stream_states ?? []) readStream(stream, states, file);
  else if (isObject(message.data)) readLegacy(message.data, states, file);
  else if (message.type === undefined || !isStateMessage(entry)) throw notAState(file, entry);
}

function readStream(stream: NonNullable<StateMessage['stream']>, states: InputState, file: string): void {
  const name = stream.stream_descriptor?.name;
  const state = stream.stream_state;
  if (typeof name !== 'string' || (state !== null && state !== undefined && !isObject(state))) {
    throw notAState(file, stream);
  }
  states.set(name, state ? withoutHeartbeat(state) : null);
}

/** The state as it was before it went out as a sign of life; null where it was nothing else. */
function withoutHeartbeat(state: JsonObject): JsonObject | null {
  if (!(HEARTBEAT in state)) return state;
  const { [HEARTBEAT]: _, ...rest } = state;
  return Object.keys(rest).length === 0 ? null : rest;
}

function readLegacy(streams: Record<string, unknown>, states: InputState, file: string): void {
  for (const [name, state] of Object.entries(streams)) {
    // Of Singer's states, which name the stream under way beside their bookmarks. What reads them says that they name no stream.
    if (name === 'currently_syncing' && 'bookmarks' in streams) continue;
    if (state !== null && !isObject(state)) throw notAState(file, streams);
    states.set(name, state as JsonObject | null);
  }
}

function isStateMessage(value: Record<string, unknown>): boolean {
  return value.type === 'STREAM' || value.type === 'GLOBAL' || value.type === 'LEGACY';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notAState(file: string, found: unknown): StateError {
  return new StateError(
    `The state ${file} is not an Airbyte state: expected a list of state messages, found ${JSON.stringify(found)?.slice(0, 80)}. ` +
      'Give the list of the last STATE messages of the run before, or leave --state out to load everything anew.',
  );
}
