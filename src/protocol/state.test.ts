import { StateError } from '../errors.js';
import type { JsonObject } from '../json.js';
import { parseInputState } from './state.js';

const contacts = { type: 'STREAM', stream: { stream_descriptor: { name: 'contacts' }, stream_state: { a: 1 } } };

test.each([
  ['a list of state messages', [contacts]],
  ['a list of whole STATE lines', [{ type: 'STATE', state: contacts }]],
  ['a single state message', contacts],
  ['a single STATE line', { type: 'STATE', state: contacts }],
  ['a state as PyAirbyte dumps it', [{ ...contacts, global_: null, data: null, sourceStats: null }]],
  ['a global state', [{ type: 'GLOBAL', global: { stream_states: [contacts.stream] } }]],
  [
    'a global state as PyAirbyte dumps it',
    [{ type: 'GLOBAL', stream: null, global_: { stream_states: [contacts.stream] } }],
  ],
  ['a legacy state', { contacts: { a: 1 } }],
  ['a legacy state message', [{ type: 'LEGACY', data: { contacts: { a: 1 } } }]],
])('reads %s', (_, value) => {
  expect(parseInputState(value, 's.json')).toEqual(new Map([['contacts', { a: 1 }]]));
});

test.each([[[]], [{}], [null]])('takes %j for no state', (value) => {
  expect(parseInputState(value, 's.json').size).toBe(0);
});

test('keeps a null, which asks for a reset', () => {
  const state = { ...contacts, stream: { ...contacts.stream, stream_state: null } };
  expect(parseInputState([state], 's.json').get('contacts')).toBeNull();
});

test.each([[5], ['x'], [[5]], [[{ foo: 1 }]], [{ contacts: 5 }], [[{ type: 'STREAM', stream: { stream_state: {} } }]]])(
  'refuses %j, and says what was found',
  (value) => {
    expect(() => parseInputState(value, 's.json')).toThrow(StateError);
    expect(() => parseInputState(value, 's.json')).toThrow('The state s.json is not an Airbyte state');
  },
);

test('forgets a sign of life, so that a state is what it was before', () => {
  const beat = (stream_state: JsonObject) => ({ ...contacts, stream: { ...contacts.stream, stream_state } });
  expect(parseInputState([beat({ a: 1, hubflake_heartbeat: 3 })], 's.json').get('contacts')).toEqual({ a: 1 });
  expect(parseInputState([beat({ hubflake_heartbeat: 3 })], 's.json').get('contacts')).toBeNull();
});
