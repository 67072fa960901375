import type { Version } from '../../../hubspot/api/object-row.js';
import { type EpochMs, timeOf } from '../../../time.js';

/**
 * How many versions of a property HubSpot keeps, of contacts and of other objects: not documented, but seen by vendors.
 */
const KEPT_OF_CONTACTS = 45;
const KEPT_OF_OTHERS = 20;

/** A value that a property had, and for how long. */
export interface HeldVersion {
  version: Version;
  at: EpochMs;
  /** When the next one was set; null: it is the current one. */
  until: EpochMs | null;
}

/** The versions that HubSpot keeps of a property. @param object the object's name */
export function mostKept(object: string): number {
  return object === 'contacts' ? KEPT_OF_CONTACTS : KEPT_OF_OTHERS;
}

/**
 * A property's versions in the order of time. Of two of one time the one that HubSpot lists first counts, which is the newer; a version without a
 * time is left out, as nothing would tell it from others.
 *
 * @param listed as HubSpot lists them: the newest first
 */
export function heldVersions(listed: readonly Version[]): HeldVersion[] {
  const timed = listed
    .map((version) => ({ version, at: timeOf(version.timestamp ?? '') }))
    .filter(({ at }) => !Number.isNaN(at));
  const [first, last] = [timed[0], timed.at(-1)];
  // Not documented, and seen otherwise in HubSpot's older APIs.
  if (first && last && first.at < last.at) timed.reverse();
  const byTime = new Map<EpochMs, Version>();
  for (const { version, at } of timed) if (!byTime.has(at)) byTime.set(at, version);
  const held = [...byTime].sort(([a], [b]) => a - b);
  return held.map(([at, version], index) => ({ version, at, until: held[index + 1]?.[0] ?? null }));
}

/**
 * The versions of a calculated property. HubSpot works out and dates its value when asked: only another value is a
 * version.
 */
export function changedVersions(held: readonly HeldVersion[]): HeldVersion[] {
  const changed = held.filter(({ version }, index) => heldValue(version) !== heldValue(held[index - 1]?.version));
  return changed.map((each, index) => ({ ...each, until: changed[index + 1]?.at ?? null }));
}

/** A cleared value is an empty text. */
export function heldValue(version: Version | undefined): string | null {
  return version?.value || null;
}
