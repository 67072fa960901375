/** One type of CRM object: its names in HubSpot and source-hubspot, and what reading it requires. */
export interface ObjectType {
  /** The name in paths: the plural, for custom objects the fully qualified name. */
  name: string;
  /** HubSpot's objectTypeId, `0-1`, `2-123`; null where none is published. */
  typeId: string | null;
  /** Other names for it. */
  aliases: readonly string[];
  /** The stream's name; source-hubspot's if it has the stream. */
  stream: string;
  /** The property with the time of the last modification. */
  modifiedProperty: string;
  /** The scopes that reading it requires. */
  scopes: Scopes;
  /** The objects whose associated ids its records have in source-hubspot. */
  associations: readonly string[];
  /** Why HubSpot does not report deletions of it; null: archived records can be listed, as far as is known. */
  hiddenDeletions: string | null;
  custom: boolean;
}

/** HubSpot's scopes: one of each group is required. If HubSpot's 403 names other ones, those take precedence. */
export type Scopes = readonly (readonly string[])[];

type Row = [
  name: string,
  typeId: string | null,
  aliases: string[],
  options?: { stream?: string; scopes?: string[][]; associations?: string[]; hiddenDeletions?: string },
];

const ENGAGEMENT = ['companies', 'contacts', 'deals', 'tickets'];
const CONTACTS = ['crm.objects.contacts.read'];
const LINE_ITEMS = ['crm.objects.line_items.read'];
/** HubSpot's reference lists it beside the scopes of commerce objects. */
const COMMERCE = ['e-commerce'];

/**
 * HubSpot's standard objects. Type ids and scopes are from HubSpot's object reference; the old and the new name of a scope form one
 * group. Stream names and associations are from source-hubspot's manifest. Unreported deletions are from live responses that others
 * recorded.
 */
const ROWS: Row[] = [
  ['contacts', '0-1', ['contact'], { associations: ['companies'] }],
  ['companies', '0-2', ['company'], { associations: ['contacts'] }],
  ['deals', '0-3', ['deal'], { associations: ['companies', 'contacts', 'line_items'] }],
  [
    'tickets',
    '0-5',
    ['ticket'],
    { scopes: [['tickets', 'crm.objects.tickets.read']], associations: ['companies', 'contacts', 'deals'] },
  ],
  ['leads', '0-136', ['lead'], { associations: ['companies', 'contacts'] }],
  ['products', '0-7', ['product'], { scopes: [['crm.objects.products.read'], COMMERCE] }],
  ['line_items', '0-8', ['line_item', 'line items', 'line item'], { scopes: [LINE_ITEMS, COMMERCE] }],
  ['quotes', '0-14', ['quote'], { scopes: [['crm.objects.quotes.read'], COMMERCE] }],
  // HubSpot's guide to quotes has their path, and no type id.
  [
    'quote_template',
    null,
    ['quote_templates', 'quote templates'],
    { stream: 'quote_templates', scopes: [['crm.objects.quotes.read']] },
  ],
  ['calls', '0-48', ['call'], { stream: 'engagements_calls', scopes: [CONTACTS], associations: ENGAGEMENT }],
  [
    'emails',
    '0-49',
    ['email'],
    {
      stream: 'engagements_emails',
      scopes: [CONTACTS, ['sales-email-read']],
      associations: ENGAGEMENT,
      hiddenDeletions: 'HubSpot erases them at once, and its list of archived ones is always empty',
    },
  ],
  [
    'meetings',
    '0-47',
    ['meeting'],
    {
      stream: 'engagements_meetings',
      scopes: [CONTACTS],
      associations: ENGAGEMENT,
      hiddenDeletions: 'HubSpot refuses to list archived ones',
    },
  ],
  ['notes', '0-46', ['note'], { stream: 'engagements_notes', scopes: [CONTACTS], associations: ENGAGEMENT }],
  ['tasks', '0-27', ['task'], { stream: 'engagements_tasks', scopes: [CONTACTS], associations: ENGAGEMENT }],
  ['communications', '0-18', ['communication'], { scopes: [CONTACTS] }],
  ['postal_mail', '0-116', ['postal mail'], { scopes: [CONTACTS] }],
  [
    'feedback_submissions',
    '0-19',
    ['feedback_submission'],
    { scopes: [CONTACTS, ['crm.objects.feedback_submissions.read']] },
  ],
  ['goal_targets', '0-74', ['goal_target', 'goal'], { stream: 'goals', scopes: [['crm.objects.goals.read']] }],
  ['orders', '0-123', ['order']],
  ['carts', '0-142', ['cart']],
  ['invoices', '0-53', ['invoice']],
  ['commerce_payments', '0-101', ['commerce_payment'], { scopes: [['crm.objects.commercepayments.read']] }],
  ['subscriptions', '0-69', ['subscription']],
  ['discounts', '0-84', ['discount'], { scopes: [LINE_ITEMS, COMMERCE] }],
  ['fees', '0-85', ['fee'], { scopes: [LINE_ITEMS, COMMERCE] }],
  ['taxes', '0-86', ['tax'], { scopes: [LINE_ITEMS] }],
  ['appointments', '0-421', ['appointment']],
  ['courses', '0-410', ['course']],
  ['listings', '0-420', ['listing']],
  ['services', '0-162', ['service']],
  ['users', '0-115', ['user']],
  ['contracts', '0-721', ['contract']],
  ['projects', '0-970', ['project']],
  ['partner_clients', null, ['partner_client'], { scopes: [['crm.objects.partner-clients.read']] }],
  ['partner_services', null, ['partner_service'], { scopes: [['crm.objects.partner-services.read']] }],
];

