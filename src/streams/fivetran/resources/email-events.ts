import type { Item } from '../../../hubspot/api/endpoint.js';
import { memberOf } from '../../../json.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { itemsIn } from '../../resources/collection.js';
import { EMAIL_EVENTS, SUBSCRIPTION_TIMELINE } from '../../resources/marketing/email-events.js';
import { byWindow } from '../../strategies/by-window/by-window.js';
import { contentHash, cursorTime } from '../../strategies/content-memory.js';
import { asJson } from '../../strategies/resource.js';
import { boolean, columns, integer, text, time } from './columns.js';
import { KEPT } from './tables.js';

/**
 * What happened to e-mails. Each event has a row in `email_event`, and what only events of its type have is in a table of the type: one
 * reading feeds them all, since HubSpot would answer a type in as many windows again.
 */
const EVENTS = {
  ...EMAIL_EVENTS,
  ...KEPT,
  subject: 'content',
  source: 'email events',
  seen: ({ id, created }: Item) => ({ id: String(id), time: cursorTime(asJson(created)) }),
  key: 'id',
  cursor: 'created',
} as const;

/** The event that one refers to. */
const other = (name: string, member: string) => (event: Item) => memberOf(event[name], member) ?? null;

/**
 * The event that sent the e-mail, by which Fivetran's dbt package counts the events of a send. A SENT event is its own,
 * which HubSpot may leave out.
 */
const sentBy = (member: string, own: string) => (event: Item) =>
  other('sentBy', member)(event) ?? (event.type === 'SENT' ? event[own] : null);

const emailEvent = byWindow({
  ...EVENTS,
  name: 'email_event',
  ...columns({
    id: text('id'),
    type: text('type', 'As HubSpot has it: SPAMREPORT and STATUSCHANGE without an underscore.'),
    recipient: text('recipient'),
    created: time('created'),
    email_campaign_id: integer('emailCampaignId'),
    app_id: integer('appId'),
    portal_id: integer('portalId'),
    filtered_event: boolean('filteredEvent'),
    caused_by_id: text(other('causedBy', 'id')),
    caused_by_created: time(other('causedBy', 'created')),
    obsoleted_by_id: text(other('obsoletedBy', 'id')),
    obsoleted_by_created: time(other('obsoletedBy', 'created')),
    sent_by_id: text(sentBy('id', 'id'), 'Of a SENT event its own id, where HubSpot leaves it out.'),
    sent_by_created: time(sentBy('created', 'created')),
  }),
});

const CLIENT = {
  browser: text('browser'),
  ip_address: text('ipAddress'),
  location: text('location'),
  user_agent: text('userAgent'),
};
const MAIL = {
  bcc: text('bcc'),
  cc: text('cc'),
  from: text('from'),
  reply_to: text('replyTo'),
  subject: text('subject'),
};

/** The columns of each type's table besides the id. */
const TYPES: Readonly<Record<string, readonly [type: string, columns: Parameters<typeof columns>[0]]>> = {
  bounce: ['BOUNCE', { category: text('category'), response: text('response'), status: text('status') }],
  click: ['CLICK', { ...CLIENT, referer: text('referer'), url: text('url') }],
  deferred: ['DEFERRED', { attempt: integer('attempt'), response: text('response') }],
  delivered: ['DELIVERED', { response: text('response'), smtp_id: text('smtpId') }],
  dropped: ['DROPPED', { ...MAIL, drop_message: text('dropMessage'), drop_reason: text('dropReason') }],
  forward: ['FORWARD', CLIENT],
  open: ['OPEN', { ...CLIENT, duration: text('duration', 'Milliseconds.') }],
  print: ['PRINT', CLIENT],
  sent: ['SENT', MAIL],
  spam_report: ['SPAMREPORT', { ip_address: text('ipAddress'), user_agent: text('userAgent') }],
  status_change: [
    'STATUSCHANGE',
    {
      bounced: boolean('bounced'),
      portal_subscription_status: text('portalSubscriptionStatus'),
      requested_by: text('requestedBy'),
      source: text('source'),
      subscriptions: text('subscriptions'),
    },
  ],
};

const ofTypes = Object.entries(TYPES).map(([name, [type, own]]) =>
  byWindow({
    ...EVENTS,
    name: `email_event_${name}`,
    itemsOf: (event) => (event.type === type ? [event] : []),
    ...columns({ id: text('id'), ...own }),
  }),
);

/** HubSpot answers the changes of one moment as one item, without ids. */
const emailSubscriptionChange = byWindow({
  ...SUBSCRIPTION_TIMELINE,
  ...KEPT,
  name: 'email_subscription_change',
  subject: 'content',
  seen: (item) => ({ id: contentHash(JSON.stringify(item)), time: cursorTime(asJson(item.timestamp)) }),
  itemsOf: ({ changes, ...moment }) =>
    itemsIn(changes).map((change) => ({
      ...moment,
      ...change,
      id: contentHash(JSON.stringify([moment, change])),
    })),
  key: '_fivetran_id',
  cursor: 'timestamp',
  ...columns({
    _fivetran_id: text('id', 'A hash of the change: HubSpot gives it no id.'),
    recipient: text('recipient'),
    timestamp: time('timestamp'),
    email_subscription_id: integer('subscriptionId'),
    portal_id: integer('portalId'),
    change: text('change'),
    change_type: text('changeType'),
    source: text('source'),
    caused_by_event_id: text(other('causedByEvent', 'id')),
  }),
});

export const emailEvents: readonly StreamDeclaration[] = [emailEvent, ...ofTypes, emailSubscriptionChange];
