import { iso } from '../portal/clock.js';
import { type CollectionItem, type CollectionOptions, itemJson } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { campaignResources } from './campaigns.js';
import { emailsOf, numbered } from './sample.js';

const STATUSES = '/communication-preferences/:date/statuses/batch/read';
const FORM_TYPES = ['hubspot', 'flow', 'captured', 'blog_comment'];

/** Forms, subscriptions, campaigns and events of marketing. */
export function marketingResources(portal: Portal): CollectionOptions[] {
  const contacts = portal.store(portal.type('contacts')).records.filter(({ live }) => live);
  return [
    {
      path: '/marketing/v3/forms',
      scopes: [['forms']],
      pages: [20, 500],
      // Without formTypes only HubSpot's own forms are answered.
      narrowed: { by: 'formTypes', member: 'formType', usual: 'hubspot' },
      shape: formShape,
      items: numbered(9, 2001, (n) => ({
        name: `Form ${n}`,
        formType: FORM_TYPES[n % FORM_TYPES.length],
        fieldGroups: [{ groupType: 'default_group', fields: [{ name: 'email', label: 'E-mail', required: true }] }],
        configuration: {
          language: 'en',
          cloneable: true,
          notifyRecipients: n % 2 === 0 ? ['9300000'] : [],
          postSubmitAction:
            n % 3 === 0
              ? { type: 'redirect_url', value: `https://www1.sandbox.example/thanks-${n}` }
              : { type: 'thank_you', value: 'Thanks' },
        },
        displayOptions: { theme: 'default_style', submitButtonText: 'Send' },
        legalConsentOptions: { type: 'none' },
      })),
    },
    {
      path: '/email/public/v1/subscriptions',
      scopes: [['content']],
      paging: 'none',
      results: 'subscriptionDefinitions',
      shape: ({ id, members }) => ({ ...members, id: Number(id) }),
      items: numbered(4, 2101, (n) => ({
        active: n < 4,
        portalId: 1,
        description: `What subscription ${n} is for`,
        name: `Subscription ${n}`,
        order: n,
        internal: n === 4,
        internalName: `subscription_${n}`,
        category: 'Marketing',
        channel: 'Email',
      })),
    },
    {
      path: '/communication-preferences/:date/definitions',
      olderPath: '/communication-preferences/v4/definitions',
      scopes: [['communication_preferences.read']],
      paging: 'none',
      items: numbered(4, 2101, (n) => ({
        name: `Subscription ${n}`,
        description: `What subscription ${n} is for`,
        purpose: 'Marketing',
        communicationMethod: 'Email',
        isActive: n < 4,
        isDefault: n === 1,
        isInternal: n === 4,
        businessUnitId: 0,
      })),
    },
    {
      // By the e-mail address. An address may have statuses, whether it is a contact's or not.
      path: STATUSES,
      olderPath: '/communication-preferences/v4/statuses/batch/read',
      scopes: [['communication_preferences.statuses.batch.read']],
      required: ['channel'],
      paging: 'batch',
      batch: {
        of: STATUSES,
        most: 100,
        input: null,
        groups: { by: 'email', name: 'subscriberIdString', list: 'statuses' },
      },
      shape: statusShape,
      items: Object.fromEntries(
        [...emailsOf(portal, 40), 'nobody@sandbox.example'].flatMap((email, n) =>
          [2101, 2108].map((subscription, of) => [
            String(24_001 + 7 * (2 * n + of)),
            {
              email,
              subscriptionId: String(subscription),
              subscriptionName: `Subscription ${1 + of}`,
              channel: 'EMAIL',
              status: ['SUBSCRIBED', 'UNSUBSCRIBED', 'NOT_SPECIFIED'][(n + of) % 3],
              source: 'SOURCE_PORTAL_WIDE',
              legalBasis: n % 2 === 0 ? 'CONSENT_WITH_NOTICE' : null,
              legalBasisExplanation: n % 2 === 0 ? 'Asked for it.' : null,
              businessUnitId: 0,
            },
          ]),
        ),
      ),
    },
    {
      path: '/marketing/campaigns/:date',
      olderPath: '/marketing/v3/campaigns',
      scopes: [['marketing.campaigns.read']],
      pages: [50, 100],
      shape: (item) => ({ ...itemJson(item), archived: undefined }),
      items: numbered(7, 2201, (n) => ({
        properties: { hs_name: `Campaign ${n}`, hs_start_date: `2026-0${n}-01`, hs_campaign_status: 'in_progress' },
        businessUnits: n === 1 ? [{ id: '0' }] : [],
      })),
    },
    ...campaignResources(),
    {
      path: '/marketing/marketing-events/:date',
      olderPath: '/marketing/v3/marketing-events',
      scopes: [['crm.objects.marketing_events.read']],
      pages: [10, 100],
      shape: eventShape,
      items: numbered(5, 2301, (n) => ({
        externalEventId: `webinar-${n}`,
        eventName: `Webinar ${n}`,
        eventType: 'WEBINAR',
        eventOrganizer: 'Marketing',
        startDateTime: iso(Date.UTC(2026, n, 3, 15)),
        endDateTime: iso(Date.UTC(2026, n, 3, 16)),
        eventCancelled: n === 5,
        eventCompleted: n < 3,
        registrants: 20 * n,
        attendees: 15 * n,
        cancellations: n,
        noShows: 4 * n,
        customProperties: [{ name: 'room', value: `R${n}` }],
        appInfo: { id: '42', name: 'Webinars' },
      })),
    },
    {
      path: '/marketing/marketing-events/:date/participations/:event/breakdown',
      olderPath: '/marketing/v3/marketing-events/participations/:event/breakdown',
      scopes: [['crm.objects.marketing_events.read']],
      pages: [10, 100],
      within: { of: '/marketing/marketing-events/:date', id: 'event', by: { event: 'event' } },
      shape: participantShape,
      items: numbered(15, 2601, (n) => ({
        event: String(2301 + 7 * (n % 5)),
        properties: {
          attendanceState: ['REGISTERED', 'ATTENDED', 'CANCELLED', 'NO_SHOW'][n % 4],
          occurredAt: Date.UTC(2026, n % 5, 3, 15),
          attendanceDurationSeconds: n % 4 === 1 ? 60 * n : null,
          attendancePercentage: n % 4 === 1 ? '50' : null,
        },
        associations: {
          contact: {
            contactId: String(contacts[n % (contacts.length || 1)]?.id ?? n),
            email: `person${n}@sandbox.example`,
          },
        },
      })),
    },
  ];
}

/** An archived form has the time of its deletion under another name. */
function formShape(item: CollectionItem): object {
  const { archivedAt, ...rest } = itemJson(item);
  return { ...rest, ...(archivedAt === undefined ? {} : { deletedAt: archivedAt }) };
}

/** The time of a status is that of its last change. */
function statusShape({ members, updatedAt }: CollectionItem): object {
  const { email: _, ...rest } = members as { email: string };
  return { ...rest, timestamp: iso(updatedAt) };
}

function participantShape({ id, members, createdAt }: CollectionItem): object {
  const { event: _, ...rest } = members as { event: string };
  return { ...rest, id, createdAt: iso(createdAt) };
}

function eventShape(item: CollectionItem): object {
  const { id: objectId, archived: _archived, archivedAt: _at, ...rest } = itemJson(item);
  return { ...rest, objectId };
}
