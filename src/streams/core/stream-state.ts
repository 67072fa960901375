import { StateError } from '../../errors.js';
import { isObject, memberOf } from '../../json.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { type EpochMs, epochMs, type Instant, instantOf, timeOf } from '../../time.js';

/** The cursor that source-hubspot begins with. */
export const BEGINNING = instantOf(timeOf('2006-06-01T00:00:00Z'));

/** Throws a StateError if a state was written by a version of hubflake whose states this one cannot read. */
export function checkVersion(stream: string, found: unknown, known: number): void {
  if (found === known) return;
  throw new StateError(
    `The state of "${stream}" has version ${found}, but this hubflake reads version ${known}. Use the version that wrote it, or leave it out to load the stream from scratch.`,
  );
}

/**
 * Throws a StateError if a state belongs to another portal than the token.
 *
 * @param of the state's portal; null or undefined: the state names none
 * @param portalId the token's portal; null: HubSpot does not report it
 */
export function checkPortal(stream: string, of: number | null | undefined, portalId: number | null): void {
  if (!of || portalId === null || of === portalId) return;
  throw new StateError(
    `The state of "${stream}" is of the HubSpot portal ${of}, but the token is of the portal ${portalId}. ` +
      `Use the token of that portal. To load this one in its place, leave the state out; in sync, say --refresh ${stream}.`,
  );
}

/** The portal that a stream's state belongs to; null: the state names none. */
export function portalOf(state: JsonObject | null): number | null {
  return stateValue.number(memberOf(state?.hubflake, 'portal'));
}

/** Airbyte's marker in the state of a stream whose full refresh is complete. */
export const REFRESH_COMPLETE = '__ab_full_refresh_sync_complete';

/** Whether a load or a pass of the stream was interrupted: by convention, every stream's state has its position in one of these. */
export function isUnfinished(state: JsonObject | null): boolean {
  if (Object.values(partsOf(state)).some(isUnfinished)) return true;
  return Boolean(memberOf(state?.hubflake, 'load') ?? memberOf(state?.hubflake, 'pass'));
}

/** The states of the parts of a stream that several readings feed, by part. */
export function partsOf(state: JsonObject | null): Readonly<Record<string, JsonObject>> {
  const parts = memberOf(state?.hubflake, 'parts');
  if (!isObject(parts)) return {};
  return Object.fromEntries(Object.entries(parts).filter((entry): entry is [string, JsonObject] => isObject(entry[1])));
}

/**
 * Our part of a stream's state; null: there is none. Throws a StateError if it has another version or belongs to another portal.
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

/** Reads a state's member as the expected type. A member of another type counts as missing. */
export const stateValue = {
  text: (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null),
  number: (value: JsonValue | undefined): number | null => (typeof value === 'number' ? value : null),
  object: (value: JsonValue | undefined): JsonObject | null => (isObject(value) ? value : null),
  list: (value: JsonValue | undefined): JsonValue[] => (Array.isArray(value) ? value : []),
  instant: (value: JsonValue | undefined): Instant | null => (isInstant(value) ? value : null),
  /** 0 if it is missing. */
  time: (value: JsonValue | undefined): EpochMs => epochMs(typeof value === 'number' ? value : 0),
};

function isInstant(value: JsonValue | undefined): value is Instant {
  return typeof value === 'string' && !Number.isNaN(timeOf(value));
}
