import type { CollectionItem, CollectionOptions } from '../portal/collection.js';

const DAY_MS = 86_400_000;
const LIST = '/email/public/v1/campaigns/by-id';
/** Those that the sample's events of e-mails name. */
const IDS = ['9001', '9002', '9003', '9004', '9005'];

/** E-mails that were sent to many: the list says which there are, and each answers for itself. @param now epoch ms */
export function emailCampaignResources(now: number): CollectionOptions[] {
  const all = (make: (n: number, id: string) => object) =>
    Object.fromEntries(IDS.map((id, index) => [id, make(index + 1, id)]));
  return [
    {
      path: LIST,
      // The recent ones: of a sample, all.
      olderPath: '/email/public/v1/campaigns',
      scopes: [['content']],
      paging: 'ids',
      pages: [100, 500],
      results: 'campaigns',
      shape: ({ id, members, updatedAt }: CollectionItem) => ({
        ...members,
        id: Number(id),
        lastUpdatedTime: Math.round(updatedAt),
      }),
      madeAt: (id) => now - (Number(id) - 9000) * 20 * DAY_MS,
      items: all(() => ({ appId: 113, appName: 'Batch' })),
    },
    {
      path: '/email/public/v1/campaigns/:campaign',
      scopes: [['content']],
      paging: 'one',
      within: { of: LIST, id: 'campaign', by: { campaign: 'campaign' } },
      shape: ({ members }: CollectionItem) => {
        const { campaign, ...rest } = members as { campaign: string };
        return { ...rest, id: Number(campaign) };
      },
      items: all((n, campaign) => ({
        campaign,
        appId: 113,
        appName: 'Batch',
        contentId: 4000 + n,
        counters: { sent: 100 * n, processed: 101 * n, delivered: 98 * n, open: 40 * n, click: 7 * n, mta_dropped: n },
        lastProcessingStartedAt: now - n * 20 * DAY_MS,
        lastProcessingFinishedAt: now - n * 20 * DAY_MS + 60_000,
        lastProcessingStateChangeAt: now - n * 20 * DAY_MS + 60_000,
        processingState: 'PROCESSED',
        name: `News ${n}`,
        numIncluded: 101 * n,
        numQueued: 101 * n,
        subType: 'BATCH_EMAIL',
        subject: `What is new ${n}`,
        type: 'BATCH_EMAIL',
      })),
    },
  ];
}
