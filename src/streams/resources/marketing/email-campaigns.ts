import type { Item } from '../../../hubspot/api/endpoint.js';
import { paths } from '../../../hubspot/client/paths.js';
import { isObject } from '../../../json.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { MS_A_DAY } from '../../../time.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { INTEGER, OBJECT, STRING } from '../../layouts/property-schema.js';
import { ofEach } from '../../strategies/parents.js';
import { MILLISECONDS, pick } from '../../strategies/resource.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection, single } from '../collection.js';
import { TIERS } from '../tiers.js';

/** What is counted of an e-mail, each a field of its own, as in source-hubspot. */
const COUNTERS = [
  'open',
  'processed',
  'sent',
  'deferred',
  'unsubscribed',
  'statuschange',
  'bounce',
  'mta_dropped',
  'dropped',
  'suppressed',
  'click',
  'delivered',
  'forward',
  'print',
  'reply',
  'spamreport',
];

const SCHEMA: JsonObject = {
  appId: INTEGER,
  appName: STRING,
  contentId: INTEGER,
  counters: OBJECT,
  ...Object.fromEntries(COUNTERS.map((counter) => [`counters_${counter}`, INTEGER])),
  id: INTEGER,
  lastProcessingFinishedAt: MILLISECONDS,
  lastProcessingStateChangeAt: MILLISECONDS,
  lastProcessingStartedAt: MILLISECONDS,
  processingState: STRING,
  name: STRING,
  numIncluded: INTEGER,
  numQueued: INTEGER,
  subType: STRING,
  subject: STRING,
  type: STRING,
  lastUpdatedTime: MILLISECONDS,
};

/** The counters of younger ones move without their time of update. */
const YOUNG_MS = 30 * MS_A_DAY;

const LIST = collection('email', 'e-mail campaigns', paths.emailCampaigns(), {
  results: 'campaigns',
  paging: 'offset',
  limit: 500,
});

const detailOf = (id: string, appId: unknown) =>
  single('email', 'e-mail campaign', paths.emailCampaign(id), {
    what: `e-mail campaign ${id}`,
    query: { appId: String(appId) },
  });

/** How e-mails that were sent to many are read: each by itself. */
export const EMAIL_CAMPAIGNS = {
  tier: TIERS.email,
  group: 'marketing',
  isDefault: true,
  scopes: [['content']],
  subject: 'content',
  endpoint: detailOf('0', 0),
  partitions: ofEach({
    endpoints: [LIST],
    id: 'id',
    as: 'campaignId',
    others: { appId: 'appId', appName: 'appName', lastUpdatedTime: 'lastUpdatedTime' },
    collectionsOf: ({ id, item }) => [detailOf(id, item.appId)],
    fingerprint: ({ lastUpdatedTime }, now) =>
      Number(lastUpdatedTime) > now - YOUNG_MS ? null : String(lastUpdatedTime),
  }),
} as const;

/** Each e-mail that was sent to many, in source-hubspot's layout. HubSpot's list only says which there are. */
const campaigns = whole({
  ...EMAIL_CAMPAIGNS,
  name: 'campaigns',
  key: 'id',
  cursor: 'lastUpdatedTime',
  schema: SCHEMA,
  record: withCounters,
});

function withCounters(campaign: Item): JsonObject {
  const counters = isObject(campaign.counters) ? Object.entries(campaign.counters) : [];
  return pick(SCHEMA, {
    ...campaign,
    ...Object.fromEntries(counters.map(([name, count]) => [`counters_${name}`, count])),
  });
}

export const emailCampaigns: readonly StreamDeclaration[] = [campaigns];
