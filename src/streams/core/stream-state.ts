import { StateError } from '../../errors.js';
import { isObject, memberOf } from '../../json.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';

/** Throws a StateError where a state was written by a hubflake whose states this one does not read. */
export function checkVersion(stream: string, found: unknown, known: number): void {
  if (found === known) return;
  throw new StateError(
    `The state of "${stream}" has version ${found}, but this hubflake reads version ${known}. Use the version that wrote it, or leave it out to load the stream anew.`,
  );
}

/**
 * Throws a StateError where a state is of another portal than the token.
 *
 * @param of the portal of the state, null or undefined where it names none
 * @param portalId the portal of the token, null where HubSpot does not tell it
 */
export function checkPortal(stream: string, of: number | null | undefined, portalId: number | null): void {
  if (!of || portalId === null || of === portalId) return;
  throw new StateError(
    `The state of "${stream}" is of the HubSpot portal ${of}, but the token is of the portal ${portalId}. ` +
      `Use the token of that portal. To load this one in its place, leave the state out; in sync, say --refresh ${stream}.`,
  );
}

/** The portal that a stream's state is of; null where it names none. */
export function portalOf(state: JsonObject | null): number | null {
  return stateValue.number(memberOf(state?.hubflake, 'portal'));
}

/** Airbyte's mark on the state of a stream whose full refresh is finished. */
export const REFRESH_COMPLETE = '__ab_full_refresh_sync_complete';

/** Whether a load or a pass of the stream was interrupted: by convention of all streams' states, they name what is left of it. */
export function isUnfinished(state: JsonObject | null): boolean {
  return Boolean(memberOf(state?.hubflake, 'load') ?? memberOf(state?.hubflake, 'pass'));
}

/**
 * Our part of a stream's state; null where there is none. Throws a StateError where it is of another version or portal.
 *
 * @param version the version that the caller reads
 */
export function ownState(
  given: JsonObject | null,
  stream: string,
  version: number,
  portalId: number | null,
): JsonObject | null {
  const own = given?.hubflake;
  if (!isObject(own)) return null;
  checkVersion(stream, own.version, version);
  checkPortal(stream, portalOf(given), portalId);
  return own;
}

/** A state's members as what they should be; anything else is taken for not there. */
export const stateValue = {
  text: (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null),
  number: (value: JsonValue | undefined): number | null => (typeof value === 'number' ? value : null),
  object: (value: JsonValue | undefined): JsonObject | null => (isObject(value) ? value : null),
};
