import type { Item } from '../../../hubspot/api/endpoint.js';
import { isObject } from '../../../json.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { timeOf } from '../../../time.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, INTEGER, OBJECT, OBJECTS, STRING } from '../../layouts/property-schema.js';
import { byCursor } from '../../strategies/by-cursor/by-cursor.js';
import { MILLISECONDS, pick } from '../../strategies/resource.js';
import { collection } from '../collection.js';

const INTEGERS: JsonObject = { type: ['null', 'array'], items: INTEGER };
/** A list of what is not documented. */
const LIST: JsonObject = { type: ['null', 'array'] };

/** Of the engagement itself. The lists below `ownerIdsBcc` are in source-hubspot's schema, and HubSpot has them in the metadata. */
const OWN: JsonObject = {
  id: INTEGER,
  uid: STRING,
  teamId: INTEGER,
  portalId: INTEGER,
  queueMembershipIds: LIST,
  scheduledTasks: LIST,
  active: BOOLEAN,
  createdAt: MILLISECONDS,
  createdBy: INTEGER,
  modifiedBy: INTEGER,
  lastUpdated: MILLISECONDS,
  ownerId: INTEGER,
  type: { ...STRING, description: 'CALL, EMAIL, MEETING, NOTE, TASK and others.' },
  timestamp: MILLISECONDS,
  bodyPreview: STRING,
  bodyPreviewHtml: STRING,
  bodyPreviewIsTruncated: BOOLEAN,
  allAccessibleTeamIds: INTEGERS,
  activityType: STRING,
  gdprDeleted: BOOLEAN,
  source: STRING,
  sourceId: STRING,
  attachments: OBJECTS,
  ownerIdsBcc: INTEGERS,
  ownerIdsFrom: INTEGERS,
  ownerIdsTo: INTEGERS,
  pendingInlineImageIds: INTEGERS,
  validationSkipped: LIST,
  ownerIdsCc: INTEGERS,
};

const ASSOCIATIONS: JsonObject = {
  contactIds: INTEGERS,
  contentIds: INTEGERS,
  companyIds: INTEGERS,
  dealIds: INTEGERS,
  marketingEventIds: INTEGERS,
  ownerIds: INTEGERS,
  quoteIds: INTEGERS,
  workflowIds: INTEGERS,
  ticketIds: INTEGERS,
};

/** Which of them an engagement has, its type decides. */
const METADATA: JsonObject = {
  attendeeOwnerIds: LIST,
  calendarEventHash: STRING,
  createdFromLinkId: INTEGER,
  meetingChangeId: STRING,
  guestEmails: LIST,
  iCalUid: STRING,
  includeDescriptionInReminder: BOOLEAN,
  internalMeetingNotes: STRING,
  location: STRING,
  locationType: STRING,
  meetingOutcome: STRING,
  timezone: STRING,
  preMeetingProspectReminders: LIST,
  body: STRING,
  from: OBJECT,
  sender: OBJECT,
  to: OBJECTS,
  cc: OBJECTS,
  bounceErrorDetail: OBJECT,
  emailSendEventId: OBJECT,
  ownerIdsBcc: LIST,
  ownerIdsCc: LIST,
  ownerIdsFrom: LIST,
  ownerIdsTo: LIST,
  pendingInlineImageIds: LIST,
  validationSkipped: LIST,
  bcc: OBJECTS,
  subject: STRING,
  html: STRING,
  text: STRING,
  status: STRING,
  forObjectType: STRING,
  startTime: MILLISECONDS,
  endTime: MILLISECONDS,
  title: STRING,
  toNumber: STRING,
  fromNumber: STRING,
  externalId: STRING,
  durationMilliseconds: INTEGER,
  externalAccountId: STRING,
  recordingUrl: STRING,
  disposition: STRING,
  completionDate: MILLISECONDS,
  taskType: STRING,
  reminders: INTEGERS,
  threadId: STRING,
  messageId: STRING,
  loggedFrom: STRING,
  attachedVideoOpened: BOOLEAN,
  attachedVideoWatched: BOOLEAN,
  trackerKey: STRING,
  sendDefaultReminder: BOOLEAN,
  source: STRING,
  unknownVisitorConversation: BOOLEAN,
  facsimileSendId: STRING,
  sentVia: STRING,
  sequenceStepOrder: INTEGER,
  externalUrl: STRING,
  postSendStatus: STRING,
  errorMessage: STRING,
  recipientDropReasons: STRING,
  calleeObjectId: INTEGER,
  calleeObjectType: STRING,
  mediaProcessingStatus: STRING,
  sourceId: STRING,
  priority: STRING,
  isAllDay: BOOLEAN,
};

const SCHEMA: JsonObject = {
  ...OWN,
  associations: OBJECT,
  ...prefixed('associations', ASSOCIATIONS),
  metadata: OBJECT,
  ...prefixed('metadata', METADATA),
};

function prefixed<T>(prefix: string, members: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [`${prefix}_${name}`, value]));
}

/** The members of the engagement itself come first, those of its associations and metadata with their names in front. */
function flat({ engagement, associations, metadata, attachments, scheduledTasks }: Item): JsonObject {
  const own = isObject(engagement) ? engagement : {};
  return pick(SCHEMA, {
    attachments,
    scheduledTasks,
    ...own,
    associations,
    ...(isObject(associations) ? prefixed('associations', associations) : {}),
    metadata,
    ...(isObject(metadata) ? prefixed('metadata', metadata) : {}),
  });
}

const endpointOf = (path: string, what: string) =>
  collection('engagements', what, path, { paging: 'offset', id: 'engagement' });

/**
 * Activities of the CRM by API v1, in source-hubspot's layout, for connections that have them: the streams of calls, e-mails, meetings, notes
 * and tasks have the same, with deletions.
 */
const engagements = byCursor({
  name: 'engagements',
  group: 'legacy',
  scopes: [
    ['crm.objects.contacts.read'],
    ['crm.objects.companies.read'],
    ['crm.objects.deals.read'],
    ['tickets'],
    ['e-commerce'],
  ],
  endpoint: { ...endpointOf('/engagements/v1/engagements/paged', 'engagements'), limit: 250 },
  key: 'id',
  cursor: 'lastUpdated',
  since: () => ({}),
  recent: {
    endpoint: {
      ...endpointOf('/engagements/v1/engagements/recent/modified', 'modified engagements'),
      limit: 100,
      limitName: 'count',
    },
    since: (since) => ({ since: String(timeOf(since)) }),
    days: 30,
    most: 10_000,
  },
  schema: SCHEMA,
  record: flat,
});

export const legacy: readonly StreamDeclaration[] = [engagements];
