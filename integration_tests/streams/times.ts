import type { JsonValue } from '../../src/protocol/messages.js';

/** A time as epoch ms, however it is written; any other value as it is. */
export function timeOf(value: JsonValue | undefined): unknown {
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
  return isTime || (typeof value === 'number' && value > 1e11) ? new Date(value).getTime() : value;
}
