import { type ObjectRow, propertyOf } from '../../hubspot/api/object-row.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import type { EpochMs } from '../../time.js';
import { removal, withRemovals } from '../core/removals.js';
import { catalogEntry, type Estimate, type PortalFacts, type StreamPlan } from '../core/stream.js';
import type { ObjectStream } from '../crm/object-stream.js';
import { FedStream, type StreamFeed } from '../crm/reading/fed-stream.js';
import type { ReadingPlan } from '../crm/reading/reading-plan.js';
import type { MergedAway } from '../crm/run/merges.js';
import type { ArchivedRecord, Emit, Erased, LiveRecord, ObjectOutput, Occasion } from '../crm/run/object-output.js';
import { utcText, wholeId } from '../layouts/fivetran-layout.js';
import { ENGAGEMENTS } from '../layouts/fivetran-names.js';
import { INTEGER, STRING } from '../layouts/property-schema.js';
import { SYNCED } from '../layouts/timestamps.js';
import { openParts, planOfParts } from './parts.js';

const NAME = 'engagement';
/** Where an e-mail was received or forwarded, the type says so. */
const DIRECTION = 'hs_email_direction';
const DIRECTIONS: Readonly<Record<string, string>> = {
  INCOMING_EMAIL: 'INCOMING_EMAIL',
  FORWARDED_EMAIL: 'FORWARDED_EMAIL',
};

/** The plan of the table of all engagements, with their types. It has no mark of deletion, and loses what is gone. */
export function engagementPlan(readings: readonly ReadingPlan[]): StreamPlan[] {
  const [first, ...others] = readings;
  if (!first) return [];
  return [
    {
      ...planOfParts(NAME, [first, ...others]),
      reading: { increment: 'with calls, e-mails and the like', calls: 'none of its own' },
      open: async (portal) => new EngagementStream(await openParts(NAME, readings, portal), portal),
      hiddenDeletions: () => null,
    },
  ];
}

class EngagementStream extends FedStream {
  constructor(objects: readonly ObjectStream[], portal: PortalFacts) {
    const feeds = objects.map((object): StreamFeed => {
      const { name } = object.type;
      const tellsDirection = name === 'emails' && isInClear(object, DIRECTION);
      const output = () => new EngagementOutput(name, tellsDirection, portal.id, () => portal.client.clock.now());
      const properties = tellsDirection ? [DIRECTION] : [];
      return {
        part: name,
        object,
        feed: {
          needs: { properties, links: [], histories: [] },
          cursorField: '_fivetran_synced',
          ownsSelection: false,
          output,
        },
      };
    });
    const schema = {
      id: INTEGER,
      type: {
        ...STRING,
        description: 'CALL, EMAIL, INCOMING_EMAIL, FORWARDED_EMAIL, MEETING, NOTE, TASK or COMMUNICATION.',
      },
      portal_id: INTEGER,
      _fivetran_synced: SYNCED,
    };
    super(NAME, withRemovals(catalogEntry(NAME, schema, ['id'], '_fivetran_synced'), ['id']), feeds, portal);
  }

  async estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    return { ...(await this.estimateFeeds(state, mode)), what: 'with calls, e-mails and the like', rows: null };
  }
}

/** Whether a property's values may be told. */
function isInClear({ hashed, excluded }: ObjectStream, name: string): boolean {
  return hashed?.names.has(name) !== true && !excluded.includes(name);
}

class EngagementOutput implements ObjectOutput {
  readonly ownsSelection = false;
  readonly isSwept = true;

  constructor(
    readonly object: string,
    readonly tellsDirection: boolean,
    readonly portalId: number | null,
    readonly now: () => EpochMs,
  ) {}

  publicState(cursor: string): JsonObject {
    return { _fivetran_synced: cursor };
  }

  async live(records: readonly LiveRecord[], occasion: Occasion, emit: Emit): Promise<void> {
    if (occasion.is === 'values') return;
    const synced = utcText(this.now());
    const encode = ({ row }: LiveRecord) => ({
      data: jsonText({
        id: wholeId(row.id),
        type: this.#typeOf(row),
        portal_id: this.portalId,
        _fivetran_synced: synced,
      }),
      changes: null,
    });
    await emit(records, encode, occasion.is === 'sweep');
  }

  #typeOf(row: ObjectRow): string | null {
    const usual = ENGAGEMENTS[this.object]?.type ?? null;
    return this.tellsDirection ? (DIRECTIONS[propertyOf(row, DIRECTION) ?? ''] ?? usual) : usual;
  }

  archived(records: readonly ArchivedRecord[], _: unknown, emit: Emit): Promise<void> {
    return emit(records, ({ row }) => removal({ id: wholeId(row.id) }));
  }

  merged(_: readonly MergedAway[], owed: readonly MergedAway[], emit: Emit): Promise<void> {
    return emit(owed, ({ id }) => removal({ id: wholeId(id) }));
  }

  erased(gone: readonly Erased[], emit: Emit): Promise<void> {
    return emit(gone, ({ id }) => removal({ id: wholeId(id) }));
  }

  left(rows: readonly ObjectRow[], emit: Emit): Promise<void> {
    return emit(rows, ({ id }) => removal({ id: wholeId(id) }));
  }
}
