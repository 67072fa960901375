import { setTimeout as sleep } from 'node:timers/promises';
import { propertyOf } from '../../../hubspot/api/object-row.js';
import { standardObject } from '../../../hubspot/api/object-types.js';
import { BATCH_READ_LIMIT, batchRead } from '../../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';

/** How long addresses are gathered, so that those of several pages are asked for in one call. */
const GATHERING_MS = 10;
/** The most addresses that are known in a run. */
const MOST_KNOWN = 200_000;

const CONTACT = standardObject('contacts');
const ADDRESSES = ['email', 'hs_additional_emails'];

/** The ids of contacts by an e-mail address; null: no contact has it. */
type Ids = Map<string, string | null>;

interface Batch {
  addresses: Set<string>;
  read: Promise<Ids>;
}

/** What is known in a run of e-mail addresses: whose they are. Each is asked for once, or twice where pages that have it come at the same moment. */
class Addresses {
  readonly #client: HubSpotClient;
  readonly #known: Ids = new Map();
  #gathering: Batch | null = null;

  constructor(client: HubSpotClient) {
    this.#client = client;
  }

  async find(addresses: readonly string[]): Promise<{ ids: Ids; calls: number }> {
    const ids: Ids = new Map(addresses.flatMap((each) => [[each, this.#known.get(each)] as const].filter(isKnown)));
    const unknown = addresses.filter((each) => !ids.has(each));
    if (unknown.length === 0) return { ids, calls: 0 };
    const isFirst = this.#gathering === null;
    const batch = this.#gathering ?? this.#gather();
    for (const each of unknown) batch.addresses.add(each);
    const found = await batch.read;
    for (const each of unknown) ids.set(each, found.get(each) ?? null);
    return { ids, calls: isFirst ? Math.ceil(batch.addresses.size / BATCH_READ_LIMIT) : 0 };
  }

  #gather(): Batch {
    const addresses = new Set<string>();
    const read = sleep(GATHERING_MS).then(() => {
      this.#gathering = null;
      return this.#read([...addresses]);
    });
    this.#gathering = { addresses, read };
    return this.#gathering;
  }

  async #read(addresses: readonly string[]): Promise<Ids> {
    const found: Ids = new Map(addresses.map((each) => [each, null]));
    const reads: Promise<void>[] = [];
    for (let start = 0; start < addresses.length; start += BATCH_READ_LIMIT) {
      reads.push(this.#readBatch(addresses.slice(start, start + BATCH_READ_LIMIT), found));
    }
    await Promise.all(reads);
    for (const [address, id] of found) this.#known.set(address, id);
    for (const [oldest] of this.#known) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    return found;
  }

  async #readBatch(ids: readonly string[], found: Ids): Promise<void> {
    const rows = await batchRead(this.#client, { type: CONTACT, ids, properties: ADDRESSES, idProperty: 'email' });
    for (const row of rows) {
      const own = ADDRESSES.flatMap((name) => (propertyOf(row, name) ?? '').split(';'));
      for (const each of own.map(normalized)) if (found.has(each)) found.set(each, row.id);
    }
  }
}

function isKnown(entry: readonly [string, string | null | undefined]): entry is readonly [string, string | null] {
  return entry[1] !== undefined;
}

/** An address as HubSpot keeps it. */
export function normalized(address: string): string {
  return address.trim().toLowerCase();
}

const ofRuns = new WeakMap<object, Addresses>();

/** The contacts who have e-mail addresses. @param addresses {@link normalized} @returns with the calls that it took */
export function contactsBy(client: HubSpotClient, addresses: readonly string[]): Promise<{ ids: Ids; calls: number }> {
  const known = ofRuns.get(client.round) ?? new Addresses(client);
  ofRuns.set(client.round, known);
  return known.find(addresses);
}
