import type { StreamDeclaration } from '../../core/stream.js';
import { EMAIL_CAMPAIGNS } from '../../resources/marketing/email-campaigns.js';
import { EMAIL_SUBSCRIPTIONS } from '../../resources/marketing/marketing.js';
import { whole } from '../../strategies/whole/whole.js';
import { boolean, columns, integer, text } from './columns.js';
import { KEPT, MARKED } from './tables.js';

/** E-mails that were sent to many, and what can be subscribed to. */

const emailCampaign = whole({
  ...EMAIL_CAMPAIGNS,
  ...KEPT,
  name: 'email_campaign',
  key: 'id',
  ...columns({
    id: integer('id'),
    app_id: integer('appId'),
    app_name: text('appName'),
    content_id: integer('contentId'),
    name: text('name'),
    subject: text('subject'),
    type: text('type'),
    sub_type: text('subType'),
    num_included: integer('numIncluded'),
    num_queued: integer('numQueued'),
  }),
});

const emailSubscription = whole({
  ...EMAIL_SUBSCRIPTIONS,
  ...MARKED,
  name: 'email_subscription',
  subject: 'content',
  key: 'id',
  ...columns({
    id: integer('id'),
    portal_id: integer('portalId'),
    name: text('name'),
    description: text('description'),
    active: boolean('active'),
  }),
});

export const emails: readonly StreamDeclaration[] = [emailCampaign, emailSubscription];
