import { RequestError } from '../../errors.js';

/**
 * Errors of HubSpot that can only be recognised by their text, since they have no category. Sources: live responses that others
 * recorded in 2026, and what production connectors look for.
 */

const UNKNOWN_OBJECT = /^(Unable to infer object type from|Invalid object or event type id)\b/i;
const NO_PAGED_ARCHIVE = /^Paging through deleted objects/i;

/** Whether HubSpot does not know the object in the path: this portal does not have it. */
export function isUnknownObject(error: unknown): error is RequestError {
  return isRefusal(error, [400, 404]) && UNKNOWN_OBJECT.test(error.said);
}

/**
 * Whether HubSpot does not support listing archived records of an object; observed for meetings, and checked by other connectors
 * for any object.
 */
export function refusesArchive(error: unknown): error is RequestError {
  return isRefusal(error, [400]) && NO_PAGED_ARCHIVE.test(error.said);
}

/** Whether HubSpot itself rejected a call with one of these statuses. */
export function isRefusal(error: unknown, statuses: readonly number[]): error is RequestError {
  return error instanceof RequestError && statuses.includes(error.status);
}
