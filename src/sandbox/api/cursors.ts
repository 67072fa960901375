import { badRequest } from '../http/errors.js';
import type { Switches } from '../http/switches.js';
import { hashText } from '../portal/random.js';

/**
 * The `after` of a list page: the last id seen, or with `opaqueAfter` a text that only this sandbox can have made.
 * HubSpot calls it opaque; that it takes any id is not documented, so clients should live without it.
 */
export function listCursor(switches: Switches, objectTypeId: string, lastId: number): string {
  if (!switches.now.opaqueAfter) return String(lastId);
  const content = `${objectTypeId}|${lastId}|${switches.cursorGeneration}`;
  return Buffer.from(`${content}|${hashText(content, 0xc0de)}`).toString('base64url');
}

/** The id behind a list cursor. @throws ApiError 400 for cursors that were not handed out, or no longer hold. */
export function idAfter(switches: Switches, objectTypeId: string, after: string | null): number {
  if (after === null || after === '') return 0;
  if (!switches.now.opaqueAfter) {
    if (!/^\d{1,15}$/.test(after)) throw invalid(after);
    return Number(after);
  }
  const lastId = Buffer.from(after, 'base64url').toString().split('|')[1] ?? '';
  if (after !== listCursor(switches, objectTypeId, Number(lastId))) throw invalid(after);
  return Number(lastId);
}

/** The `after` of an association page: base64 of the target's type and the last target's id, `0-2-7502`. */
export function linkCursor(toTypeId: string, lastId: number): string {
  return Buffer.from(`${toTypeId}-${lastId}`).toString('base64');
}

/** The target's id behind an association cursor. @throws ApiError 400 */
export function targetAfter(toTypeId: string, after: string | null | undefined): number {
  if (after === null || after === undefined || after === '') return 0;
  const text = Buffer.from(after, 'base64').toString();
  const id = text.startsWith(`${toTypeId}-`) ? text.slice(toTypeId.length + 1) : '';
  if (!/^\d{1,15}$/.test(id)) throw invalid(after);
  return Number(id);
}

function invalid(after: string) {
  return badRequest(`The after parameter ${JSON.stringify(after)} is not a valid paging cursor.`);
}
