import type { PortalFacts } from '../../core/stream.js';
import { type ObjectSelection, type ObjectStream, openObject } from '../object-stream.js';

/** The reading of an object before it is opened: its properties are requested once for all streams that it feeds. */
export class ReadingPlan {
  readonly #opened = new WeakMap<PortalFacts, Promise<ObjectStream>>();

  constructor(readonly selection: ObjectSelection) {}

  open(portal: PortalFacts): Promise<ObjectStream> {
    let opened = this.#opened.get(portal);
    if (!opened) {
      opened = openObject(this.selection, portal);
      this.#opened.set(portal, opened);
      // What failed in passing is tried again by the next stream.
      opened.catch(() => this.#opened.delete(portal));
    }
    return opened;
  }
}
