import { StateError } from '../../errors.js';
import type { JsonObject } from '../../protocol/messages.js';

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
  const own = state?.hubflake as { portal?: unknown } | undefined;
  return typeof own?.portal === 'number' ? own.portal : null;
}
