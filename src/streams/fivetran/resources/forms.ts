import type { Item } from '../../../hubspot/api/endpoint.js';
import { standardObject } from '../../../hubspot/api/object-types.js';
import { memberOf } from '../../../json.js';
import { isGranted } from '../../access.js';
import type { PortalFacts, StreamDeclaration } from '../../core/stream.js';
import { itemsIn } from '../../resources/collection.js';
import { conversionOf, FORMS, SUBMISSIONS } from '../../resources/marketing/marketing.js';
import { contentHash } from '../../strategies/content-memory.js';
import { feed } from '../../strategies/feed/feed.js';
import type { Parent } from '../../strategies/parents.js';
import { whole } from '../../strategies/whole/whole.js';
import { columns, integer, text, time, without } from './columns.js';
import { contactsBy, normalized } from './contact-addresses.js';
import { KEPT, MARKED } from './tables.js';

/** Forms, and what was submitted by them. */

/** What somebody who has submitted a form is sent to, where that is another page. */
function redirectOf({ configuration }: Item): unknown {
  const action = memberOf(configuration, 'postSubmitAction');
  return memberOf(action, 'type') === 'redirect_url' ? memberOf(action, 'value') : null;
}

const form = whole({
  ...MARKED,
  name: 'form',
  group: 'marketing',
  scopes: SUBMISSIONS.scopes,
  subject: 'forms',
  endpoint: FORMS,
  key: 'guid',
  portalIn: 'portal_id',
  ...columns({
    guid: text('id'),
    name: text('name'),
    form_type: text('formType'),
    portal_id: integer(null, 'The id of the account.'),
    redirect: text(redirectOf),
    submit_text: text((item) => memberOf(item.displayOptions, 'submitButtonText')),
    notify_recipients: text((item) => memberOf(item.configuration, 'notifyRecipients'), 'Their ids, as a JSON list.'),
    created_at: time('createdAt'),
    updated_at: time('updatedAt'),
    action: without(text),
    css_class: without(text),
    follow_up_id: without(integer),
    lead_nurturing_campaign_id: without(integer),
    method: without(text),
  }),
});

const FEED = {
  ...SUBMISSIONS,
  ...KEPT,
  itemsAt: (parent: Parent) => ({ ...SUBMISSIONS.itemsAt(parent), isShared: 'briefly' as const }),
} as const;

const CONTACT = standardObject('contacts');

/** The e-mail address of whoever submitted a form, among what was entered. */
function addressOf({ values }: Item): string | null {
  const isAddress = ({ name, objectTypeId = CONTACT.typeId }: Item) =>
    name === 'email' && objectTypeId === CONTACT.typeId;
  const value = itemsIn(values).find(isAddress)?.value;
  return typeof value === 'string' && value.trim() !== '' ? normalized(value) : null;
}

/** Of the submissions of contacts, whose they are: HubSpot tells it by the address alone. */
async function ofContacts({ client }: PortalFacts, items: readonly Item[]): Promise<{ items: Item[]; calls: number }> {
  const { ids, calls } = await contactsBy(client, [...new Set(items.flatMap((item) => addressOf(item) ?? []))]);
  const known = items.flatMap((item) => {
    const contactId = ids.get(addressOf(item) ?? '') ?? null;
    return contactId === null ? [] : [{ ...item, conversionId: conversionOf(item), contactId }];
  });
  return { items: known, calls };
}

/** Throws where the token may not read contacts. Its scopes tell it without a call, where HubSpot reports them. */
async function requireContacts(portal: PortalFacts): Promise<void> {
  if (!(await isGranted(portal, { scopes: CONTACT.scopes, subject: CONTACT.name }))) await portal.firstRow(CONTACT);
}

const contactFormSubmission = feed({
  ...FEED,
  name: 'contact_form_submission',
  scopes: [...SUBMISSIONS.scopes, ...CONTACT.scopes],
  completed: {
    by: ofContacts,
    probe: requireContacts,
    leftOut: (count) =>
      `${count.toLocaleString('en')} submissions are left out, since no contact has the e-mail address that was entered.`,
  },
  key: ['contact_id', 'conversion_id'],
  cursor: 'timestamp',
  portalIn: 'portal_id',
  ...columns({
    contact_id: integer('contactId', 'The contact who has the address that was entered.'),
    conversion_id: text('conversionId', 'The id of the submission; of one without, a hash of it.'),
    form_id: text('formId'),
    timestamp: time('submittedAt'),
    page_url: text('pageUrl'),
    portal_id: integer(null, 'The id of the account.'),
    page_id: without(text),
    title: without(text),
  }),
});

/** What was entered into each field. */
const submissionResponse = feed({
  ...FEED,
  name: 'submission_response',
  itemsOf: (item) => {
    const { values, ...submission } = item;
    const conversionId = conversionOf(item);
    return itemsIn(values).map((value, index) => ({
      ...submission,
      ...value,
      conversionId,
      id: contentHash(JSON.stringify([item.formId, conversionId, index])),
    }));
  },
  key: ['_fivetran_id'],
  cursor: 'submitted_at',
  ...columns({
    _fivetran_id: text('id', 'A hash of the submission and the place of the field in it: a field may come twice.'),
    conversion_id: text('conversionId'),
    form_id: text('formId'),
    object_type_id: text('objectTypeId'),
    field_name: text('name'),
    field_value: text('value'),
    submitted_at: integer('submittedAt', 'Milliseconds since 1970-01-01 UTC.'),
    page_url: text('pageUrl'),
  }),
});

export const forms: readonly StreamDeclaration[] = [form, contactFormSubmission, submissionResponse];
