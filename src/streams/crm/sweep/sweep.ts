import { DailyLimitError, RequestError } from '../../../errors.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { BATCH_READ_LIMIT } from '../../../hubspot/api/objects.js';
import { log } from '../../../log.js';
import { earlier, epochMs, isFrom } from '../../../time.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectRun } from '../run/object-run.js';
import { compareIds, isPackable, packTimes, unpackTimes } from '../run/packed-ids.js';
import { readLive } from '../search/stale-rows.js';
import type { HashedRecord, IdSpan } from './content-runs.js';
import { MissingRecords } from './missing-records.js';
import { Suspects } from './suspects.js';
import type { SweepPosition } from './sweep-position.js';
import { isSweepDue } from './sweeping.js';
import { type SweptPage, type SweptPages, sweptPages } from './swept-pages.js';

/**
 * The daily calls that a sweep leaves to increments, beyond the reserve: a tenth of those that are left when it begins,
 * and no more than some thousand increments take. HubSpot gives 250,000 a day, or more.
 */
const LEFT_SHARE = 0.1;
const MOST_LEFT = 5_000;

/** A record that was read, with what is compared of it. */
interface SweptRecord extends HashedRecord {
  row: ObjectRow;
  links: string[][];
}

/** Where a page begins. */
type PageStart = Pick<SweepPosition, 'after' | 'upTo'>;

/**
 * Reads a stream once over if that is due, or goes on with it, for what HubSpot shows in no feed of changes: calculated properties, associations
 * of records that do not change, erased records (docs/decisions/0023-verify-and-sweep.md). Where the day's calls are used up, the next run goes on.
 */
export async function sweepIfDue(run: ObjectRun): Promise<void> {
  const { state, sweeping, stream } = run;
  if (!sweeping.isWanted || state.sweep?.of !== sweeping.of) state.sweep = null;
  const isDue = state.sweep !== null || isSweepDue(state, run.options, run.client.clock.now());
  if (!sweeping.isWanted || !isDue) return;
  const position = state.sweep ?? begin(run);
  const sweep = new Sweep(run, position);
  const interrupted = (why: string) =>
    log.info(
      `${stream.name} is up to date, and its sweep has come to the id ${position.upTo}: ${why} The next run goes on.`,
    );
  try {
    const isComplete = await run.phase('sweep', () => sweep.read());
    if (!isComplete) interrupted('the remaining daily calls are kept for increments.');
  } catch (error) {
    if (!(error instanceof DailyLimitError)) throw error;
    interrupted(error.message);
  } finally {
    sweep.tally();
  }
}

function begin(run: ObjectRun): SweepPosition {
  const { state, sweeping, options } = run;
  // Without anything to compare with, every record is read whole.
  const isWhole = options.sweep === 'all' || sweeping.memory?.hasHashes !== true;
  state.sweep = { startedAt: run.now(), of: sweeping.of, after: null, upTo: '0', isWhole, suspects: '' };
  return state.sweep;
}

class Sweep {
  readonly #run: ObjectRun;
  readonly #position: SweepPosition;
  readonly #pages: SweptPages;
  readonly #suspects: Suspects;
  /** null: records that are gone are not reported, or cannot be found. */
  #missing: MissingRecords | null;
  /** Where the page begins that is read; the position is before it while records wait for the rest of their run. */
  #at: PageStart;
  /** How many calls of the day are left to increments; null: HubSpot has not said how many there are. */
  #leaves: number | null = null;
  /** How many records were read, and emitted. */
  #read = 0;
  #emitted = 0;
  /** How many of those that differ were read whole. */
  #readWhole = 0;

  constructor(run: ObjectRun, position: SweepPosition) {
    const { sweeping, stream } = run;
    this.#run = run;
    this.#position = position;
    this.#pages = sweptPages(run, position.isWhole ? stream.properties : sweeping.compared);
    this.#at = { after: position.after, upTo: position.upTo };
    this.#suspects = new Suspects(run, unpackTimes(position.suspects, epochMs(0)));
    this.#missing = this.#missingFrom(position.upTo);
  }

