import type { Endpoint, Item } from '../../../hubspot/api/endpoint.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { justBefore, MS_A_DAY, timeOf } from '../../../time.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, STRING, STRINGS } from '../../layouts/property-schema.js';
import { byCursor } from '../../strategies/by-cursor/by-cursor.js';
import { ofEach } from '../../strategies/parents.js';
import { asJson } from '../../strategies/resource.js';
import { whole } from '../../strategies/whole/whole.js';
import { archivedOf, collection, single } from '../collection.js';
import { TIERS } from '../tiers.js';

const EMAILS = collection('emails', 'marketing emails', paths.marketingEmails(), {
  olderPath: '/marketing/v3/emails',
  limit: 250,
});
const COMMON = {
  group: 'marketing',
  tier: TIERS.email,
  scopes: [['content', 'marketing-email', 'marketing.email.read']],
  subject: 'email',
} as const;

const marketingEmails = byCursor({
  ...COMMON,
  name: 'marketing_emails',
  isDefault: true,
  endpoint: EMAILS,
  // Asked for statistics, HubSpot leaves out emails, so that it is asked again without.
  passes: [{ includeStats: 'true' }, {}],
  // HubSpot leaves out what was updated at the very instant.
  since: (instant) => ({ updatedAfter: justBefore(instant) }),
  young: {
    days: 90,
    madeSince: (instant) => ({ createdAfter: justBefore(instant) }),
    madeAt: ({ createdAt }) => (typeof createdAt === 'string' ? createdAt : null),
  },
  archived: {
    endpoint: archivedOf(EMAILS),
    archivedAt: ({ deletedAt, archivedAt }) => stringOf(deletedAt) ?? stringOf(archivedAt),
  },
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    name: STRING,
    subject: STRING,
    type: STRING,
    subcategory: STRING,
    state: STRING,
    isPublished: BOOLEAN,
    isTransactional: BOOLEAN,
    isAb: BOOLEAN,
    sendOnPublish: BOOLEAN,
    jitterSendTime: BOOLEAN,
    language: STRING,
    activeDomain: STRING,
    businessUnitId: STRING,
    campaign: STRING,
    campaignName: STRING,
    campaignUtm: STRING,
    clonedFrom: STRING,
    primaryEmailCampaignId: STRING,
    allEmailCampaignIds: { ...STRINGS, description: 'The emailCampaignId of email_events, and the id of campaigns.' },
    emailCampaignGroupId: STRING,
    feedbackSurveyId: STRING,
    folderId: INTEGER,
    folderIdV2: INTEGER,
    from: OBJECT,
    to: OBJECT,
    content: OBJECT,
    stats: { ...OBJECT, description: 'HubSpot counts after an email is sent: it is read again for 90 days.' },
    subscriptionDetails: OBJECT,
    webversion: OBJECT,
    rssData: OBJECT,
    testing: OBJECT,
    workflowNames: STRINGS,
    teamsWithAccess: STRINGS,
    usersWithAccess: STRINGS,
    createdById: STRING,
    updatedById: STRING,
    publishedById: STRING,
    publishedByName: STRING,
    publishedByEmail: STRING,
    publishDate: INSTANT,
    publishedAt: INSTANT,
    unpublishedAt: INSTANT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    updated: INTEGER,
    deletedAt: INSTANT,
  },
});

function stringOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Emails with what the next stream needs of them. Their contents are large. */
const BRIEF: Endpoint = {
  ...EMAILS,
  query: { includedProperties: 'id,isPublished,publishDate,createdAt,updatedAt' },
};

function statisticsOf(id: string, item: Item): Endpoint {
  const start = stringOf(item.publishDate) ?? stringOf(item.createdAt) ?? '2006-01-01T00:00:00Z';
  return single('emails', `statistics of email ${id}`, paths.emailStatistics(), {
    olderPath: '/marketing/v3/emails/statistics/list',
    query: { emailIds: id, startTimestamp: start, endTimestamp: '2100-01-01T00:00:00Z' },
  });
}

const STATISTICS: JsonObject = {
  emailId: STRING,
  counters: OBJECT,
  ratios: OBJECT,
  deviceBreakdown: OBJECT,
  qualifierStats: OBJECT,
  campaignAggregations: OBJECT,
};

/** What HubSpot counts of each published email: read again for 30 days behind its publication, and where the email was updated. */
const emailStatistics = whole({
  ...COMMON,
  name: 'marketing_email_statistics',
  endpoint: statisticsOf('0', {}),
  partitions: ofEach({
    endpoints: [BRIEF],
    id: 'id',
    as: 'emailId',
    isWanted: ({ isPublished }) => isPublished === true,
    collectionsOf: ({ id, item }) => [statisticsOf(id, item)],
    fingerprint: ({ publishDate, updatedAt }, now) => {
      const publishedAt = timeOf(String(publishDate));
      return now - publishedAt < 30 * MS_A_DAY ? null : String(updatedAt);
    },
  }),
  key: 'emailId',
  cursor: null,
  schema: STATISTICS,
  record: ({ emailId, aggregate, campaignAggregations }: Item) => {
    const counted = (asJson(aggregate) ?? {}) as JsonObject;
    const members = ['counters', 'ratios', 'deviceBreakdown', 'qualifierStats'].map((name) => [
      name,
      counted[name] ?? null,
    ]);
    return {
      emailId: asJson(emailId),
      ...Object.fromEntries(members),
      campaignAggregations: asJson(campaignAggregations),
    };
  },
});

export const emails: readonly StreamDeclaration[] = [marketingEmails, emailStatistics];
