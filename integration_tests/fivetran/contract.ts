/**
 * The tables of Fivetran's HubSpot connector that its dbt package reads, restated from what the package and its users show: an independent
 * description to hold the layout `fivetran` against. `src/` must not import it, nor it from there.
 */

/** What a column holds: a whole number of 64 bits, a number, a boolean, an instant in UTC, a text. */
export type Kind = 'int' | 'num' | 'bool' | 'ts' | 'text';

export interface Table {
  /** The fields that tell rows apart. */
  key: readonly string[];
  columns: Readonly<Record<string, Kind>>;
  /**
   * What becomes of a row that is gone. `mark`: it stays, and `_fivetran_deleted` says so; `remove`: there is no mark, so that the row has to
   * go; `never`: nothing of it goes.
   */
  gone: 'mark' | 'remove' | 'never';
  /** Whether it has a column `property_<name>` for every other property of its object, too. */
  hasProperties?: boolean;
}

type Columns = Table['columns'];

const SYNCED: Columns = { _fivetran_synced: 'ts' };
const DELETED: Columns = { _fivetran_deleted: 'bool' };
/** Of tables that keep the history of their rows. */
const VALIDITY: Columns = { _fivetran_start: 'ts', _fivetran_end: 'ts', _fivetran_active: 'bool' };

/** Rows stay, and are marked. */
function marked(key: readonly string[], columns: Columns): Table {
  return { key, columns: { ...columns, ...DELETED, ...SYNCED }, gone: 'mark' };
}

/** A CRM object, with all properties that it has. */
function object(key: readonly string[], columns: Columns): Table {
  return { ...marked(key, columns), hasProperties: true };
}

/** Rows that are gone are not there any more. */
function removed(key: readonly string[], columns: Columns): Table {
  return { key, columns: { ...columns, ...SYNCED }, gone: 'remove' };
}

/** Rows never go. */
function kept(key: readonly string[], columns: Columns): Table {
  return { key, columns: { ...columns, ...SYNCED }, gone: 'never' };
}

function history(object: string, time: string): Table {
  const id = `${object}_id`;
  const columns: Columns = {
    [id]: 'int',
    name: 'text',
    [time]: 'ts',
    value: 'text',
    source: 'text',
    source_id: 'text',
  };
  return kept([id, 'name', time], { ...columns, ...VALIDITY });
}

function association(one: string, other: string): Table {
  const [from, to] = [`${one}_id`, `${other}_id`];
  return removed([from, to, 'type_id', 'category'], { [from]: 'int', [to]: 'int', type_id: 'int', category: 'text' });
}

/** @param more the columns of this type of engagement alone */
function engagement(more: Columns = {}): Table {
  return object(['engagement_id'], {
    engagement_id: 'int',
    type: 'text',
    property_hs_createdate: 'ts',
    property_hs_timestamp: 'ts',
    property_hubspot_owner_id: 'int',
    property_hubspot_team_id: 'int',
    ...more,
  });
}

/** What one type of email event has besides its id. */
function event(columns: Columns): Table {
  return kept(['id'], { id: 'text', ...columns });
}

const PIPELINE: Columns = {
  pipeline_id: 'text',
  label: 'text',
  display_order: 'int',
  active: 'bool',
  created_at: 'ts',
  updated_at: 'ts',
};
const STAGE: Columns = { stage_id: 'text', ...PIPELINE, is_closed: 'bool' };
const CLIENT: Columns = { browser: 'text', ip_address: 'text', location: 'text', user_agent: 'text' };
const MAIL: Columns = { bcc: 'text', cc: 'text', from: 'text', reply_to: 'text', subject: 'text' };

