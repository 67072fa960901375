import { ConfigError, type HubflakeError } from '../../errors.js';
import type { StreamPlan } from '../core/stream.js';

/** Names are compared without regard to case, as tables and columns are. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A stream whose name an earlier one has. Only this stream fails if the names differ in case; otherwise throws. */
export function clash(name: string, other: string, message: string): StreamPlan {
  const error = new ConfigError(message);
  if (name === other) throw error;
  return missingPlan(name, error);
}

/** The error where what a configuration selects is all left out. */
export function nothingLeft(): ConfigError {
  return new ConfigError('exclude leaves nothing to read. Take out of it what is to be read.');
}

/** A configured stream that is unavailable. */
export function missingPlan(name: string, obstacle: HubflakeError): StreamPlan {
  const fail = async () => {
    throw obstacle;
  };
  return {
    name,
    scopes: [],
    subject: name,
    objectTypeId: null,
    obstacle,
    probe: fail,
    open: fail,
    hiddenDeletions: () => null,
  };
}
