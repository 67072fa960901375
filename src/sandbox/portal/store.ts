import { mix } from './random.js';
import type { CrmRecord } from './record.js';
import type { ObjectType } from './types/object-types.js';

/** Beyond this many changes since a page was made, looking for one within it costs more than making the page again. */
const CHANGES_WORTH_SCANNING = 2_000;

/** All records of one object type in the order of their ids, and a log of which changed, for the page cache. */
export class ObjectStore {
  readonly records: CrmRecord[] = [];
  readonly #changed: number[] = [];
  #lastId: number;

  constructor(
    readonly type: ObjectType,
    firstId: number,
  ) {
    this.#lastId = firstId - 1;
  }

  /** Grows by one with every change of any record. */
  get version(): number {
    return this.#changed.length;
  }

  /** An id above all others; ids have gaps, as in a real portal. */
  nextId(): number {
    const id = this.#lastId + 1 + (mix(0x1d, this.#lastId) % 4);
    this.#lastId = id;
    return id;
  }

  /** Adds a record whose id came from `nextId`. */
  add(record: CrmRecord): void {
    this.records.push(record);
    this.touch(record.id);
  }

  /** Like `add`, for sample data, before anyone can have seen a page. */
  load(record: CrmRecord): void {
    this.records.push(record);
  }

  find(id: number): CrmRecord | undefined {
    const record = this.records[this.indexAbove(id - 1)];
    return record?.id === id ? record : undefined;
  }

  /** The position of the first record whose id is above `id`. */
  indexAbove(id: number): number {
    let low = 0;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.records[middle] as CrmRecord).id > id) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Notes that what a page shows of this record may have changed. */
  touch(id: number): void {
    this.#changed.push(id);
  }

  /** Whether a record with an id in (above, upTo] changed after `version`; in doubt, yes. */
  changedSince(version: number, above: number, upTo: number): boolean {
    if (this.#changed.length - version > CHANGES_WORTH_SCANNING) return true;
    for (let index = version; index < this.#changed.length; index++) {
      const id = this.#changed[index] as number;
      if (id > above && id <= upTo) return true;
    }
    return false;
  }
}
