import type { ObjectStore } from '../../portal/store.js';

/** What a kept list page was made from; it holds while none of that has changed. */
export interface PageBasis {
  readonly store: ObjectStore;
  /** The page was made from the records with ids in (above, upTo]; the last page reaches to infinity. */
  readonly above: number;
  readonly upTo: number;
  /** Of the property metadata, the switches and the scopes. */
  readonly epoch: string;
}

/** A page as it goes on the wire. */
export interface Page {
  readonly body: Buffer;
  readonly encoding: 'gzip' | undefined;
}

interface Entry {
  readonly page: Page;
  readonly basis: PageBasis;
  version: number;
}

/** List pages as they went on the wire, by URL and encoding: the oldest go when there are too many bytes. */
export class PageCache {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(readonly maxBytes: number) {}

  get(key: string, epoch: string): Page | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { store, above, upTo } = entry.basis;
    if (entry.basis.epoch !== epoch || store.changedSince(entry.version, above, upTo)) {
      this.#drop(key);
      return undefined;
    }
    entry.version = store.version;
    return entry.page;
  }

  /** @param version the store's, when the page was made */
  put(key: string, page: Page, basis: PageBasis, version: number): void {
    this.#drop(key);
    this.#entries.set(key, { page, basis, version });
    this.#bytes += page.body.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.page.body.length ?? 0;
    this.#entries.delete(key);
  }
}
