import type { Item } from '../../../hubspot/api/endpoint.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, OBJECTS, STRING } from '../../layouts/property-schema.js';
import { contentHash } from '../../strategies/content-memory.js';
import { feed } from '../../strategies/feed/feed.js';
import { ofEach, type Parent } from '../../strategies/parents.js';
import { asJson, MILLISECONDS, pick } from '../../strategies/resource.js';
import { whole } from '../../strategies/whole/whole.js';
import { archivedOf, collection } from '../collection.js';
import { TIERS } from '../tiers.js';

/** Without `formTypes` HubSpot answers its own forms only, and none of flows, captured ones and blog comments. */
export const FORMS = collection('marketing', 'forms', paths.forms(), { query: { formTypes: 'all' }, isShared: true });

const forms = whole({
  name: 'forms',
  group: 'marketing',
  isDefault: true,
  scopes: [['forms']],
  endpoint: FORMS,
  archived: archivedOf(FORMS),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    name: STRING,
    formType: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    deletedAt: STRING,
    fieldGroups: OBJECTS,
    configuration: OBJECT,
    displayOptions: OBJECT,
    legalConsentOptions: OBJECT,
  },
});

const SUBMISSION: JsonObject = {
  conversionId: { ...STRING, description: 'The id of the submission; of one without, a hash of it.' },
  submittedAt: MILLISECONDS,
  // The same as submittedAt: source-hubspot has it as the cursor.
  updatedAt: MILLISECONDS,
  values: OBJECTS,
  pageUrl: STRING,
  formId: STRING,
};

const submissionsOf = (form: string) =>
  collection('forms', `submissions of form ${form}`, paths.formSubmissions(form), { limit: 50, id: 'submittedAt' });

/** How what was submitted by each form is read. HubSpot answers none of those below blog posts. */
export const SUBMISSIONS = {
  group: 'marketing',
  scopes: [['forms']],
  subject: 'forms',
  endpoint: submissionsOf('0'),
  parents: {
    endpoints: [FORMS, archivedOf(FORMS)],
    id: 'id',
    as: 'formId',
    isWanted: ({ formType }: Item) => formType !== 'blog_comment',
  },
  itemsAt: ({ id }: Parent) => submissionsOf(id),
  overlapMinutes: 60,
} as const;

/** The id of a submission; of one without, a hash of it. */
export const conversionOf = (item: Item): JsonValue => asJson(item.conversionId) ?? contentHash(JSON.stringify(item));

/** What was submitted by each form. */
const formSubmissions = feed({
  ...SUBMISSIONS,
  name: 'form_submissions',
  key: ['formId', 'conversionId'],
  cursor: 'updatedAt',
  schema: SUBMISSION,
  record: (item: Item) => ({
    ...pick(SUBMISSION, item),
    conversionId: conversionOf(item),
    updatedAt: asJson(item.submittedAt),
  }),
});

/** What can be subscribed to, as HubSpot's older API has it. */
export const EMAIL_SUBSCRIPTIONS = {
  tier: TIERS.email,
  group: 'marketing',
  scopes: [['content']],
  endpoint: collection('email', 'email subscriptions', paths.emailSubscriptions(), {
    results: 'subscriptionDefinitions',
    paging: 'none',
  }),
} as const;

const emailSubscriptions = whole({
  ...EMAIL_SUBSCRIPTIONS,
  name: 'email_subscriptions',
  key: 'id',
  cursor: null,
  schema: {
    active: BOOLEAN,
    portalId: INTEGER,
    description: STRING,
    id: INTEGER,
    name: STRING,
    order: INTEGER,
    businessUnitId: INTEGER,
    internal: BOOLEAN,
    internalName: STRING,
    category: STRING,
    channel: STRING,
  },
});

