import { type ObjectType, objectType, type TypeTraits } from './object-types.js';

const CONTACT_READ = [['crm.objects.contacts.read']];
const ACTIVITY = { scopes: CONTACT_READ, activity: true } as const;
const ECOMMERCE = ['e-commerce'];
const LINE_ITEM_READ = ['crm.objects.line_items.read'];

type Traits = Omit<TypeTraits, 'id' | 'name' | 'singular' | 'labels'>;

function standard(
  id: string,
  name: string,
  singular: string,
  label: string,
  plural: string,
  traits: Traits = {},
): ObjectType {
  return objectType({ id, name, singular, labels: { singular: label, plural }, ...traits });
}

/** Objects that have `createdate` where younger ones have `hs_createdate`. */
const OLD = { createdProperty: 'createdate' } as const;

/**
 * The standard objects, with the ids, names and read scopes that HubSpot gives them. Nobody has published the type ids of partner
 * clients and partner services: theirs are made up.
 */
export const STANDARD_TYPES: readonly ObjectType[] = [
  standard('0-1', 'contacts', 'contact', 'Contact', 'Contacts', {
    ...OLD,
    modifiedProperty: 'lastmodifieddate',
    primaryDisplayProperty: 'email',
    defaultProperties: ['email', 'firstname', 'lastname'],
  }),
  standard('0-2', 'companies', 'company', 'Company', 'Companies', {
    ...OLD,
    primaryDisplayProperty: 'name',
    defaultProperties: ['domain', 'name'],
  }),
  standard('0-3', 'deals', 'deal', 'Deal', 'Deals', {
    ...OLD,
    primaryDisplayProperty: 'dealname',
    defaultProperties: ['amount', 'closedate', 'dealname', 'dealstage', 'pipeline'],
  }),
  standard('0-5', 'tickets', 'ticket', 'Ticket', 'Tickets', {
    ...OLD,
    // The second name is the one that service keys offer.
    scopes: [['tickets', 'crm.objects.tickets.read']],
    primaryDisplayProperty: 'subject',
    defaultProperties: ['content', 'hs_pipeline', 'hs_pipeline_stage', 'hs_ticket_category', 'subject'],
  }),
  standard('0-136', 'leads', 'lead', 'Lead', 'Leads', { primaryDisplayProperty: 'hs_lead_name', activatable: true }),
  standard('0-7', 'products', 'product', 'Product', 'Products', {
    ...OLD,
    scopes: [['crm.objects.products.read'], ECOMMERCE],
    primaryDisplayProperty: 'name',
    defaultProperties: ['description', 'name', 'price'],
  }),
  standard('0-8', 'line_items', 'line_item', 'Line Item', 'Line Items', {
    ...OLD,
    scopes: [LINE_ITEM_READ, ECOMMERCE],
    associationKey: 'line items',
    primaryDisplayProperty: 'name',
    defaultProperties: ['amount', 'hs_product_id', 'quantity'],
  }),
  standard('0-64', 'quote_template', 'quote_template', 'Quote Template', 'Quote Templates', {
    scopes: [['crm.objects.quotes.read']],
    primaryDisplayProperty: 'hs_name',
  }),
  standard('0-14', 'quotes', 'quote', 'Quote', 'Quotes', {
    scopes: [['crm.objects.quotes.read'], ECOMMERCE],
    primaryDisplayProperty: 'hs_title',
    defaultProperties: ['hs_expiration_date', 'hs_status', 'hs_title'],
  }),
  standard('0-48', 'calls', 'call', 'Call', 'Calls', { ...ACTIVITY, primaryDisplayProperty: 'hs_call_title' }),
  standard('0-49', 'emails', 'email', 'Email', 'Emails', {
    ...ACTIVITY,
    scopes: [...CONTACT_READ, ['sales-email-read']],
    primaryDisplayProperty: 'hs_email_subject',
  }),
  standard('0-47', 'meetings', 'meeting_event', 'Meeting', 'Meetings', {
    ...ACTIVITY,
    aliases: ['meeting'],
    primaryDisplayProperty: 'hs_meeting_title',
  }),
  standard('0-46', 'notes', 'note', 'Note', 'Notes', ACTIVITY),
  standard('0-27', 'tasks', 'task', 'Task', 'Tasks', {
    ...ACTIVITY,
    primaryDisplayProperty: 'hs_task_subject',
  }),
  standard('0-18', 'communications', 'communication', 'Communication', 'Communications', ACTIVITY),
  standard('0-116', 'postal_mail', 'postal_mail', 'Postal mail', 'Postal mail', ACTIVITY),
  standard('0-19', 'feedback_submissions', 'feedback_submission', 'Feedback Submission', 'Feedback Submissions', {
    scopes: [...CONTACT_READ, ['crm.objects.feedback_submissions.read']],
  }),
  standard('0-74', 'goals', 'goal_target', 'Goal', 'Goals', {
    pathNames: ['goal_targets'],
    aliases: ['goal_targets', 'goal'],
    primaryDisplayProperty: 'hs_goal_name',
  }),
  standard('0-123', 'orders', 'order', 'Order', 'Orders', {
    primaryDisplayProperty: 'hs_order_name',
    activatable: true,
  }),
  standard('0-142', 'carts', 'cart', 'Cart', 'Carts', { primaryDisplayProperty: 'hs_cart_name', activatable: true }),
  standard('0-53', 'invoices', 'invoice', 'Invoice', 'Invoices', { primaryDisplayProperty: 'hs_number' }),
  standard('0-101', 'commerce_payments', 'commerce_payment', 'Payment', 'Payments', {
    aliases: ['payments'],
    scopes: [['crm.objects.commercepayments.read']],
    primaryDisplayProperty: 'hs_customer_email',
  }),
  standard('0-69', 'subscriptions', 'subscription', 'Subscription', 'Subscriptions', {
    primaryDisplayProperty: 'hs_name',
  }),
  standard('0-84', 'discounts', 'discount', 'Discount', 'Discounts', { scopes: [LINE_ITEM_READ, ECOMMERCE] }),
  standard('0-85', 'fees', 'fee', 'Fee', 'Fees', { scopes: [LINE_ITEM_READ, ECOMMERCE] }),
  standard('0-86', 'taxes', 'tax', 'Tax', 'Taxes', { scopes: [LINE_ITEM_READ] }),
  standard('0-421', 'appointments', 'appointment', 'Appointment', 'Appointments', {
    primaryDisplayProperty: 'hs_appointment_name',
    activatable: true,
  }),
  standard('0-410', 'courses', 'course', 'Course', 'Courses', {
    primaryDisplayProperty: 'hs_course_name',
    activatable: true,
  }),
  standard('0-420', 'listings', 'listing', 'Listing', 'Listings', {
    primaryDisplayProperty: 'hs_name',
    activatable: true,
  }),
  standard('0-162', 'services', 'service', 'Service', 'Services', {
    primaryDisplayProperty: 'hs_name',
    activatable: true,
  }),
  standard('0-115', 'users', 'user', 'User', 'Users', { primaryDisplayProperty: 'hs_email' }),
  standard('0-721', 'contracts', 'contract', 'Contract', 'Contracts', { primaryDisplayProperty: 'hs_name' }),
  standard('0-970', 'projects', 'project', 'Project', 'Projects', { primaryDisplayProperty: 'hs_name' }),
  standard('0-145', 'partner_clients', 'partner_client', 'Partner Client', 'Partner Clients', {
    scopes: [['crm.objects.partner-clients.read']],
    primaryDisplayProperty: 'hs_name',
  }),
  standard('0-174', 'partner_services', 'partner_service', 'Partner Service', 'Partner Services', {
    scopes: [['crm.objects.partner-services.read']],
    primaryDisplayProperty: 'hs_name',
  }),
  // HubSpot's specification has one endpoint for them and no object: `POST /deal-splits/…/batch/read`, by deal.
  standard('0-72', 'deal_splits', 'deal_split', 'Deal Split', 'Deal Splits', {
    pathNames: [],
    scopes: [['crm.dealsplits.read_write']],
    readable: false,
  }),
];
