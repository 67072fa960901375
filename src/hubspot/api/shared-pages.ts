import type { HubSpotClient } from '../client/client.js';

/** The most pages that are kept for one run: 100,000 lists, or the properties of 200 objects. */
const MOST_PAGES = 200;

interface Page {
  /** The calls that it took. */
  calls: 0 | 1;
}

/**
 * The most pages that are kept briefly: about as many as one stream is ahead of another that reads side by side with
 * it.
 */
const MOST_BRIEFLY = 100;

type Pages = Map<string, Promise<Page>>;

/** By run, or round of a service, the pages that several streams read. */
const kept = new WeakMap<object, Pages>();
/** The same for pages that are kept briefly, so that they do not displace the others. */
const keptBriefly = new WeakMap<object, Pages>();

/**
 * A page that is requested once for all streams of a run, so that they see the same items. Of more than 200 pages the oldest ones are
 * requested again, and of those that are kept briefly, of more than 100.
 *
 * @param key what tells the page from every other
 */
export async function sharedPage<P extends Page>(
  client: HubSpotClient,
  key: string,
  request: () => Promise<P>,
  isBrief = false,
): Promise<P> {
  const places = isBrief ? keptBriefly : kept;
  const pages = (places.get(client.round) ?? new Map()) as Map<string, Promise<P>>;
  places.set(client.round, pages);
  const known = pages.get(key);
  if (known) return { ...(await known), calls: 0 };
  const page = request();
  pages.set(key, page);
  // What failed is requested anew by the next stream.
  page.catch(() => pages.delete(key));
  const [oldest] = pages.keys();
  if (pages.size > (isBrief ? MOST_BRIEFLY : MOST_PAGES) && oldest !== undefined) pages.delete(oldest);
  return page;
}
