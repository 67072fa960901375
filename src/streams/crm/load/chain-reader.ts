import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { ObjectRun } from '../run/object-run.js';
import type { ChainPosition, LoadPosition } from '../run/object-state.js';
import { type ChainPage, isChainRefusal, type ListChains } from './list-chains.js';

/**
 * Reads the chains of a list concurrently to their ends. Pages are emitted one at a time, each followed by a state; only then does
 * a chain request its next page.
 *
 * @param emit emits the rows of a page
 * @returns false if HubSpot's list turned out not to be ordered by id
 */
export async function readChains(
  run: ObjectRun,
  load: LoadPosition,
  lists: ListChains,
  emit: (rows: ObjectRow[]) => Promise<void>,
): Promise<boolean> {
  load.chains ??= [{ after: load.after, before: null, isFirst: true }];
  const failures: unknown[] = [];
  let lastEmit: Promise<void> = Promise.resolve();
  let wake = () => {};
  /** Resolves when a page was emitted: a resumed load knows nothing about the distances between ids until then. */
  const pageEmitted = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  /** Emits a page after those before it. @returns whether the chain continues */
  const emitInOrder = (page: ChainPage): Promise<boolean> => {
    const done = lastEmit.then(() => (failures.length > 0 ? false : emitPage(page)));
    lastEmit = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };

  const emitPage = async (page: ChainPage): Promise<boolean> => {
    const { chain, rows, after } = page;
    const own = rows.filter(({ id }) => chain.before === null || BigInt(id) < BigInt(chain.before));
    await emit(own);
    load.listed = (load.listed ?? 0) + own.length;
    const continues = after !== null && own.length === rows.length;
    if (continues) chain.after = after;
    else load.chains = (load.chains ?? []).filter((each) => each !== chain);
    if (continues && chain.isFirst) load.after = after;
    await run.savePage();
    wake();
    return continues;
  };

  const readChain = async (chain: ChainPosition, first: ChainPage | null): Promise<void> => {
    try {
      for (let page = first; failures.length === 0; page = null) {
        if (!(await emitInOrder(page ?? (await lists.page(chain))))) break;
      }
    } catch (error) {
      failures.push(error);
    }
  };

  const readers = new Set<Promise<void>>();
  const start = (chain: ChainPosition, first: ChainPage | null) => {
    const reader: Promise<void> = readChain(chain, first).finally(() => readers.delete(reader));
    readers.add(reader);
  };
  for (const chain of load.chains) start(chain, null);
  while (readers.size > 0) {
    const page: ChainPage | null = await (failures.length > 0 ? Promise.resolve(null) : lists.divide()).catch(
      (error: unknown) => {
        failures.push(error);
        return null;
      },
    );
    if (page) start(page.chain, page);
    // All may have ended in the meantime.
    else if (readers.size > 0) await Promise.race([...readers, ...(lists.canDivide ? [] : [pageEmitted()])]);
  }
  if (failures.length > 0 && !isChainRefusal(failures[0])) throw failures[0];
  return failures.length === 0;
}
