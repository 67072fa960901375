import { StateError } from '../errors.js';

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
      'Use the token of that portal, or leave the state out to load this one anew.',
  );
}