/** The 56 tables that models of the package read. */
export const READ_BY_MODELS: Readonly<Record<string, Table>> = {
  // CRM objects
  contact: object(['id'], {
    id: 'int',
    property_email: 'text',
    property_firstname: 'text',
    property_lastname: 'text',
    property_company: 'text',
    property_jobtitle: 'text',
    property_createdate: 'ts',
    property_annualrevenue: 'num',
    property_hs_merged_object_ids: 'text',
  }),
  company: object(['id'], {
    id: 'int',
    is_deleted: 'bool',
    portal_id: 'int',
    property_name: 'text',
    property_description: 'text',
    property_industry: 'text',
    property_address: 'text',
    property_address_2: 'text',
    property_city: 'text',
    property_state: 'text',
    property_country: 'text',
    property_createdate: 'ts',
    property_annualrevenue: 'num',
  }),
  deal: object(['deal_id'], {
    deal_id: 'int',
    is_deleted: 'bool',
    portal_id: 'int',
    deal_pipeline_id: 'text',
    deal_pipeline_stage_id: 'text',
    owner_id: 'int',
    property_dealname: 'text',
    property_description: 'text',
    property_amount: 'num',
    property_closedate: 'ts',
    property_createdate: 'ts',
  }),
  ticket: object(['id'], {
    id: 'int',
    is_deleted: 'bool',
    portal_id: 'int',
    property_subject: 'text',
    property_content: 'text',
    property_hs_ticket_category: 'text',
    property_hs_ticket_priority: 'text',
    property_hs_pipeline: 'text',
    property_hs_pipeline_stage: 'text',
    property_closed_date: 'ts',
    property_createdate: 'ts',
    property_first_agent_reply_date: 'ts',
    property_hubspot_owner_id: 'int',
  }),
  merged_deal: kept(['deal_id', 'merged_deal_id'], { deal_id: 'int', merged_deal_id: 'int' }),
  contact_merge_audit: kept(['canonical_vid', 'vid_to_merge'], {
    canonical_vid: 'int',
    vid_to_merge: 'int',
    contact_id: 'int',
    entity_id: 'text',
    first_name: 'text',
    last_name: 'text',
    num_properties_moved: 'int',
    timestamp: 'ts',
    user_id: 'int',
  }),

  // Pipelines
  deal_pipeline: marked(['pipeline_id'], PIPELINE),
  deal_pipeline_stage: marked(['stage_id'], { ...STAGE, closed_won: 'bool', probability: 'num' }),
  ticket_pipeline: marked(['pipeline_id'], { ...PIPELINE, object_type_id: 'text' }),
  ticket_pipeline_stage: marked(['pipeline_id', 'stage_id'], {
    ...STAGE,
    ticket_state: 'text',
    write_permissions: 'text',
  }),

  // Histories
  contact_property_history: history('contact', 'timestamp'),
  company_property_history: history('company', 'timestamp'),
  deal_property_history: history('deal', 'timestamp'),
  ticket_property_history: history('ticket', 'timestamp_instant'),
  deal_stage: kept(['deal_id', '_fivetran_start'], {
    deal_id: 'int',
    value: 'text',
    date_entered: 'ts',
    source: 'text',
    source_id: 'text',
    ...VALIDITY,
  }),

  // Engagements
  engagement: removed(['id'], { id: 'int', type: 'text', portal_id: 'int' }),
  engagement_call: engagement(),
  engagement_communication: engagement(),
  engagement_email: engagement(),
  engagement_meeting: engagement(),
  engagement_note: engagement({ body: 'text' }),
  engagement_task: engagement(),
  engagement_contact: association('engagement', 'contact'),
  engagement_company: association('engagement', 'company'),
  engagement_deal: association('engagement', 'deal'),
  ticket_engagement: association('ticket', 'engagement'),

  // Associations
  deal_company: association('deal', 'company'),
  deal_contact: association('deal', 'contact'),
  ticket_company: association('ticket', 'company'),
  ticket_contact: association('ticket', 'contact'),
  ticket_deal: association('ticket', 'deal'),

  // People, and what describes the portal
  owner: kept(['owner_id'], {
    owner_id: 'int',
    email: 'text',
    first_name: 'text',
    last_name: 'text',
    active_user_id: 'int',
    type: 'text',
    portal_id: 'int',
    is_active: 'bool',
    created_at: 'ts',
    updated_at: 'ts',
  }),
  owner_team: marked(['owner_id', 'team_id'], { owner_id: 'int', team_id: 'int', is_team_primary: 'bool' }),
  users: marked(['id'], {
    id: 'int',
    email: 'text',
    first_name: 'text',
    last_name: 'text',
    role_id: 'int',
    primary_team_id: 'int',
  }),
  role: marked(['id'], { id: 'int', name: 'text', requires_billing_write: 'bool' }),
  team: marked(['id'], { id: 'int', name: 'text' }),
  team_user: marked(['team_id', 'user_id'], { team_id: 'int', user_id: 'int', is_secondary_user: 'bool' }),
  property: removed(['hubspot_object', 'name'], {
    hubspot_object: 'text',
    name: 'text',
    label: 'text',
    description: 'text',
    type: 'text',
    field_type: 'text',
    group_name: 'text',
    calculated: 'bool',
    hubspot_defined: 'bool',
    show_currency_symbol: 'bool',
    created_at: 'ts',
    updated_at: 'ts',
    _fivetran_id: 'text',
  }),
  // Fivetran's documents have the label in its key in place of the value. Labels of a property are not surely unique, or there.
  property_option: removed(['hubspot_object', 'name', 'value'], {
    hubspot_object: 'text',
    name: 'text',
    value: 'text',
    label: 'text',
    display_order: 'int',
    hidden: 'bool',
    property_id: 'text',
  }),

  // Marketing
  contact_list: marked(['id'], {
    id: 'int',
    name: 'text',
    object_type_id: 'text',
    processing_type: 'text',
    processing_status: 'text',
    list_version: 'int',
    created_by_id: 'text',
    created_at: 'ts',
    updated_at: 'ts',
    filters_updated_at: 'ts',
    portal_id: 'int',
    deleteable: 'bool',
    dynamic: 'bool',
    metadata_error: 'text',
    metadata_last_processing_state_change_at: 'ts',
    metadata_last_size_change_at: 'ts',
    metadata_processing: 'text',
    metadata_size: 'int',
  }),
  contact_list_member: marked(['contact_list_id', 'contact_id'], {
    contact_list_id: 'int',
    contact_id: 'int',
    added_at: 'ts',
  }),
  form: marked(['guid'], {
    guid: 'text',
    name: 'text',
    form_type: 'text',
    portal_id: 'int',
    redirect: 'text',
    submit_text: 'text',
    notify_recipients: 'text',
    created_at: 'ts',
    updated_at: 'ts',
    action: 'text',
    css_class: 'text',
    follow_up_id: 'int',
    lead_nurturing_campaign_id: 'int',
    method: 'text',
  }),
  contact_form_submission: kept(['contact_id', 'conversion_id'], {
    contact_id: 'int',
    conversion_id: 'text',
    form_id: 'text',
    timestamp: 'ts',
    page_url: 'text',
    portal_id: 'int',
    page_id: 'text',
    title: 'text',
  }),
  email_campaign: kept(['id'], {
    id: 'int',
    app_id: 'int',
    app_name: 'text',
    content_id: 'int',
    name: 'text',
    subject: 'text',
    type: 'text',
    sub_type: 'text',
    num_included: 'int',
    num_queued: 'int',
  }),
  email_event: event({
    type: 'text',
    recipient: 'text',
    created: 'ts',
    email_campaign_id: 'int',
    app_id: 'int',
    portal_id: 'int',
    filtered_event: 'bool',
    caused_by_id: 'text',
    caused_by_created: 'ts',
    obsoleted_by_id: 'text',
    obsoleted_by_created: 'ts',
    sent_by_id: 'text',
    sent_by_created: 'ts',
  }),
  email_event_bounce: event({ category: 'text', response: 'text', status: 'text' }),
  email_event_click: event({ ...CLIENT, referer: 'text', url: 'text' }),
  email_event_deferred: event({ attempt: 'int', response: 'text' }),
  email_event_delivered: event({ response: 'text', smtp_id: 'text' }),
  email_event_dropped: event({ ...MAIL, drop_message: 'text', drop_reason: 'text' }),
  email_event_forward: event(CLIENT),
  email_event_open: event({ ...CLIENT, duration: 'text' }),
  email_event_print: event(CLIENT),
  email_event_sent: event(MAIL),
  email_event_spam_report: event({ ip_address: 'text', user_agent: 'text' }),
  email_event_status_change: event({
    bounced: 'bool',
    portal_subscription_status: 'text',
    requested_by: 'text',
    source: 'text',
    subscriptions: 'text',
  }),
};

/** Tables that no model of 1.8 reads: two that it declares, and one that 1.9 reads. */
export const BESIDES: Readonly<Record<string, Table>> = {
  email_subscription: marked(['id'], {
    id: 'int',
    portal_id: 'int',
    name: 'text',
    description: 'text',
    active: 'bool',
  }),
  email_subscription_change: kept(['_fivetran_id'], {
    _fivetran_id: 'text',
    recipient: 'text',
    timestamp: 'ts',
    email_subscription_id: 'int',
    portal_id: 'int',
    change: 'text',
    change_type: 'text',
    source: 'text',
    caused_by_event_id: 'text',
  }),
  submission_response: kept(['_fivetran_id'], {
    _fivetran_id: 'text',
    conversion_id: 'text',
    form_id: 'text',
    object_type_id: 'text',
    field_name: 'text',
    field_value: 'text',
    submitted_at: 'int',
    page_url: 'text',
  }),
};

/** Every table. */
export const TABLES: Readonly<Record<string, Table>> = { ...READ_BY_MODELS, ...BESIDES };
