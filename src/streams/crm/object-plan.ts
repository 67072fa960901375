import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import { instantOf } from '../../time.js';
import { catalogEntry, type Estimate, type PortalFacts, type Stream, type StreamPlan } from '../core/stream.js';
import type { ObjectStream } from './object-stream.js';
import { FedStream } from './reading/fed-stream.js';
import type { Feed } from './reading/object-reading.js';
import type { ReadingPlan } from './reading/reading-plan.js';
import { estimateWith } from './reading/shared-estimate.js';
import { archiveIsRefused } from './run/archive-memory.js';
import { forgetProperties } from './run/fingerprint.js';
import { RecordsOutput } from './run/records-output.js';

/** The lowest subscriptions of HubSpot with objects that not every one has (developers.hubspot.com, scopes). */
const TIERS: Readonly<Record<string, string>> = {
  leads: 'Sales Hub Professional',
  goal_targets: 'Sales Hub Starter, Marketing Hub Professional or Service Hub Professional',
  feedback_submissions: 'Service Hub Professional',
};

/** What the plans of all streams that an object's reading feeds have in common. */
export function planOf(
  reading: ReadingPlan,
): Pick<
  StreamPlan,
  'scopes' | 'subject' | 'objectTypeId' | 'tier' | 'sources' | 'hasChangeFeed' | 'probe' | 'hiddenDeletions'
> {
  const { type } = reading.selection;
  return {
    scopes: type.scopes,
    subject: type.custom ? 'custom' : type.name,
    objectTypeId: type.typeId,
    tier: type.custom ? 'any Hub Enterprise' : TIERS[type.name],
    sources: [reading],
    hasChangeFeed: true,
    probe: async (portal) => void (await portal.firstRow(type)),
    hiddenDeletions: (state) =>
      type.hiddenDeletions ?? (archiveIsRefused(state) ? 'HubSpot refuses to list archived ones' : null),
  };
}

/** The plan of a stream of CRM records. */
export function objectPlan(reading: ReadingPlan): StreamPlan {
  const { name } = reading.selection;
  return {
    ...planOf(reading),
    name,
    hasRecords: true,
    reading: { increment: 'modified since', calls: '1 for 100, later 1 for 200' },
    open: async (portal) => new CrmStream(name, await reading.open(portal), portal),
  };
}

/** The object whose records a stream has, one by one; null: it is no stream of CRM records. */
export function objectOf(stream: Stream): ObjectStream | null {
  return stream instanceof CrmStream ? stream.object : null;
}

class CrmStream extends FedStream {
  readonly #object: ObjectStream;

  get object(): ObjectStream {
    return this.#object;
  }

  constructor(name: string, object: ObjectStream, portal: PortalFacts) {
    const { schema, primaryKey, cursorField } = object.layout;
    super(
      name,
      catalogEntry(name, schema, [primaryKey], cursorField),
      [{ part: '', object, feed: recordsOf(object, portal) }],
      portal,
    );
    this.#object = object;
  }

  estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    return estimateWith({ object: this.#object, ownsSelection: true }, this.portal, state, mode);
  }

  readAgain(state: JsonObject, fields: readonly string[]): JsonObject | null {
    const properties = fields.map((field) => this.#object.layout.propertyOf(field));
    return properties.every((property) => property !== null) ? forgetProperties(state, properties) : null;
  }
}

/** The records of an object, as a feed. */
function recordsOf({ layout }: ObjectStream, { client }: PortalFacts): Feed {
  return {
    needs: { properties: null, links: [], histories: [] },
    cursorField: layout.cursorField,
    ownsSelection: true,
    output: () => new RecordsOutput(layout, () => instantOf(client.clock.now())),
  };
}
