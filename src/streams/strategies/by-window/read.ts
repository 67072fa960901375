import { type Item, type ItemPage, pagesOf, withQuery } from '../../../hubspot/api/endpoint.js';
import { log } from '../../../log.js';
import { type EpochMs, epochMs, type Instant, instantOf, MS_A_DAY, timeOf } from '../../../time.js';
import type { PortalFacts } from '../../core/stream.js';
import { isUnavailable } from '../refusals.js';
import type { WindowEvent, WindowOutput } from './output.js';
import { WindowPartition } from './partition.js';
import type { WindowResource } from './resource.js';
import { SeenOrder } from './seen-order.js';
import { commonProgress, ONLY, settledAt, settledParts, startOf, UNREAD } from './state.js';
import { MANY_PAGES, type Span, Windows } from './windows.js';

/** Windows that are read at once. */
const CONCURRENCY = 4;
/** Events are remembered from so much before the overlap on, since HubSpot may include the ends of a window or not. */
const MARGIN_MS = 1000;

/** One reading of events: several windows at once, each of which is in the states once it is finished. It feeds one stream or several. */
export class WindowRead {
  readonly #outputs: readonly WindowOutput[];
  /** The first of them, whose state says where the reading begins. */
  readonly #first: WindowOutput;
  readonly #resource: WindowResource;
  readonly #portal: PortalFacts;
  /** Where the read ends; what happens from then on is left to the next one. */
  readonly #end: Instant;
  /** The next read finds events from this time on again. */
  readonly #overlapFrom: EpochMs;
  #partitions: readonly WindowPartition[] = [];
  readonly #refusals: unknown[] = [];
  readonly #failures: unknown[] = [];
  #calls = 0;

  /**
   * @param outputs streams whose resources only differ in what they make of an event, and whose last reads ended at the same instant: where one
   *   of them got further, it is read again for the others, and this one has what it has
   */
  constructor(outputs: readonly [WindowOutput, ...WindowOutput[]], portal: PortalFacts, end: Instant) {
    this.#outputs = outputs;
    this.#first = outputs[0];
    this.#resource = outputs[0].resource;
    this.#portal = portal;
    this.#end = end;
    this.#overlapFrom = epochMs(timeOf(settledAt(end, this.#resource, portal)) - MARGIN_MS);
  }

  /** @returns the fewest calls for what was read */
  async read(): Promise<number> {
    const { partitions } = this.#resource;
    const values = (await partitions?.values(this.#portal)) ?? [ONLY];
    if (partitions) this.#calls += 1;
    this.#partitions = values.map((value) =>
      this.#partition(value, partitions ? { [partitions.parameter]: value } : {}),
    );
    await this.#readWindows();
    if (this.#partitions.length === 0 && this.#refusals.length > 0) throw this.#refusals[0];
    await this.#save({ isLast: true });
    return this.#calls;
  }

  #partition(id: string, query: Readonly<Record<string, string>>): WindowPartition {
    const [first, ...others] = this.#outputs.map((output) => output.begin(id));
    const progress = first === undefined ? UNREAD : commonProgress([first, ...others]);
    for (const { state } of this.#outputs) state.progress.set(id, progress);
    const whole = { from: timeOf(startOf(progress, this.#resource, this.#portal)), to: timeOf(this.#end) };
    const done = settledParts(progress, this.#resource, this.#portal);
    const windows = new Windows(whole, done, this.#resource.sliceDays * MS_A_DAY);
    return new WindowPartition(id, withQuery(this.#resource.endpoint, query), windows);
  }

  /** Throws what made a window fail, once the others that were being read have stopped. */
  async #readWindows(): Promise<void> {
    const inFlight = new Set<Promise<unknown>>();
    while (this.#failures.length === 0) {
      const partition = inFlight.size < CONCURRENCY ? this.#next() : undefined;
      if (partition) {
        const window = this.#readWindow(partition)
          .catch((error: unknown) => this.#failures.push(error))
          .finally(() => inFlight.delete(window));
        inFlight.add(window);
      } else if (inFlight.size > 0) await Promise.race(inFlight);
      else return;
    }
    await Promise.all(inFlight);
    throw this.#failures[0];
  }

  /** A partition with a window to read: one of which none is being read, or one where each of them takes several pages. */
  #next(): WindowPartition | undefined {
    const waiting = this.#partitions.filter(({ windows }) => windows.hasMore);
    return waiting.find(({ windows }) => !windows.isOpen) ?? waiting.find(({ windows }) => windows.isDense);
  }

  async #readWindow(partition: WindowPartition): Promise<void> {
    const window = partition.windows.take();
    try {
      await this.#readPages(partition, window);
    } catch (error) {
      if (!this.#resource.partitions || !isUnavailable(error)) throw error;
      this.#partitions = this.#partitions.filter((each) => each !== partition);
      this.#refusals.push(error);
      log.info(`${this.#resource.name}, ${partition.id}: ${error.message} Existing rows stay as they are.`);
    }
  }

  async #readPages(partition: WindowPartition, window: Span): Promise<void> {
    const { order: declared, window: queryOf, seen } = this.#resource;
    const endpoint = withQuery(partition.endpoint, queryOf(instantOf(window.from), instantOf(window.to)));
    const order = new SeenOrder(declared, this.#resource.overlapMinutes * 60_000);
    let pages = 0;
    let rest: Span | null = null;
    let page: { items: readonly Item[]; events: readonly WindowEvent[] } = { items: [], events: [] };
    const isEnough = ({ items, after }: ItemPage) => {
      pages += 1;
      page = { items, events: seen ? [] : this.#first.eventsOf(items) };
      order.take(seen ? items.map(seen) : page.events);
      rest = after !== null && pages >= MANY_PAGES ? order.restOf(window) : null;
      return rest !== null;
    };
    for await (const _ of pagesOf(this.#portal.client, endpoint, null, isEnough)) {
      if (this.#failures.length > 0) return;
      this.#calls += 1;
      const { items, events } = page;
      if (seen) await this.#emit(items.filter((item) => !partition.hasEmitted(seen(item).id)));
      else
        await this.#first.emit(
          events.filter(({ id }) => !partition.hasEmitted(id)),
          this.#overlapFrom,
        );
      this.#check();
    }
    if (rest !== null) partition.expectAgain(order.again);
    partition.finish(window, pages, rest);
    for (const { state } of this.#outputs) state.progress.set(partition.id, partition.progress(this.#end));
    if (this.#partitions.some(({ windows }) => windows.hasMore || windows.isOpen)) await this.#save({ isLast: false });
  }

  async #emit(items: readonly Item[]): Promise<void> {
    await Promise.all(this.#outputs.map((output) => output.emit(output.eventsOf(items), this.#overlapFrom)));
  }

  async #save(when: { isLast: boolean }): Promise<void> {
    // What the next read does not find again need not be remembered.
    const first = Math.min(this.#overlapFrom, ...this.#partitions.map(({ windows }) => windows.until - MARGIN_MS));
    await Promise.all(this.#outputs.map((output) => output.save(first, when)));
    this.#check();
  }

  /** A stream whose sink has failed does not stop the others; but where none is left, there is nothing to read for. */
  #check(): void {
    if (this.#outputs.every(({ failure }) => failure !== null)) throw this.#first.failure;
  }
}
