import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { ObjectRun } from '../run/object-run.js';
import type { ChainPosition, LoadPosition } from '../run/object-state.js';
import { type ChainPage, type ListChains, refusesChains } from './list-chains.js';

/**
 * Reads the chains of a list side by side until all have come to their ends. Pages are handed on one after the other, each with
 * its state behind it; a chain asks for its next page only then.
 *
 * @param handOn hands rows of a page on
 * @returns false where HubSpot's list turned out not to go by ids
 */
export async function readChains(
  run: ObjectRun,
  load: LoadPosition,
  lists: ListChains,
  handOn: (rows: ObjectRow[]) => Promise<void>,
): Promise<boolean> {
  load.chains ??= [{ after: load.after, before: null, isFirst: true }];
  let failure: { error: unknown } | null = null;
  let turn: Promise<void> = Promise.resolve();
  let wake = () => {};
  /** Resolves when a page was handed on: resumed, nothing is known of how far apart ids are until then. */
  const aPage = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  /** Hands a page on when it is its turn. @returns whether the chain goes on */
  const inTurn = (page: ChainPage): Promise<boolean> => {
    const done = turn.then(() => (failure ? false : pass(page)));
    turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };

  const pass = async (page: ChainPage): Promise<boolean> => {
    const { chain, rows, after } = page;
    const own = rows.filter(({ id }) => chain.before === null || BigInt(id) < BigInt(chain.before));
    await handOn(own);
    load.listed = (load.listed ?? 0) + own.length;
    const goesOn = after !== null && own.length === rows.length;
    if (goesOn) chain.after = after;
    else load.chains = (load.chains ?? []).filter((each) => each !== chain);
    if (goesOn && chain.isFirst) load.after = after;
    await run.save();
    wake();
    return goesOn;
  };

  const follow = async (chain: ChainPosition, begun: ChainPage | null): Promise<void> => {
    try {
      for (let page = begun; failure === null; page = null) {
        if (!(await inTurn(page ?? (await lists.page(chain))))) break;
      }
    } catch (error) {
      failure ??= { error };
    }
  };

  const following = new Set<Promise<void>>();
  const start = (chain: ChainPosition, begun: ChainPage | null) => {
    const followed: Promise<void> = follow(chain, begun).finally(() => following.delete(followed));
    following.add(followed);
  };
  for (const chain of load.chains) start(chain, null);
  while (following.size > 0) {
    const page: ChainPage | null = await (failure ? Promise.resolve(null) : lists.divide()).catch((error: unknown) => {
      failure ??= { error };
      return null;
    });
    if (page) start(page.chain, page);
    // All may have come to their ends meanwhile.
    else if (following.size > 0) await Promise.race([...following, ...(lists.knowsItsWay ? [] : [aPage()])]);
  }
  const failed = failure as { error: unknown } | null;
  if (failed && !refusesChains(failed.error)) throw failed.error;
  return failed === null;
}