const subscriptionDefinitions = whole({
  name: 'subscription_definitions',
  tier: TIERS.marketingStarter,
  group: 'marketing',
  scopes: [['communication_preferences.read']],
  subject: 'communication_preferences',
  endpoint: collection('communication-preferences', 'subscription definitions', paths.subscriptionDefinitions(), {
    olderPath: '/communication-preferences/v4/definitions',
    paging: 'none',
  }),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    name: STRING,
    description: STRING,
    purpose: STRING,
    communicationMethod: STRING,
    isActive: BOOLEAN,
    isDefault: BOOLEAN,
    isInternal: BOOLEAN,
    businessUnitId: INTEGER,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

/** Those that every portal can read; HubSpot refuses a call that asks for one which the token may not read. */
const CAMPAIGN_PROPERTIES = [
  'hs_name',
  'hs_start_date',
  'hs_end_date',
  'hs_notes',
  'hs_audience',
  'hs_goal',
  'hs_owner',
  'hs_currency_code',
  'hs_campaign_status',
  'hs_utm',
  'hs_budget_items_sum_amount',
  'hs_spend_items_sum_amount',
];

/** Campaigns of marketing, which several streams are about. */
export const MARKETING_CAMPAIGNS = collection('campaigns', 'marketing campaigns', paths.marketingCampaigns(), {
  olderPath: '/marketing/v3/campaigns',
  query: { properties: CAMPAIGN_PROPERTIES.join(',') },
  isShared: true,
});

const marketingCampaigns = whole({
  name: 'marketing_campaigns',
  tier: TIERS.marketing,
  group: 'marketing',
  isDefault: true,
  scopes: [['marketing.campaigns.read']],
  subject: 'campaigns',
  endpoint: MARKETING_CAMPAIGNS,
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    properties: OBJECT,
    businessUnits: OBJECTS,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const EVENTS = collection('marketing-events', 'marketing events', paths.marketingEvents(), {
  olderPath: '/marketing/v3/marketing-events',
  id: 'objectId',
  isShared: true,
});
const EVENT_SCOPES = [['crm.objects.marketing_events.read']];

const marketingEvents = whole({
  name: 'marketing_events',
  group: 'marketing',
  scopes: EVENT_SCOPES,
  endpoint: EVENTS,
  key: 'objectId',
  cursor: 'updatedAt',
  schema: {
    objectId: STRING,
    externalEventId: STRING,
    eventName: STRING,
    eventType: STRING,
    eventOrganizer: STRING,
    eventDescription: STRING,
    eventUrl: STRING,
    eventStatus: STRING,
    startDateTime: INSTANT,
    endDateTime: INSTANT,
    eventCancelled: BOOLEAN,
    eventCompleted: BOOLEAN,
    registrants: INTEGER,
    attendees: INTEGER,
    cancellations: INTEGER,
    noShows: INTEGER,
    customProperties: OBJECTS,
    appInfo: OBJECT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const participantsOf = (event: string) =>
  collection('marketing-events', 'participants of marketing events', paths.eventParticipants(event), {
    what: `the participants of marketing event ${event}`,
    olderPath: `/marketing/v3/marketing-events/participations/${event}/breakdown`,
  });

/** Who registered for an event, attended or cancelled: read again where the event's counters moved. */
const eventParticipants = whole({
  name: 'marketing_event_participants',
  group: 'marketing',
  scopes: EVENT_SCOPES,
  subject: 'marketing_events',
  endpoint: participantsOf('0'),
  partitions: ofEach({
    endpoints: [EVENTS],
    id: 'objectId',
    as: 'eventId',
    collectionsOf: ({ id }) => [participantsOf(id)],
    fingerprint: ({ updatedAt, registrants, attendees, cancellations, noShows }) =>
      [updatedAt, registrants, attendees, cancellations, noShows].join('|'),
  }),
  key: ['eventId', 'id'],
  // `createdAt` stays when somebody who had registered attends.
  cursor: null,
  schema: { eventId: STRING, id: STRING, properties: OBJECT, associations: OBJECT, createdAt: INSTANT },
});

export const marketing: readonly StreamDeclaration[] = [
  forms,
  formSubmissions,
  emailSubscriptions,
  subscriptionDefinitions,
  marketingCampaigns,
  marketingEvents,
  eventParticipants,
];
