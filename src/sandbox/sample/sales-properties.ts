import type { NewProperty } from '../portal/types/properties.js';
import type { PropertyPlan } from './context.js';
import { pipelineProperties } from './context.js';
import type { Kit, Traits } from './kit.js';
import { moving } from './moves.js';

const LIFECYCLE = ['subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer'];

/** The letters a mail address may have, whatever alphabet the name is in. */
function addressPart(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z]/g, '');
  return letters === '' ? 'mail' : letters;
}

/** Where somebody is on the way to being a customer. */
function lifecycle(kit: Kit, empty: number, traits: Traits = {}): NewProperty {
  const name = 'lifecyclestage';
  const generate = moving(name, kit.draw(name, LIFECYCLE, empty), () => LIFECYCLE);
  return kit.choice(name, 'Lifecycle Stage', LIFECYCLE, { ...traits, generate });
}

const contacts: PropertyPlan = (kit, context) => {
  const { pools } = kit;
  const firstName = kit.draw('firstname', pools.firstNames);
  const lastName = kit.draw('lastname', pools.lastNames);
  const domain = kit.draw('domain', pools.domains);
  return [
    {
      ...kit.text('email', 'Email', ['']),
      hasUniqueValue: true,
      generate: (id) => `${addressPart(firstName(id) ?? '')}.${addressPart(lastName(id) ?? '')}.${id}@${domain(id)}`,
    },
    kit.text('firstname', 'First Name', pools.firstNames, { empty: 0 }),
    kit.text('lastname', 'Last Name', pools.lastNames, { empty: 0 }),
    kit.text('jobtitle', 'Job Title', pools.jobTitles),
    kit.text('company', 'Company Name', pools.companies, { empty: 0.3 }),
    kit.phone('phone', 'Phone Number', { empty: 0.3 }),
    kit.text('city', 'City', pools.cities),
    kit.text('country', 'Country/Region', pools.countries),
    kit.text('message', 'Message', pools.paragraphs, { fieldType: 'textarea', empty: 0.6 }),
    lifecycle(kit, 0.05, { fieldType: 'radio' }),
    kit.choice('hs_lead_status', 'Lead Status', ['NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED', 'UNQUALIFIED'], {
      empty: 0.4,
    }),
    kit.choices('hs_buying_role', 'Buying Role', ['BLOCKER', 'BUDGET_HOLDER', 'CHAMPION', 'DECISION_MAKER'], {
      empty: 0.7,
    }),
    kit.date('date_of_birth', 'Date of birth', { empty: 0.8 }),
    kit.datetime('hs_email_last_open_date', 'Last marketing email open date', { empty: 0.5 }),
    kit.number('hubspotscore', 'HubSpot Score', 100),
    kit.number('annualrevenue', 'Annual Revenue', 5_000_000, 2, { empty: 0.7 }),
    kit.flag('hs_email_optout', 'Unsubscribed from all email', { empty: 0.5 }),
    kit.flag('hs_sequences_is_enrolled', 'Currently in Sequence', { empty: 0.6 }),
    kit.coordinates('hs_ip_coordinates', 'IP coordinates', { empty: 0.8 }),
    kit.json('hs_ai_summary', 'AI summary', { empty: 0.8 }),
    kit.text('hs_social_security_hint', 'Identity document', pools.skus, {
      dataSensitivity: 'sensitive',
      hidden: true,
    }),
    kit.calculated('num_associated_deals', 'Number of Associated Deals', 'number', (id) =>
      String(context.countLinked('contacts', id, 'deals')),
    ),
  ];
};

