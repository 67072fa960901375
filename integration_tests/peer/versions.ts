import type { Portal } from '../../src/sandbox/portal/portal.js';
import type { Row } from './compare.js';
import { isDigits } from './digits.js';

/** The value of each version by `id property time`. */
export type Versions = ReadonlyMap<string, string>;

/** The time of a cursor or a version, as text or in milliseconds. */
export function timeIn(value: unknown): number {
  const text = isDigits(value) ? value.$number : String(value);
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
}

/** The id of the record that a history's row is of. */
export function recordIdOf({ companyId, dealId, vid }: Row): string {
  return isDigits(vid) ? vid.$number : String(companyId ?? dealId);
}

/** Whether others were merged into a record. */
export function isSurvivor(portal: Portal, object: string, id: string): boolean {
  return Boolean(portal.record(object, id)?.properties.hs_merged_object_ids);
}

/** Of rows with one key the first counts. */
export function versionsIn(rows: readonly Row[]): Versions {
  return new Map(
    rows
      .map((row) => [keyOf(recordIdOf(row), row.property, row.timestamp), String(row.value ?? '')] as const)
      .reverse(),
  );
}

/** What HubSpot shows of an object's live records, but for what it calculates, times of modification, and what takes a scope to be seen. */
export function versionsShown(portal: Portal, object: string): Versions {
  const properties = portal.properties(portal.type(object));
  const isUsual = (name: string) => {
    const { calculated, system, dataSensitivity } = properties.get(name);
    return !calculated && system !== 'modified' && dataSensitivity === 'non_sensitive';
  };
  const shown = portal.historyTruth(object, { capped: true }).live.flatMap(({ id, versions }) =>
    Object.entries(versions).flatMap(([name, items]) =>
      // The newest is first.
      isUsual(name) ? items.map(({ timestamp, value }) => [keyOf(id, name, timestamp), value] as const).reverse() : [],
    ),
  );
  return new Map(shown);
}

function keyOf(id: string, property: unknown, time: unknown): string {
  return `${id} ${property} ${timeIn(time)}`;
}
