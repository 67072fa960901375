import { iso } from '../portal/clock.js';
import type { Collection, CollectionItem, CollectionOptions } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { contactIdsOf } from './sample.js';

/** The path of the collection of lists. */
export const LISTS = '/crm/lists/:date/all';
const SCOPES = [['crm.lists.read', 'crm.segments.read']];
const MEMBERS = '/crm/lists/:date/:list/memberships';
const OLDER = '/crm/v3/lists/:list/memberships';

const HOUR_MS = 3_600_000;

/** The members of lists, by record and by the time at which they joined. Both have the same items. */
export function membershipResources(): CollectionOptions[] {
  const common = {
    scopes: SCOPES,
    pages: [100, 250],
    within: { of: LISTS, id: 'list', by: { list: 'list' } },
    shape: memberShape,
  } as const;
  return [
    { ...common, path: MEMBERS, olderPath: OLDER },
    { ...common, path: `${MEMBERS}/join-order`, olderPath: `${OLDER}/join-order`, paging: 'newest' },
  ];
}

/** A member's id among those of all lists ends in its record's, so that a list has them in the order of records. */
function memberShape({ members, updatedAt }: CollectionItem): object {
  return { recordId: (members as { record: string }).record, membershipTimestamp: iso(updatedAt) };
}

/** Adds records to lists, and removes them, as HubSpot does: its counters of the list move, and not the list's time of update. */
export class Memberships {
  readonly #lists: Collection;
  readonly #members: readonly Collection[];
  readonly #portal: Portal;

  constructor(portal: Portal) {
    const at = (path: string) => portal.collectionAt(path);
    this.#portal = portal;
    this.#lists = at(LISTS);
    this.#members = [at(MEMBERS), at(`${MEMBERS}/join-order`)];
  }

  /** Every list has some of the portal's contacts. */
  fill(): void {
    const contacts = contactIdsOf(this.#portal, 12);
    const now = this.#portal.clock.now();
    for (const [n, { id }] of this.#lists.list(false).entries()) {
      const joined = contacts.slice(0, n % (contacts.length + 1));
      for (const [at, record] of joined.entries()) this.add(id, [record], now - (joined.length - at) * HOUR_MS);
    }
  }

  /** @param records those that are members already stay as they are @param at when, epoch ms */
  add(list: string, records: readonly string[], at = this.#portal.clock.now()): void {
    const known = new Set(this.of(list).map(({ record }) => record));
    const fresh = records.filter((record) => !known.has(record));
    for (const record of fresh)
      for (const each of this.#members) each.put(memberId(list, record), { list, record }, at);
    this.#count(list, fresh.length === 0 ? {} : { hs_last_record_added_at: String(at) });
  }

  remove(list: string, records: readonly string[], at = this.#portal.clock.now()): void {
    for (const record of records) for (const each of this.#members) each.erase(memberId(list, record));
    this.#count(list, records.length === 0 ? {} : { hs_last_record_removed_at: String(at) });
  }

  /** The members of a list: their records, and when they joined, epoch ms. */
  of(list: string): { record: string; at: number }[] {
    const [collection] = this.#members;
    return (collection?.part({ list }) ?? []).map(({ members, updatedAt }) => ({
      record: (members as { record: string }).record,
      at: updatedAt,
    }));
  }

  #count(list: string, counters: object): void {
    const item = this.#lists.list(false).find(({ id }) => id === list);
    if (!item) return;
    const { additionalProperties = {} } = item.members as { additionalProperties?: object };
    const size = { hs_list_size: String(this.of(list).length) };
    this.#lists.put(list, { additionalProperties: { ...additionalProperties, ...size, ...counters } }, item.updatedAt);
  }
}

function memberId(list: string, record: string): string {
  return `${list}${record.padStart(20, '0')}`;
}
