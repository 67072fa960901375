import type { Endpoint } from '../../../hubspot/api/endpoint.js';
import { paths } from '../../../hubspot/client/paths.js';
import { isObject, memberOf } from '../../../json.js';
import type { JsonObject } from '../../../protocol/messages.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { DECIMAL, INTEGER, OBJECT, OBJECTS, STRING } from '../../layouts/property-schema.js';
import { ofEach } from '../../strategies/parents.js';
import { MILLISECONDS } from '../../strategies/resource.js';
import type { WholeResource } from '../../strategies/whole/resource.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection, itemsIn, single } from '../collection.js';
import { TIERS } from '../tiers.js';
import { MARKETING_CAMPAIGNS } from './marketing.js';

/**
 * What HubSpot tells of each marketing campaign. It changes without the campaign's time of update, so that every campaign is asked for in
 * each sync.
 */

const PARENTS = { endpoints: [MARKETING_CAMPAIGNS], id: 'id', as: 'campaignId' };
const OF_CAMPAIGNS = {
  group: 'marketing',
  tier: TIERS.marketing,
  scopes: [['marketing.campaigns.read']],
  subject: 'campaigns',
  cursor: null,
} as const;

/** HubSpot takes this many campaigns in a batch. */
const BATCH = 50;

const ASSETS = {
  most: BATCH,
  endpoint: (ids: readonly string[]): Endpoint =>
    collection('campaigns', 'assets of campaigns', paths.campaignsBatch(), {
      olderPath: '/marketing/v3/campaigns/batch/read',
      body: { inputs: ids.map((id) => ({ id })) },
      paging: 'none',
    }),
};

const assets = whole({
  ...OF_CAMPAIGNS,
  name: 'marketing_campaign_assets',
  endpoint: ASSETS.endpoint([]),
  partitions: ofEach({ ...PARENTS, together: ASSETS }),
  itemsOf: ({ id: campaignId, assets: byType }) =>
    Object.entries(isObject(byType) ? byType : {}).flatMap(([assetType, all]) =>
      itemsIn(memberOf(all, 'results')).map((asset) => ({ ...asset, campaignId, assetType })),
    ),
  key: ['campaignId', 'assetType', 'id'],
  schema: { campaignId: STRING, assetType: STRING, id: STRING, name: STRING, metrics: OBJECT },
});

/** A stream of one answer for each campaign. */
function ofCampaign(
  name: string,
  report: string,
  schema: JsonObject,
  more: Partial<WholeResource> & { query?: Readonly<Record<string, string>> } = {},
): StreamDeclaration {
  const { query = {}, ...others } = more;
  const endpointOf = (id: string): Endpoint =>
    single('campaigns', `${report} of campaigns`, paths.campaign(id, report), {
      what: `the ${report} of campaign ${id}`,
      olderPath: `/marketing/v3/campaigns/${id}/${report}`,
      query,
      isShared: true,
    });
  return whole({
    ...OF_CAMPAIGNS,
    name,
    endpoint: endpointOf('0'),
    partitions: ofEach({ ...PARENTS, collectionsOf: ({ id }) => [endpointOf(id)] }),
    key: 'campaignId',
    schema: { campaignId: STRING, ...schema },
    ...others,
  });
}

const BUDGET = 'budget/totals';

const budget = ofCampaign('marketing_campaign_budget', BUDGET, {
  currencyCode: STRING,
  budgetTotal: DECIMAL,
  spendTotal: DECIMAL,
  remainingBudget: DECIMAL,
  budgetItems: OBJECTS,
});

const spend = ofCampaign(
  'marketing_campaign_spend',
  BUDGET,
  {
    id: STRING,
    name: STRING,
    description: STRING,
    amount: DECIMAL,
    order: INTEGER,
    createdAt: MILLISECONDS,
    updatedAt: MILLISECONDS,
  },
  {
    key: ['campaignId', 'id'],
    cursor: 'updatedAt',
    itemsOf: ({ campaignId, spendItems }) => itemsIn(spendItems).map((item) => ({ ...item, campaignId })),
  },
);

const metrics = ofCampaign('marketing_campaign_metrics', 'reports/metrics', {
  sessions: INTEGER,
  newContactsFirstTouch: INTEGER,
  newContactsLastTouch: INTEGER,
  influencedContacts: INTEGER,
});

const revenue = ofCampaign(
  'marketing_campaign_revenue',
  'reports/revenue',
  {
    contactsNumber: INTEGER,
    dealAmount: DECIMAL,
    dealsNumber: INTEGER,
    revenueAmount: DECIMAL,
    currencyCode: STRING,
  },
  { scopes: [['marketing.campaigns.revenue.read']] },
);

export const campaigns: readonly StreamDeclaration[] = [assets, budget, spend, metrics, revenue];
