import { pagesOf } from '../../../hubspot/api/endpoint.js';
import type { JsonObject, SyncMode } from '../../../protocol/messages.js';
import { earlier } from '../../../time.js';
import type { Estimate, PortalFacts, Stream, StreamDeclaration, StreamRun } from '../../core/stream.js';
import { type Marks, markedEntry, marksFor } from '../marks.js';
import { parentItems, probeParents } from '../parents.js';
import { declare } from '../resource.js';
import { unlessRefreshed } from '../resume.js';
import { FeedRead } from './read.js';
import { type FeedResource, overlapOf, parentsSince } from './resource.js';
import { parseFeedState } from './state.js';

/** Declares a stream of what is added to parents. `cursor` names the field with the time of an item. */
export function feed(resource: FeedResource): StreamDeclaration {
  const { parents, movedSince, itemsAt, completed } = resource;
  return declare(resource, (named, portal) => new Feed(named, portal), {
    increment: `newest first, of ${movedSince ? 'each parent with new ones' : 'each parent'}`,
    calls: `1 a parent${movedSince ? ' with new ones' : ''}`,
    probe: async (portal) => {
      await probeParents(portal.client, parents, (parent) => [itemsAt(parent)]);
      await completed?.probe(portal);
    },
  });
}

class Feed implements Stream {
  readonly name: string;
  readonly entry;
  readonly marks: Marks;

  constructor(
    readonly resource: FeedResource,
    readonly portal: PortalFacts,
  ) {
    this.name = resource.name;
    this.marks = marksFor(portal, resource, false);
    this.entry = markedEntry(resource, false, this.marks);
  }

  async estimate(given: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const { resource, portal } = this;
    const { until } = parseFeedState(given, resource, portal.id);
    const since = mode === 'incremental' && until !== null ? earlier(until, overlapOf(resource, portal)) : null;
    const calls = { burst: 0, search: 0, exempt: 0 };
    let parents = 0;
    for (const endpoint of parentsSince(resource, since)) {
      for await (const page of pagesOf(portal.client, endpoint, null, () => resource.movedSince !== undefined)) {
        calls[endpoint.kind.budget] += page.calls;
        parents += parentItems(resource.parents, page.items).length;
      }
    }
    calls[resource.endpoint.kind.budget] += parents;
    const what = `${since === null ? 'everything' : 'what is new'} of ${parents.toLocaleString('en')} parents, one call or more each`;
    return { what, rows: null, calls };
  }

  async read(run: StreamRun): Promise<number> {
    return unlessRefreshed(run, this.name, () => new FeedRead(this, run).read());
  }
}
