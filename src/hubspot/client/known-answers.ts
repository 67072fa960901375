import { RequestError } from '../../errors.js';

/**
 * Answers of HubSpot that are known by their text, since it gives them no category. Sources: live answers that others recorded
 * in 2026, and what production connectors look for.
 */

const UNKNOWN_OBJECT = /^(Unable to infer object type from|Invalid object or event type id)\b/i;
const NO_PAGED_ARCHIVE = /^Paging through deleted objects/i;

/** Whether HubSpot does not know an object by the name or type id in the path: this portal does not have it. */
export function isUnknownObject(error: unknown): error is RequestError {
  return isRefusal(error, [400, 404]) && UNKNOWN_OBJECT.test(error.said);
}

/** Whether HubSpot does not list what was archived of an object; seen for meetings, and looked for by others for any object. */
export function refusesArchive(error: unknown): error is RequestError {
  return isRefusal(error, [400]) && NO_PAGED_ARCHIVE.test(error.said);
}

/** Whether a call was refused with one of these statuses, by HubSpot itself. */
export function isRefusal(error: unknown, statuses: readonly number[]): error is RequestError {
  return error instanceof RequestError && statuses.includes(error.status);
}
