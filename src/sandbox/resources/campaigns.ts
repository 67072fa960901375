import type { Collection, CollectionItem, CollectionOptions } from '../portal/collection.js';
import { numbered } from './sample.js';

const CAMPAIGNS = '/marketing/campaigns/:date';
const ASSETS = `${CAMPAIGNS}/:campaign/assets/:type`;
const OLDER = '/marketing/v3/campaigns';
const SCOPES = [['marketing.campaigns.read']];
const FIRST_CAMPAIGN = 2201;
const COUNT = 7;

/** The campaign that the n-th thing belongs to. */
const campaignOf = (n: number) => String(FIRST_CAMPAIGN + 7 * (n % COUNT));

/** What campaigns have: assets, each of a kind, and reports that are one answer each. */
export function campaignResources(): CollectionOptions[] {
  return [
    {
      path: ASSETS,
      olderPath: `${OLDER}/:campaign/assets/:type`,
      scopes: SCOPES,
      pages: [10, 100],
      within: { of: CAMPAIGNS, id: 'campaign', by: { campaign: 'campaign', type: 'type' } },
      shape: assetShape,
      items: numbered(16, 2401, (n) => ({
        campaign: campaignOf(n),
        type: ['FORM', 'EMAIL', 'OBJECT_LIST'][n % 3],
        asset: [String(2001 + 7 * (n % 9)), String(2501 + 7 * (n % 6)), String(901 + 7 * (n % 12))][n % 3],
        name: `Asset ${n}`,
      })),
    },
    {
      path: `${CAMPAIGNS}/batch/read`,
      olderPath: `${OLDER}/batch/read`,
      scopes: SCOPES,
      paging: 'batch',
      batch: { of: CAMPAIGNS, most: 50, more: (campaign, at) => ({ assets: assetsOf(campaign.id, at(ASSETS)) }) },
    },
    report('budget/totals', (n) => ({
      currencyCode: 'EUR',
      budgetTotal: 1000.5 * n,
      spendTotal: 250 * n,
      remainingBudget: 750.5 * n,
      budgetItems: [{ id: String(100 + n), name: 'Ads', amount: 1000.5 * n, order: 0 }],
      spendItems: Array.from({ length: n % 3 }, (_, at) => ({
        id: String(1000 * n + at),
        name: `Spend ${at}`,
        description: 'What was spent',
        amount: 250 * n,
        order: at,
        createdAt: Date.UTC(2026, 0, n),
        updatedAt: Date.UTC(2026, 1, n),
      })),
    })),
    report('reports/metrics', (n) => ({
      sessions: 40 * n,
      newContactsFirstTouch: 3 * n,
      newContactsLastTouch: 2 * n,
      influencedContacts: 9 * n,
    })),
    report(
      'reports/revenue',
      (n) => ({
        contactsNumber: n,
        dealAmount: 100.25 * n,
        dealsNumber: n,
        revenueAmount: 50.75 * n,
        currencyCode: 'EUR',
      }),
      [['marketing.campaigns.revenue.read']],
    ),
  ];
}

function report(name: string, of: (n: number) => object, scopes = SCOPES): CollectionOptions {
  return {
    path: `${CAMPAIGNS}/:campaign/${name}`,
    olderPath: `${OLDER}/:campaign/${name}`,
    scopes,
    paging: 'one',
    within: { of: CAMPAIGNS, id: 'campaign', by: { campaign: 'campaign' } },
    shape: ({ members }) => ({ ...members, campaign: undefined }),
    items: numbered(COUNT, 1, (n) => ({ campaign: campaignOf(n), ...of(n) })),
  };
}

function assetShape({ members }: CollectionItem): object {
  const { asset, name } = members as { asset: string; name: string };
  return { id: asset, name };
}

/** The assets of a campaign by their kinds, each a collection. */
function assetsOf(campaign: string, assets: Collection): object {
  const byType = new Map<string, object[]>();
  for (const item of assets.list(false)) {
    const members = item.members as { campaign: string; type: string };
    if (members.campaign !== campaign) continue;
    byType.set(members.type, [...(byType.get(members.type) ?? []), assetShape(item)]);
  }
  return Object.fromEntries([...byType].map(([type, results]) => [type, { results }]));
}