const companies: PropertyPlan = (kit, context) => [
  kit.text('name', 'Company name', kit.pools.companies, { empty: 0 }),
  kit.text('domain', 'Company Domain Name', kit.pools.domains),
  kit.choice('industry', 'Industry', kit.pools.industries),
  kit.text('city', 'City', kit.pools.cities),
  kit.text('country', 'Country/Region', kit.pools.countries),
  kit.text('address', 'Street Address', kit.pools.streets),
  kit.phone('phone', 'Phone Number'),
  kit.text('website', 'Website URL', kit.pools.urls),
  kit.text('description', 'Description', kit.pools.paragraphs, { fieldType: 'textarea', empty: 0.5 }),
  kit.number('numberofemployees', 'Number of Employees', 9_000),
  kit.number('annualrevenue', 'Annual Revenue', 90_000_000, 2),
  kit.number('founded_year', 'Year Founded', 2_025),
  lifecycle(kit, 0.1),
  kit.flag('is_public', 'Is Public'),
  kit.datetime('hs_last_booked_meeting_date', 'Last Booked Meeting Date', { empty: 0.6 }),
  kit.calculated('num_associated_contacts', 'Number of Associated Contacts', 'number', (id) =>
    String(context.countLinked('companies', id, 'contacts')),
  ),
];

const deals: PropertyPlan = (kit, context) => [
  kit.text('dealname', 'Deal Name', kit.pools.phrases, { empty: 0 }),
  kit.number('amount', 'Amount', 250_000, 2),
  kit.choice('deal_currency_code', 'Currency', ['USD', 'EUR', 'JPY'], { empty: 0 }),
  ...pipelineProperties(kit, context, 'deals', ['pipeline', 'dealstage']),
  kit.datetime('closedate', 'Close Date', { aheadDays: 120 }),
  kit.choice('dealtype', 'Deal Type', ['newbusiness', 'existingbusiness']),
  kit.text('description', 'Deal Description', kit.pools.sentences, { fieldType: 'textarea', empty: 0.4 }),
  kit.number('hs_deal_stage_probability', 'Deal probability', 1, 4),
  kit.flag('hs_is_closed', 'Is Deal Closed?', { calculated: true }),
  kit.datetime('hs_v2_date_entered_appointmentscheduled', 'Date entered "Appointment scheduled"', { empty: 0.3 }),
  kit.calculated('num_associated_contacts', 'Number of Associated Contacts', 'number', (id) =>
    String(context.countLinked('deals', id, 'contacts')),
  ),
];

const tickets: PropertyPlan = (kit, context) => [
  kit.text('subject', 'Ticket name', kit.pools.sentences, { empty: 0 }),
  kit.text('content', 'Ticket description', kit.pools.paragraphs, { fieldType: 'textarea' }),
  ...pipelineProperties(kit, context, 'tickets', ['hs_pipeline', 'hs_pipeline_stage']),
  kit.choice('hs_ticket_priority', 'Priority', ['LOW', 'MEDIUM', 'HIGH', 'URGENT']),
  kit.choices('hs_ticket_category', 'Category', [
    'PRODUCT_ISSUE',
    'BILLING_ISSUE',
    'FEATURE_REQUEST',
    'GENERAL_INQUIRY',
  ]),
  kit.choice('source_type', 'Source', ['CHAT', 'EMAIL', 'FORM', 'PHONE']),
  kit.datetime('closed_date', 'Close date', { empty: 0.5 }),
  kit.number('time_to_close', 'Time to close', 900_000_000, 0, { empty: 0.5 }),
];

const leads: PropertyPlan = (kit, context) => [
  kit.text('hs_lead_name', 'Lead Name', kit.pools.companies, { empty: 0 }),
  kit.choice('hs_lead_type', 'Lead Type', ['NEW_BUSINESS', 'RE_ATTEMPTING', 'UPSELL']),
  kit.choice('hs_lead_label', 'Lead Label', ['HOT', 'WARM', 'COLD']),
  ...pipelineProperties(kit, context, 'leads', ['hs_pipeline', 'hs_pipeline_stage']),
  kit.number('hs_lead_score', 'Lead score', 100, 1),
];

/** Contacts, companies, deals, tickets and leads, by the name of the object type. */
export const SALES_PROPERTIES: Readonly<Record<string, PropertyPlan>> = { contacts, companies, deals, tickets, leads };
