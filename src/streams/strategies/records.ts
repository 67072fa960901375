import type { Item } from '../../hubspot/api/endpoint.js';
import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import { type Fitted, fitting } from './fitting.js';
import { keysOf, type Resource, recordOf } from './resource.js';

/**
 * The records of a collection's items in one read, right by the stream's schema. An item without a key gives none: no row could be told
 * to be its own.
 */
export class Records {
  readonly #resource: Resource;
  readonly #fitted: (data: JsonObject) => Fitted;
  #withoutKey = 0;

  constructor(resource: Resource) {
    this.#resource = resource;
    this.#fitted = fitting(resource.schema);
  }

  /** null: it has no key, or one that is none of its type. */
  of(item: Item): Fitted | null {
    const fitted = this.#fitted(recordOf(this.#resource, item));
    const keys = keysOf(this.#resource);
    const isTold =
      keys.every((field) => (fitted.data[field] ?? null) !== null) &&
      !fitted.changes.some(({ field }) => keys.includes(field));
    if (!isTold) this.#withoutKey += 1;
    return isTold ? fitted : null;
  }

  /** Whether every item so far had a key: if not, what was not found may be there nevertheless. */
  get haveAllKeys(): boolean {
    return this.#withoutKey === 0;
  }

  /** Says how many items were passed over; to be called at the end. */
  warn(): void {
    if (this.haveAllKeys) return;
    const [count, items] = [this.#withoutKey.toLocaleString('en'), this.#withoutKey === 1 ? 'item' : 'items'];
    log.warn(`${this.#resource.name}: ${count} ${items} without ${keysOf(this.#resource).join(' and ')} passed over.`);
  }
}