export const STANDARD_OBJECTS: readonly ObjectType[] = ROWS.map(([name, typeId, aliases, options = {}]) => ({
  name,
  typeId,
  aliases,
  stream: options.stream ?? name,
  // HubSpot: lastmodifieddate for contacts, hs_lastmodifieddate for every other object.
  modifiedProperty: name === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate',
  scopes: options.scopes ?? [[`crm.objects.${name}.read`]],
  associations: options.associations ?? [],
  hiddenDeletions: options.hiddenDeletions ?? null,
  custom: false,
}));

/** The standard object of this name. */
export function standardObject(name: string): ObjectType {
  const found = STANDARD_OBJECTS.find((type) => type.name === name);
  if (!found) throw new RangeError(`no standard object is called ${name}`);
  return found;
}

/** A custom object as described by `GET /crm-object-schemas/…/schemas`. */
export interface CustomSchema {
  name: string;
  objectTypeId: string;
  fullyQualifiedName: string;
}

export const CUSTOM_SCOPE = 'crm.objects.custom.read';
/** The scope required to list custom objects. */
export const CUSTOM_SCHEMAS_SCOPE = 'crm.schemas.custom.read';

export function customObjectType(schema: CustomSchema): ObjectType {
  return {
    name: schema.fullyQualifiedName,
    typeId: schema.objectTypeId,
    // HubSpot accepts p_<name> for p<portal>_<name>.
    aliases: [schema.name, `p_${schema.name}`],
    stream: schema.name,
    modifiedProperty: 'hs_lastmodifieddate',
    scopes: [[CUSTOM_SCOPE]],
    associations: [],
    hiddenDeletions: null,
    custom: true,
  };
}

/** Finds an object by any of its names, case-insensitively; standard objects take precedence. */
export function findObjectType(name: string, types: readonly ObjectType[]): ObjectType | undefined {
  const wanted = name.toLowerCase();
  const named = (type: ObjectType) =>
    [type.name, type.typeId, type.stream, ...type.aliases].some((each) => each?.toLowerCase() === wanted);
  return types.find((type) => !type.custom && named(type)) ?? types.find(named);
}

/** The scopes of which one lets a token read an object's properties and pipelines: that of its records, or of its schema. */
export function metadataScopes({ scopes, custom, name }: ObjectType): string[] {
  return [...(scopes[0] ?? []), custom ? CUSTOM_SCHEMAS_SCOPE : `crm.schemas.${name}.read`];
}
