/** One associated record and the ids of the association types that connect the two, ascending. */
export interface Link {
  readonly to: number;
  readonly typeIds: readonly number[];
}

const NONE: readonly Link[] = [];

/** The position of the first link to `to` or a higher id. */
function indexFrom(links: readonly Link[], to: number): number {
  let low = 0;
  let high = links.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((links[middle] as Link).to >= to) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Associations of all records in one direction at a time; the portal writes both directions. */
export class Links {
  readonly #byPair = new Map<string, Map<number, Link[]>>();
  readonly #sharedTypeIds = new Map<string, readonly number[]>();

  /** The links of record `id`, by the id of the target. */
  of(fromTypeId: string, id: number, toTypeId: string): readonly Link[] {
    return this.#byPair.get(`${fromTypeId}>${toTypeId}`)?.get(id) ?? NONE;
  }

  /** The ids of the object types that records of `fromTypeId` are linked to, in any record. */
  targets(fromTypeId: string): string[] {
    const prefix = `${fromTypeId}>`;
    return [...this.#byPair.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  /** Adds association types to the link between the two records, making the link where there is none. */
  add(fromTypeId: string, id: number, toTypeId: string, to: number, typeIds: readonly number[]): void {
    const links = this.#list(fromTypeId, id, toTypeId);
    const index = indexFrom(links, to);
    const existing = links[index];
    if (existing?.to === to) links[index] = { to, typeIds: this.#share([...existing.typeIds, ...typeIds]) };
    else links.splice(index, 0, { to, typeIds: this.#share(typeIds) });
  }

  /** Takes association types away; the link goes with the last of them, or at once when none are named. */
  remove(fromTypeId: string, id: number, toTypeId: string, to: number, typeIds?: readonly number[]): void {
    const links = this.#list(fromTypeId, id, toTypeId);
    const index = indexFrom(links, to);
    const existing = links[index];
    if (existing?.to !== to) return;
    const left = typeIds === undefined ? [] : existing.typeIds.filter((typeId) => !typeIds.includes(typeId));
    if (left.length === 0) links.splice(index, 1);
    else links[index] = { to, typeIds: this.#share(left) };
  }

  /** Gives all links of record `from` to record `to` of the same type, as a merge does. */
  move(typeId: string, from: number, to: number): void {
    for (const otherTypeId of this.targets(typeId)) {
      for (const link of [...this.of(typeId, from, otherTypeId)]) {
        const back = this.of(otherTypeId, link.to, typeId).find((candidate) => candidate.to === from);
        this.remove(typeId, from, otherTypeId, link.to);
        this.remove(otherTypeId, link.to, typeId, from);
        if (otherTypeId === typeId && link.to === to) continue;
        this.add(typeId, to, otherTypeId, link.to, link.typeIds);
        this.add(otherTypeId, link.to, typeId, to, back?.typeIds ?? []);
      }
    }
  }

  #list(fromTypeId: string, id: number, toTypeId: string): Link[] {
    const key = `${fromTypeId}>${toTypeId}`;
    let byId = this.#byPair.get(key);
    if (byId === undefined) {
      byId = new Map();
      this.#byPair.set(key, byId);
    }
    let links = byId.get(id);
    if (links === undefined) {
      links = [];
      byId.set(id, links);
    }
    return links;
  }

  /** Hundreds of thousands of links have the same few sets of types; one array each is enough. */
  #share(typeIds: readonly number[]): readonly number[] {
    const sorted = [...new Set(typeIds)].sort((a, b) => a - b);
    const key = sorted.join();
    const shared = this.#sharedTypeIds.get(key);
    if (shared !== undefined) return shared;
    this.#sharedTypeIds.set(key, sorted);
    return sorted;
  }
}
