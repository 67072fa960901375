import type { SourceConfig } from '../../config/source.js';
import { airbyteLayout } from '../layouts/airbyte-layout.js';
import { kindOf } from '../layouts/coerce.js';
import { columnsLayout } from '../layouts/columns-layout.js';
import type { Layout } from '../layouts/layout.js';

/** How the amount of a deal is divided among its owners: splits, which are read by their deals. */
export interface DealSplitStream {
  kind: 'dealSplits';
  name: string;
  layout: Layout;
  /** Splits last updated before this instant are left out; null: none are. */
  updatedAfter: string | null;
  /** Whether a split that its deal no longer has becomes a tombstone. */
  marksDeletes: boolean;
}

/** What HubSpot is known to answer of a split. */
const PROPERTIES = [
  { name: 'hs_deal_split_amount', label: 'Deal split amount', type: 'number' },
  { name: 'hs_deal_split_percentage', label: 'Deal split percentage', type: 'number' },
  { name: 'hubspot_owner_id', label: 'Owner', type: 'enumeration' },
];

/** The deal is the one association of a split. */
export const DEALS = 'deals';

export function dealSplitStream(name: string, config: SourceConfig): DealSplitStream {
  const kinds = PROPERTIES.map(({ type }) => (config.numbersAsStrings ? 'string' : kindOf(type)));
  const input = {
    properties: PROPERTIES,
    kinds,
    associations: [DEALS],
    cdc: config.deletes === 'cdc',
    filtered: false,
  };
  return {
    kind: 'dealSplits',
    name,
    layout: config.layout === 'airbyte' ? airbyteLayout(input, new Map()) : columnsLayout(input),
    updatedAfter: config.startDate,
    marksDeletes: config.deletes !== 'off',
  };
}
