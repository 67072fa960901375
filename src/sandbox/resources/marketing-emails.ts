import { iso } from '../portal/clock.js';
import { type CollectionItem, type CollectionOptions, itemJson } from '../portal/collection.js';
import { numbered } from './sample.js';

const EMAILS = '/marketing/emails/:date';
const OLDER = '/marketing/v3/emails';
const SCOPES = [['content', 'marketing-email', 'marketing.email.read']];
const DAY_MS = 24 * 3_600_000;
const FIRST = 2501;
const COUNT = 12;

/** Marketing emails, of which every third is a draft, and what is counted of each. @param now epoch ms */
export function marketingEmailResources(now: number): CollectionOptions[] {
  const madeAt = (n: number) => now - (COUNT - n) * 20 * DAY_MS - DAY_MS;
  return [
    {
      path: EMAILS,
      olderPath: OLDER,
      scopes: SCOPES,
      pages: [10, 300],
      asked,
      shape: emailShape,
      madeAt: (id) => madeAt((Number(id) - FIRST) / 7 + 1),
      items: numbered(COUNT, FIRST, (n) => ({
        name: `News ${n}`,
        subject: `What is new in month ${n}`,
        type: 'BATCH_EMAIL',
        subcategory: 'batch',
        state: isDraft(n) ? 'DRAFT' : 'PUBLISHED',
        isPublished: !isDraft(n),
        isTransactional: false,
        language: 'en',
        campaign: String(2201 + 7 * (n % 7)),
        campaignName: `Campaign ${(n % 7) + 1}`,
        primaryEmailCampaignId: String(9001 + (n % 5)),
        allEmailCampaignIds: [String(9001 + (n % 5))],
        from: { fromName: 'News', replyTo: 'news@sandbox.example' },
        to: { contactLists: { include: ['901'], exclude: [] } },
        content: { flexAreas: { main: { sections: [] } }, plainTextVersion: `Text ${n}` },
        subscriptionDetails: { subscriptionId: '2101' },
        webversion: { enabled: true, slug: `news-${n}` },
        ...(isDraft(n) ? {} : { publishDate: iso(madeAt(n) + 3_600_000), publishedById: '9300000' }),
        counted: { sent: 100 * n, delivered: 98 * n, open: 40 * n, click: 5 * n },
      })),
    },
    {
      path: `${EMAILS}/statistics/list`,
      olderPath: `${OLDER}/statistics/list`,
      scopes: SCOPES,
      required: ['startTimestamp', 'endTimestamp'],
      about: { of: EMAILS, by: 'emailIds', answer: statisticsOf },
    },
  ];
}

const isDraft = (n: number) => n % 3 === 0;

/** Asked for statistics, HubSpot leaves out emails that have none: those that were never sent. */
function asked({ members, createdAt }: CollectionItem, query: URLSearchParams): object | null {
  const { counted, isPublished } = members as { counted: Record<string, number>; isPublished: boolean };
  const after = query.get('createdAfter');
  if (after !== null && !(createdAt > Date.parse(after))) return null;
  if (query.get('includeStats') !== 'true') return {};
  return isPublished ? { stats: statsOf(counted) } : null;
}

function statsOf(counters: Record<string, number>): object {
  const { sent = 0, open = 0 } = counters;
  return { counters, ratios: { openratio: sent === 0 ? 0 : open / sent }, deviceBreakdown: {}, qualifierStats: {} };
}

/** An archived email says when under another name. */
function emailShape(item: CollectionItem): object {
  const { counted: _, archivedAt, ...rest } = itemJson(item);
  return { ...rest, ...(archivedAt === undefined ? {} : { deletedAt: archivedAt }) };
}

function statisticsOf({ id, members }: CollectionItem): object {
  const { counted, primaryEmailCampaignId } = members as {
    counted: Record<string, number>;
    primaryEmailCampaignId: string;
  };
  const aggregate = statsOf(counted);
  return { aggregate, campaignAggregations: { [primaryEmailCampaignId]: aggregate }, emails: [Number(id)] };
}
