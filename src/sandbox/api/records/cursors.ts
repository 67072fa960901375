import { badRequest } from '../../http/errors.js';
import type { Switches } from '../../http/switches.js';
import { hashText } from '../../portal/random.js';

/** The `after` of a list page that ends with `lastId`. */
export function cursorBehind(switches: Switches, objectTypeId: string, lastId: number): string {
  switch (switches.now.listCursor) {
    case 'next-id':
      return String(lastId + 1);
    case 'last-id':
      return String(lastId);
    case 'opaque': {
      const content = `${objectTypeId}|${lastId}|${switches.cursorGeneration}`;
      return Buffer.from(`${content}|${hashText(content, 0xc0de)}`).toString('base64url');
    }
  }
}

/**
 * The page behind a list cursor has the ids above this one. Ids that were never handed out are taken, too, unless cursors are
 * opaque: HubSpot's `after` looks like a bound and nothing more, though no documentation says so.
 * @throws ApiError 400 for texts that are no number, or opaque cursors that were not handed out or no longer hold
 */
export function idAbove(switches: Switches, objectTypeId: string, after: string | null): number {
  if (after === null || after === '') return 0;
  if (switches.now.listCursor !== 'opaque') {
    if (!/^\d+$/.test(after)) throw invalid(after);
    return switches.now.listCursor === 'next-id' ? Number(after) - 1 : Number(after);
  }
  const lastId = Buffer.from(after, 'base64url').toString().split('|')[1] ?? '';
  if (after !== cursorBehind(switches, objectTypeId, Number(lastId))) throw invalid(after);
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