  /** @returns whether it has come to the end; otherwise the day has too few calls left */
  async read(): Promise<boolean> {
    const { state, stream, sweeping } = this.#run;
    if (this.#isDayShort) return false;
    for (let page = await this.#firstPage(); ; page = await this.#pages.next(this.#at.after)) {
      if (!this.#position.isUnordered && !ascend(page.ids, this.#at.upTo)) page = await this.#ignoreOrder();
      const upTo = page.after === null ? null : (page.ids.at(-1) ?? this.#at.upTo);
      await this.#take(page, { after: this.#at.upTo, upTo });
      if (upTo === null) break;
      await this.#save({ after: page.after, upTo }, page.ids);
      if (this.#isDayShort) return false;
    }
    await this.#suspects.judge(true);
    await this.#run.flushSwept();
    sweeping.memory?.settle();
    state.sweptAt = this.#position.startedAt;
    state.sweep = null;
    log.info(
      `${stream.name} was swept: of ${this.#read} records ${this.#emitted} were emitted, and ${this.#suspects.gone} are gone.`,
    );
    const forgotten = sweeping.memory?.forgotten ?? 0;
    if (forgotten > 0) {
      log.info(
        `${stream.name}: the state has no room for ${forgotten} records. Each sweep emits them again, and does not notice when they are erased.`,
      );
    }
    return true;
  }

  /** Whether what the day has left of calls should be left to increments, which would fail without. */
  get #isDayShort(): boolean {
    const { client, options } = this.#run;
    const left = client.scheduler.dailyRemaining;
    this.#leaves ??= left === null ? null : Math.min(MOST_LEFT, (left - options.dailyReserve) * LEFT_SHARE);
    return left !== null && left <= options.dailyReserve + (this.#leaves ?? 0);
  }

  tally(): void {
    this.#pages.tally();
    if (this.#readWhole > 0) this.#run.tally(this.#readWhole, BATCH_READ_LIMIT);
  }

  /** The page to go on at. If HubSpot rejects the position, the sweep begins anew. */
  async #firstPage(): Promise<SweptPage> {
    try {
      return await this.#pages.next(this.#at.after);
    } catch (error) {
      if (this.#at.after === null || !(error instanceof RequestError) || error.status !== 400) throw error;
      log.warn(`HubSpot no longer accepts where the sweep of ${this.#run.stream.name} stopped; it starts anew.`);
      return this.#startAnew();
    }
  }

  /** Reads from the start without regard to the order of ids. */
  #ignoreOrder(): Promise<SweptPage> {
    const { stream, sweeping } = this.#run;
    log.warn(
      `HubSpot's list of ${stream.name} is not in the order of ids: it is swept, but erased records are not noticed.`,
    );
    this.#position.isUnordered = true;
    sweeping.memory?.forgetHashes();
    return this.#startAnew();
  }

  #startAnew(): Promise<SweptPage> {
    this.#at = { after: null, upTo: '0' };
    Object.assign(this.#position, { ...this.#at, startedAt: this.#run.now() });
    this.#missing = this.#missingFrom('0');
    return this.#pages.next(null);
  }

  #missingFrom(after: string): MissingRecords | null {
    const { sweeping, options } = this.#run;
    const known = options.deletes === 'off' || this.#position.isUnordered ? null : sweeping.known(after);
    return known && new MissingRecords(known);
  }

  async #take(page: SweptPage, span: IdSpan): Promise<void> {
    const { sweeping, stream } = this.#run;
    const { memory } = sweeping;
    const records = page.rows.map((row): SweptRecord => {
      const links = (page.associated.get(row.id) ?? []).map((ids) => [...ids].sort(compareLinks));
      return { id: row.id, hash: memory ? sweeping.hash(row, links) : '', row, links };
    });
    const isOrdered = !this.#position.isUnordered;
    await this.#emit(memory && isOrdered ? memory.take(records, span) : records);
    const wanted = page.rows.filter((row) => isFrom(updatedAtOf(row), stream.updatedAfter));
    await this.#run.emitSwept(
      wanted.map(({ id }) => id),
      isOrdered ? span : null,
    );
    this.#read += wanted.length;
    this.#suspects.add((await this.#missing?.upTo(span.upTo, new Set(page.ids))) ?? []);
    await this.#suspects.judge(false);
  }

  /** Emits records that may differ. */
  async #emit(records: readonly SweptRecord[]): Promise<void> {
    const run = this.#run;
    const { stream, state, options } = run;
    const wanted = records.filter(({ row }) => isFrom(updatedAtOf(row), stream.updatedAfter));
    const whole = this.#position.isWhole
      ? null
      : await readLive(
          run,
          wanted.map(({ id }) => id),
        );
    if (whole) this.#readWhole += wanted.length;
    const recently = earlier(state.cursor ?? this.#position.startedAt, options.lookbackMinutes);
    const rows = wanted
      .flatMap(({ id, row }) => (whole ? (whole.get(id) ?? []) : row))
      // With merges that are not known, it comes with the next increment, which reads what they have brought.
      .filter((row) => !(run.merges.hasNewMerges(row) && isFrom(updatedAtOf(row), recently)));
    const associated = new Map(wanted.map(({ id, links }) => [id, links]));
    await run.emitLive(rows, associated, recently, false, { is: 'sweep' });
    this.#emitted += rows.length;
  }

  async #save(next: PageStart, ids: readonly string[]): Promise<void> {
    const { memory } = this.#run.sweeping;
    memory?.settle();
    const carried = memory?.firstCarried?.id;
    // While records wait for the rest of their content run, the position stays at the first one's page, to read them
    // again.
    if (carried === undefined) Object.assign(this.#position, next);
    else if (ids.includes(carried)) Object.assign(this.#position, this.#at);
    this.#position.suspects = packTimes(this.#suspects.waiting, epochMs(0));
    this.#at = next;
    await this.#run.savePage();
  }
}

/** Whether ids ascend, all of them greater than one. */
function ascend(ids: readonly string[], after: string): boolean {
  let last = after;
  for (const id of ids) {
    if (!isPackable(id) || compareIds(id, last) <= 0) return false;
    last = id;
  }
  return true;
}

/** HubSpot does not promise the order of associated ids, by which a row would differ. */
function compareLinks(a: string, b: string): number {
  return isPackable(a) && isPackable(b) ? compareIds(a, b) : a < b ? -1 : 1;
}
