import type { Item } from '../../../hubspot/api/endpoint.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { type Instant, timeOf } from '../../../time.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, INTEGER, OBJECT, OBJECTS, STRING, STRINGS } from '../../layouts/property-schema.js';
import { byWindow } from '../../strategies/by-window/by-window.js';
import { contentHash } from '../../strategies/content-memory.js';
import { MILLISECONDS, pick } from '../../strategies/resource.js';
import { collection } from '../collection.js';
import { TIERS } from '../tiers.js';

/** What happened to e-mails. HubSpot has no dated paths for it; its offsets are short-lived, so no window is read for long. */
const EVENTS = {
  group: 'marketing',
  tier: TIERS.email,
  scopes: [['content']],
  // HubSpot includes both ends.
  window: (from: Instant, to: Instant) => ({
    startTimestamp: String(timeOf(from)),
    endTimestamp: String(timeOf(to) - 1),
  }),
  order: 'newest first',
  sliceDays: 1,
  // Other connectors have seen events come within the hour.
  overlapMinutes: 60,
  keptDays: null,
} as const;

/** How events of e-mails are read: all types together. */
export const EMAIL_EVENTS = {
  ...EVENTS,
  endpoint: collection('email', 'email events', paths.emailEvents(), {
    results: 'events',
    paging: 'offset',
    limit: 1000,
  }),
} as const;

const emailEvents = byWindow({
  ...EMAIL_EVENTS,
  name: 'email_events',
  key: 'id',
  cursor: 'created',
  schema: {
    id: STRING,
    type: STRING,
    created: MILLISECONDS,
    recipient: STRING,
    emailCampaignId: {
      ...INTEGER,
      description: 'The id of campaigns, and among allEmailCampaignIds of marketing emails.',
    },
    emailCampaignGroupId: INTEGER,
    portalId: INTEGER,
    appId: INTEGER,
    appName: STRING,
    attempt: INTEGER,
    bcc: STRINGS,
    bounced: BOOLEAN,
    browser: OBJECT,
    category: STRING,
    causedBy: OBJECT,
    cc: STRINGS,
    deviceType: STRING,
    dropMessage: STRING,
    dropReason: STRING,
    duration: INTEGER,
    filteredEvent: BOOLEAN,
    from: STRING,
    hmid: STRING,
    ipAddress: STRING,
    linkId: INTEGER,
    location: OBJECT,
    obsoletedBy: OBJECT,
    portalSubscriptionStatus: STRING,
    referer: STRING,
    replyTo: STRINGS,
    requestedBy: STRING,
    requestedByUserId: INTEGER,
    response: STRING,
    sentBy: OBJECT,
    smtpId: STRING,
    source: STRING,
    sourceId: STRING,
    status: STRING,
    subject: STRING,
    subscriptions: OBJECTS,
    url: STRING,
    userAgent: STRING,
  },
});

const CHANGE: JsonObject = {
  id: { ...STRING, description: 'A hash of the change: HubSpot gives it no id.' },
  timestamp: MILLISECONDS,
  portalId: INTEGER,
  recipient: STRING,
  normalizedEmailId: STRING,
  changes: OBJECTS,
};

/** How changes of subscriptions are read. */
export const SUBSCRIPTION_TIMELINE = {
  ...EVENTS,
  endpoint: collection('email', 'subscription changes', paths.subscriptionTimeline(), {
    results: 'timeline',
    paging: 'offset',
    limit: 1000,
    id: 'timestamp',
  }),
} as const;

const subscriptionChanges = byWindow({
  ...SUBSCRIPTION_TIMELINE,
  name: 'subscription_changes',
  key: 'id',
  cursor: 'timestamp',
  schema: CHANGE,
  record: (change: Item) => ({ ...pick(CHANGE, change), id: contentHash(JSON.stringify(change)) }),
});

export const emailHistory: readonly StreamDeclaration[] = [emailEvents, subscriptionChanges];
