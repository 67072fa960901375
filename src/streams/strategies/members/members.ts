import type { JsonObject, SyncMode } from '../../../protocol/messages.js';
import type { Estimate, PortalFacts, Stream, StreamDeclaration, StreamRun } from '../../core/stream.js';
import { type Marks, markedEntry, marksFor } from '../marks.js';
import { probeParents, readParents } from '../parents.js';
import { declare } from '../resource.js';
import { unlessRefreshed } from '../resume.js';
import { MembersRead } from './read.js';
import { howToRead, type MembersResource } from './resource.js';
import { parseMembersState } from './state.js';

/** Declares a stream of the members of sets. */
export function members(resource: MembersResource): StreamDeclaration {
  return declare(resource, (named, portal) => new Members(named, portal), {
    increment: 'where counters moved',
    calls: '1 or more a parent whose counters moved',
    probe: ({ client }) => probeParents(client, resource.parents, (parent) => [resource.membersOf(parent)]),
  });
}

class Members implements Stream {
  readonly name: string;
  readonly entry;
  readonly marks: Marks;

  constructor(
    readonly resource: MembersResource,
    readonly portal: PortalFacts,
  ) {
    this.name = resource.name;
    this.marks = marksFor(portal, resource, true);
    this.entry = markedEntry(resource, true, this.marks);
  }

  async estimate(given: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const { resource, portal } = this;
    const { sets } = parseMembersState(mode === 'incremental' ? given : null, this.name, portal.id);
    const { parents, calls } = await readParents(portal, resource.parents);
    const { limit = 1 } = resource.endpoint;
    const now = portal.client.clock.now();
    let [asked, members, pages] = [0, 0, calls as number];
    for (const { id, item } of parents) {
      const counters = resource.countersOf(item);
      const how = howToRead(sets.get(id), counters, now, resource.relookDays);
      if (how === 'none') continue;
      asked += 1;
      members += counters.size ?? 0;
      pages += how === 'newest' ? 1 : Math.max(1, Math.ceil((counters.size ?? 0) / limit));
    }
    const what = `members of ${asked.toLocaleString('en')} of ${parents.length.toLocaleString('en')} sets, one call or more each`;
    return { what, rows: members, calls: { burst: 0, search: 0, exempt: 0, [resource.endpoint.kind.budget]: pages } };
  }

  async read(run: StreamRun): Promise<number> {
    return unlessRefreshed(run, this.name, () => new MembersRead(this, run).read());
  }
}
