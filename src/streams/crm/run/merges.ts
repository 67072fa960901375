import { type ObjectRow, propertyOf } from '../../../hubspot/api/object-row.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { MERGED_IDS } from '../object-stream.js';
import { inBase36, isPackable, PackedText, StepWalker, withSteps } from './packed-ids.js';

/** Merges a stream remembers. A survivor whose losers are forgotten tells of them once more when it changes. */
export const MOST_MERGES = 25_000;

/** A record that was merged away, and into which. */
export interface MergedAway {
  id: string;
  /** The last survivor of the chain. */
  survivor: string;
  /** When that one was last updated, which the merge itself did; ISO 8601. */
  updatedAt: string | null;
}

/**
 * The merges of one stream: which ids are gone, and into which record each went in the end. HubSpot lists in a survivor the
 * ids that were merged into it, which may or may not include those merged into one of them before.
 */
export class MergeMap {
  /** By the id merged away, its last survivor; the oldest first. */
  readonly #survivors = new Map<string, string>();
  /** The same the other way round. */
  readonly #losers = new Map<string, Set<string>>();

  /** The ids merged away, each with its survivor in base 36. */
  readonly #packed = new PackedText(() =>
    withSteps([...this.#survivors].flatMap(([id, survivor]) => (isPackable(survivor) ? [id] : [])))
      .map(([step, id]) => `${step}.${inBase36(this.#survivors.get(id) as string)}`)
      .join(' '),
  );

  /** @param known what {@link pack} gave, or the object of id → survivor of earlier states */
  constructor(known: unknown = '') {
    if (typeof known === 'string') this.#unpack(known);
    else if (known !== null) {
      for (const [id, survivor] of Object.entries(known as Record<string, string>)) this.#note(id, survivor);
    }
  }

  isMergedAway(id: string): boolean {
    return this.#survivors.has(id);
  }

  /** Whether {@link learn} would find something new in the record. */
  hasNews(row: ObjectRow): boolean {
    const survivor = this.#survivorOf(row);
    return listedIn(row).some((id) => id !== survivor && this.#survivors.get(id) !== survivor);
  }

  /**
   * Takes in a record. Returns what is new: ids that it took in, also by way of one that had taken them in. What was taken in by
   * one that was merged away itself has gone where that one went.
   */
  learn(row: ObjectRow): MergedAway[] {
    const news: MergedAway[] = [];
    const survivor = this.#survivorOf(row);
    const updatedAt = updatedAtOf(row);
    const losers = new Set(listedIn(row));
    // A set goes on to what is added on the way: those merged into one that was merged into this.
    for (const id of losers) for (const further of this.#losers.get(id) ?? []) losers.add(further);
    for (const id of losers) {
      if (id === survivor || this.#survivors.get(id) === survivor) continue;
      this.#note(id, survivor);
      news.push({ id, survivor, updatedAt });
    }
    return news;
  }

  #survivorOf(row: ObjectRow): string {
    return this.#survivors.get(row.id) ?? row.id;
  }

  /** For a state: the ids merged away, packed, each with its survivor in base 36. The oldest are left out past the bound. */
  pack(): string {
    for (const id of this.#survivors.keys()) {
      if (this.#survivors.size <= MOST_MERGES) break;
      this.#forget(id);
    }
    return this.#packed.text;
  }

  #unpack(packed: string): void {
    const walker = new StepWalker();
    for (const entry of packed === '' ? [] : packed.split(' ')) {
      const [step = '', survivor = ''] = entry.split('.');
      const id = walker.next(step);
      const into = new StepWalker().next(survivor);
      if (id !== null && into !== null) this.#note(id, into);
    }
  }

  #note(id: string, survivor: string): void {
    this.#forget(id);
    this.#survivors.set(id, survivor);
    this.#packed.changed();
    const losers = this.#losers.get(survivor);
    if (losers) losers.add(id);
    else this.#losers.set(survivor, new Set([id]));
  }

  #forget(id: string): void {
    const survivor = this.#survivors.get(id);
    if (survivor === undefined) return;
    this.#survivors.delete(id);
    this.#packed.changed();
    const losers = this.#losers.get(survivor);
    losers?.delete(id);
    if (losers?.size === 0) this.#losers.delete(survivor);
  }
}

/** The ids that HubSpot lists in a record as merged into it. */
function listedIn(row: ObjectRow): string[] {
  const listed = propertyOf(row, MERGED_IDS);
  if (!listed) return [];
  return listed
    .split(/[;,]/)
    .map((id) => id.trim())
    .filter((id) => id !== '' && id !== row.id);
}
