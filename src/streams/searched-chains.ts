import { ASSOCIATIONS_LIMIT } from '../hubspot/associations.js';
import type { ObjectRow } from '../hubspot/object-row.js';
import { SEARCH_LIMIT } from '../hubspot/objects.js';
import { log } from '../log.js';
import { earlier } from './instants.js';
import type { ObjectRun } from './object-run.js';
import type { ChainPosition, LoadPosition } from './object-state.js';
import { searchRange } from './ranges.js';

/** Records of a chain, and the position behind them; null: the chain is over. */
export interface SearchedPage {
  rows: ObjectRow[];
  after: string | null;
}

/** One search for what a chain begins with behind an id. */
export async function searchChain(run: ObjectRun, { before }: ChainPosition, after: string): Promise<SearchedPage> {
  const upTo = before === null ? null : String(BigInt(before) - 1n);
  const { rows, more } = await searchRange(run, { since: null }, { after, upTo });
  return { rows, after: more ? (rows.at(-1)?.id ?? null) : null };
}

/** Whether one more search fits into the batch read of associations that so many rows will cost. */
export function hasRoom({ stream }: ObjectRun, rows: readonly ObjectRow[]): boolean {
  return stream.associations.length > 0 && rows.length + SEARCH_LIMIT <= ASSOCIATIONS_LIMIT;
}

/**
 * From now on parts of a load come from search, whose index is late. Of what it still shows that was merged away, merges are told
 * from the lookback before the load on; and the pass behind the load will reach back as far.
 */
export function noteSearched({ stream, options }: ObjectRun, load: LoadPosition): void {
  if (load.isSearched) return;
  load.isSearched = true;
  if (load.mergesSince !== null) load.mergesSince = earlier(load.mergesSince, options.lookbackMinutes);
  log.info(
    `${stream.name} is loaded by list and, as first_load is fast, in parts by search. The source of these parts is search's ` +
      `index, which may be late; the pass behind the load reaches back ${options.lookbackMinutes} minutes for what it did not show.`,
  );
}
