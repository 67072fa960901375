import { type ObjectRow, propertyOf } from '../../../hubspot/api/object-row.js';
import { isObject } from '../../../json.js';
import type { JsonValue } from '../../../protocol/messages.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { MERGED_IDS } from '../object-stream.js';
import { inBase36, isPackable, PackedText, StepWalker, withSteps } from './packed-ids.js';

/** The number of merges a stream remembers. Forgotten ones are emitted again when their survivor changes. */
export const MOST_MERGES = 25_000;

/** A record that was merged into another one. */
export interface MergedAway {
  id: string;
  /** The last survivor of the chain of merges. */
  survivor: string;
  /** When the survivor was last updated, which a merge does; as HubSpot has it. */
  updatedAt: string | null;
}

/**
 * The merges of one stream: the ids that were merged away, each with its last survivor. HubSpot lists in a survivor the ids that
 * were merged into it, which may or may not include those merged into one of them before.
 */
export class MergeMap {
  /** The last survivor by the id merged away; the oldest merge first. */
  readonly #survivors = new Map<string, string>();
  /** The ids merged away by survivor. */
  readonly #losers = new Map<string, Set<string>>();

  /** The ids merged away, each with its survivor in base 36. */
  readonly #packed = new PackedText(() =>
    withSteps([...this.#survivors].flatMap(([id, survivor]) => (isPackable(survivor) ? [id] : [])))
      .map(([step, id]) => `${step}.${inBase36(this.#survivors.get(id) ?? '')}`)
      .join(' '),
  );

  /** @param known the result of {@link pack}, or the object of id → survivor of earlier states */
  constructor(known: JsonValue = '') {
    if (typeof known === 'string') this.#unpack(known);
    else if (isObject(known)) {
      for (const [id, survivor] of Object.entries(known)) this.#note(id, String(survivor));
    }
  }

  isMergedAway(id: string): boolean {
    return this.#survivors.has(id);
  }

  /** Whether {@link learn} would find a merge in the record that is not known. */
  hasNewMerges(row: ObjectRow): boolean {
    const survivor = this.#survivorOf(row);
    return mergedIdsIn(row).some((id) => id !== survivor && this.#survivors.get(id) !== survivor);
  }

  /**
   * Adds the merges listed in a record. If the record was merged away itself, they count for its survivor.
   *
   * @returns the new ones, including those merged into an id that is new
   */
  learn(row: ObjectRow): MergedAway[] {
    const merged: MergedAway[] = [];
    const survivor = this.#survivorOf(row);
    const updatedAt = updatedAtOf(row);
    const losers = new Set(mergedIdsIn(row));
    // Iterating a set includes what is added on the way, so this follows chains of merges.
    for (const id of losers) for (const further of this.#losers.get(id) ?? []) losers.add(further);
    for (const id of losers) {
      if (id === survivor || this.#survivors.get(id) === survivor) continue;
      this.#note(id, survivor);
      merged.push({ id, survivor, updatedAt });
    }
    return merged;
  }

  #survivorOf(row: ObjectRow): string {
    return this.#survivors.get(row.id) ?? row.id;
  }

  /** Packed for a state; merges beyond the limit are forgotten, the oldest first. */
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
    this.#packed.invalidate();
    const losers = this.#losers.get(survivor);
    if (losers) losers.add(id);
    else this.#losers.set(survivor, new Set([id]));
  }

  #forget(id: string): void {
    const survivor = this.#survivors.get(id);
    if (survivor === undefined) return;
    this.#survivors.delete(id);
    this.#packed.invalidate();
    const losers = this.#losers.get(survivor);
    losers?.delete(id);
    if (losers?.size === 0) this.#losers.delete(survivor);
  }
}

/** The ids that HubSpot lists in a record as merged into it. */
export function mergedIdsIn(row: ObjectRow): string[] {
  const listed = propertyOf(row, MERGED_IDS);
  if (!listed) return [];
  return listed
    .split(/[;,]/)
    .map((id) => id.trim())
    .filter((id) => id !== '' && id !== row.id);
}
