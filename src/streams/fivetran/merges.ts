import { jsonText } from '../../protocol/encode.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import { type EpochMs, timeOf } from '../../time.js';
import { removal, withRemovals } from '../core/removals.js';
import type { EncodedRecord } from '../core/sink.js';
import { catalogEntry, type Estimate, type PortalFacts, type StreamPlan } from '../core/stream.js';
import { planOf } from '../crm/object-plan.js';
import type { ObjectStream } from '../crm/object-stream.js';
import { FedStream } from '../crm/reading/fed-stream.js';
import type { ReadingPlan } from '../crm/reading/reading-plan.js';
import type { MergedAway } from '../crm/run/merges.js';
import type { Emit, ObjectOutput } from '../crm/run/object-output.js';
import { utcText, wholeId } from '../layouts/fivetran-layout.js';
import { INTEGER, STRING } from '../layouts/property-schema.js';
import { SYNCED, TIMESTAMP } from '../layouts/timestamps.js';

/** A table of the records of an object that were merged into others. */
interface MergesTable {
  name: string;
  key: readonly string[];
  /** The column with the id of the record that is gone: of a chain of merges only the last survivor has a row with it. */
  loser: string;
  schema: JsonObject;
  row(merged: MergedAway): JsonObject;
}

const LOST: JsonObject = { ...STRING, description: 'Always null: HubSpot does not tell it any more.' };

const MERGED_DEALS: MergesTable = {
  name: 'merged_deal',
  key: ['deal_id', 'merged_deal_id'],
  loser: 'merged_deal_id',
  schema: {
    deal_id: { ...INTEGER, description: 'The deal that goes on: the last one of a chain of merges.' },
    merged_deal_id: { ...INTEGER, description: 'The deal that was merged into it.' },
    _fivetran_synced: SYNCED,
  },
  row: ({ id, survivor }) => ({ deal_id: wholeId(survivor), merged_deal_id: wholeId(id) }),
};

/** HubSpot's audit of merges ended in 2022: rebuilt from the ids that contacts list as merged into them. */
const CONTACT_MERGES: MergesTable = {
  name: 'contact_merge_audit',
  key: ['canonical_vid', 'vid_to_merge'],
  loser: 'vid_to_merge',
  schema: {
    canonical_vid: { ...INTEGER, description: 'The contact that goes on: the last one of a chain of merges.' },
    vid_to_merge: { ...INTEGER, description: 'The contact that was merged into it.' },
    contact_id: INTEGER,
    timestamp: {
      ...TIMESTAMP,
      description: 'When the contact that goes on was updated, as first seen with the merge.',
    },
    entity_id: LOST,
    first_name: LOST,
    last_name: LOST,
    num_properties_moved: { ...LOST, ...INTEGER },
    user_id: { ...LOST, ...INTEGER },
    _fivetran_synced: SYNCED,
  },
  row: ({ id, survivor, updatedAt }) => ({
    canonical_vid: wholeId(survivor),
    vid_to_merge: wholeId(id),
    contact_id: wholeId(survivor),
    timestamp: updatedAt === null ? null : utcText(timeOf(updatedAt)),
  }),
};

/** The tables of merges, by object. */
const TABLES: Readonly<Record<string, MergesTable>> = { deals: MERGED_DEALS, contacts: CONTACT_MERGES };

/** The plan of the table of an object's merges; none: Fivetran has no such table. */
export function mergesPlan(reading: ReadingPlan): StreamPlan[] {
  const table = TABLES[reading.selection.type.name];
  if (!table) return [];
  const { name } = table;
  return [
    {
      ...planOf(reading),
      name,
      reading: { increment: 'with its object', calls: 'none of its own' },
      open: async (portal) => new MergesStream(table, await reading.open(portal), portal),
      hiddenDeletions: () => null,
    },
  ];
}

class MergesStream extends FedStream {
  constructor(table: MergesTable, object: ObjectStream, portal: PortalFacts) {
    const { name, schema, key, loser } = table;
    const feed = {
      needs: { properties: [], links: [], histories: [] },
      cursorField: '_fivetran_synced',
      ownsSelection: false,
      output: () => new MergesOutput(table, () => portal.client.clock.now()),
    };
    const entry = withRemovals(catalogEntry(name, schema, key, '_fivetran_synced'), [loser]);
    super(name, entry, [{ part: '', object, feed }], portal);
  }

  async estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    return { ...(await this.estimateFeeds(state, mode)), what: 'with its object', rows: null };
  }
}

/** The merges that records tell of. What was merged into a record that is merged itself goes on to the last survivor. */
class MergesOutput implements ObjectOutput {
  readonly ownsSelection = false;
  readonly tellsMerges = true;

  constructor(
    readonly table: MergesTable,
    readonly now: () => EpochMs,
  ) {}

  publicState(cursor: string): JsonObject {
    return { _fivetran_synced: cursor };
  }

  async live(): Promise<void> {}

  merged(all: readonly MergedAway[], _: unknown, emit: Emit): Promise<void> {
    const records = all.flatMap((each): EncodedRecord[] => {
      const row = { ...this.table.row(each), _fivetran_synced: utcText(this.now()) };
      return [removal({ [this.table.loser]: wholeId(each.id) }), { data: jsonText(row), changes: null }];
    });
    return emit(records, (record) => record);
  }
}
