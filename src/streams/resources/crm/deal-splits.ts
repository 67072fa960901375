import { DEAL_SPLITS_LIMIT, readDealSplits } from '../../../hubspot/api/deal-splits.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { standardObject } from '../../../hubspot/api/object-types.js';
import { CALLS } from '../../../hubspot/client/calls.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import { isFrom } from '../../../time.js';
import { catalogEntry, type PortalFacts, type StreamDeclaration } from '../../core/stream.js';
import { airbyteLayout } from '../../layouts/airbyte-layout.js';
import { kindOf } from '../../layouts/coerce.js';
import { columnsLayout } from '../../layouts/columns-layout.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { Children } from '../../strategies/children/children.js';

const DEAL = standardObject('deals');

/** The properties that HubSpot is known to return. */
const PROPERTIES = [
  { name: 'hs_deal_split_amount', label: 'Deal split amount', type: 'number' },
  { name: 'hs_deal_split_percentage', label: 'Deal split percentage', type: 'number' },
  { name: 'hubspot_owner_id', label: 'Owner', type: 'enumeration' },
];

/** A split with the deal that it divides. */
interface Split {
  dealId: string;
  row: ObjectRow;
}

/** How the amount of a deal is divided among its owners. A change of splits replaces them, and modifies the deal. */
export const dealSplits: StreamDeclaration = {
  name: 'deal_splits',
  group: 'crm',
  plan: (name = 'deal_splits') => ({
    name,
    scopes: [['crm.dealsplits.read_write'], ...DEAL.scopes],
    subject: 'deal_splits',
    objectTypeId: null,
    tier: 'Sales Hub Enterprise',
    reading: { increment: 'deals that were modified', calls: '1 for 100 deals' },
    probe: async (portal) => open(name, portal).probe(),
    open: async (portal) => open(name, portal),
    hiddenDeletions: () => null,
  }),
};

function open(name: string, portal: PortalFacts): Children<Split> {
  const { numbersAsStrings, deletes, layout: form, startDate } = portal.config;
  const input = {
    properties: PROPERTIES,
    kinds: PROPERTIES.map(({ type }) => (numbersAsStrings ? 'string' : kindOf(type))),
    // The deal is the one association of a split.
    associations: ['deals'],
    cdc: deletes === 'cdc',
    filtered: false,
    hashed: null,
    localDates: null,
  };
  const layout = form === 'airbyte' ? airbyteLayout(input, new Map()) : columnsLayout(input);
  return new Children<Split>(
    {
      entry: catalogEntry(name, layout.schema, [layout.primaryKey], layout.cursorField),
      noun: 'splits',
      parent: DEAL,
      kind: CALLS.dealSplits,
      parentsPerCall: DEAL_SPLITS_LIMIT,
      read: readSplits,
      encode: ({ dealId, row }) => layout.encode(row, [[dealId]], null),
      increments: {
        parentOf: ({ dealId }) => dealId,
        idOf: ({ row }) => row.id,
        contentOf: ({ row }) => row,
        isLive: ({ row }) => row.archived !== true,
        isWanted: ({ row }) => isFrom(updatedAtOf(row), startDate),
        tombstone:
          deletes === 'off' ? null : (id, at) => layout.encodeMergedAway(id, at, { archivedAt: at, mergedInto: null }),
      },
    },
    portal,
  );
}

async function* readSplits(client: HubSpotClient, dealIds: readonly string[]): AsyncGenerator<Split[]> {
  const found = await readDealSplits(client, dealIds);
  yield [...found].flatMap(([dealId, rows]) => rows.map((row) => ({ dealId, row })));
}
