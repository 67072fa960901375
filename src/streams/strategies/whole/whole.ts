import { itemsPerCall } from '../../../hubspot/api/endpoint.js';
import type { JsonObject } from '../../../protocol/messages.js';
import type { Estimate, PortalFacts, Stream, StreamDeclaration, StreamRun } from '../../core/stream.js';
import { type Marks, markedEntry, marksFor } from '../marks.js';
import { declare } from '../resource.js';
import { unlessRefreshed } from '../resume.js';
import { WholeRead } from './read.js';
import { isKnown, partitionsOf, type WholeResource } from './resource.js';
import { parseState } from './state.js';

/** Declares a stream that is read whole. */
export function whole(resource: WholeResource): StreamDeclaration {
  const { partitions } = resource;
  const open = (named: WholeResource, portal: PortalFacts) => new Whole(named, portal);
  const increment = 'whole, by hash';
  if (!partitions) return declare(resource, open, { increment });
  return declare(resource, open, { increment, ...partitions.reading, probe: (portal) => partitions.probe(portal) });
}

class Whole implements Stream {
  readonly name: string;
  readonly entry;
  readonly #marks: Marks;

  constructor(
    readonly resource: WholeResource,
    readonly portal: PortalFacts,
  ) {
    const { name, hasTombstones = true } = resource;
    this.name = name;
    this.#marks = marksFor(portal, resource, hasTombstones);
    this.entry = markedEntry(resource, hasTombstones, this.#marks);
  }

  async estimate(state: JsonObject | null): Promise<Estimate> {
    const { resource, portal } = this;
    const { memory, partitions: known } = parseState(state, resource, portal.id);
    const perCall = itemsPerCall(resource.endpoint) ?? Number.POSITIVE_INFINITY;
    const found = await partitionsOf(resource, portal);
    const due = found?.all.filter((each) => !isKnown(each, known)) ?? [];
    const { most } = found?.together ?? {};
    const toRead = most ? Math.ceil(due.length / most) : due.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
    const pages = found ? found.calls + toRead : Math.max(1, Math.ceil((memory?.size ?? 0) / perCall));
    return {
      what: found
        ? `${due.length} of ${found.all.length} parts, ${most ? `one call for ${most}` : 'one call or more each'}`
        : 'all of it',
      rows: null,
      calls: { burst: 0, search: 0, exempt: 0, [resource.endpoint.kind.budget]: pages },
    };
  }

  async read(run: StreamRun): Promise<number> {
    return unlessRefreshed(run, this.name, () => new WholeRead(this.resource, this.portal, this.#marks, run).read());
  }
}
