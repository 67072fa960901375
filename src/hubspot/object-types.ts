/** One kind of CRM object: how HubSpot, source-hubspot and people call it, and what reading it needs. */
export interface ObjectType {
  /** The name in paths: the plural, for custom objects the fully qualified name. */
  name: string;
  /** HubSpot's objectTypeId, `0-1`, `2-123`. */
  typeId: string;
  /** Other names it is known by. */
  aliases: readonly string[];
  /** The stream's name, source-hubspot's where it has the stream. */
  stream: string;
  /** The property that holds when a record was last modified. */
  modifiedProperty: string;
  /** The scope that reading it needs, for messages; HubSpot's 403 may name others. */
  scope: string;
  /** Names of the objects whose ids its records carry in source-hubspot. */
  associations: readonly string[];
  custom: boolean;
}

type Row = [
  name: string,
  typeId: string,
  aliases: string[],
  options?: { stream?: string; scope?: string; associations?: string[] },
];

const ENGAGEMENT = ['companies', 'contacts', 'deals', 'tickets'];
const CONTACTS_SCOPE = 'crm.objects.contacts.read';
const LINE_ITEMS_SCOPE = 'crm.objects.line_items.read';

/**
 * HubSpot's standard objects. Type ids and scopes: HubSpot's object reference; stream names and associations:
 * source-hubspot's manifest.
 */
const ROWS: Row[] = [
  ['contacts', '0-1', ['contact'], { associations: ['companies'] }],
  ['companies', '0-2', ['company'], { associations: ['contacts'] }],
  ['deals', '0-3', ['deal'], { associations: ['companies', 'contacts', 'line_items'] }],
  ['tickets', '0-5', ['ticket'], { scope: 'tickets', associations: ['companies', 'contacts', 'deals'] }],
  ['leads', '0-136', ['lead'], { associations: ['companies', 'contacts'] }],
  ['products', '0-7', ['product']],
  ['line_items', '0-8', ['line_item', 'line items', 'line item'], { scope: LINE_ITEMS_SCOPE }],
  ['quotes', '0-14', ['quote']],
  ['calls', '0-48', ['call'], { stream: 'engagements_calls', scope: CONTACTS_SCOPE, associations: ENGAGEMENT }],
  ['emails', '0-49', ['email'], { stream: 'engagements_emails', scope: 'sales-email-read', associations: ENGAGEMENT }],
  [
    'meetings',
    '0-47',
    ['meeting'],
    { stream: 'engagements_meetings', scope: CONTACTS_SCOPE, associations: ENGAGEMENT },
  ],
  ['notes', '0-46', ['note'], { stream: 'engagements_notes', scope: CONTACTS_SCOPE, associations: ENGAGEMENT }],
  ['tasks', '0-27', ['task'], { stream: 'engagements_tasks', scope: CONTACTS_SCOPE, associations: ENGAGEMENT }],
  ['communications', '0-18', ['communication'], { scope: CONTACTS_SCOPE }],
  ['postal_mail', '0-116', ['postal mail'], { scope: CONTACTS_SCOPE }],
  ['feedback_submissions', '0-19', ['feedback_submission']],
  ['goal_targets', '0-74', ['goal_target', 'goal'], { stream: 'goals', scope: 'crm.objects.goals.read' }],
  ['orders', '0-123', ['order']],
  ['carts', '0-142', ['cart']],
  ['invoices', '0-53', ['invoice']],
  ['commerce_payments', '0-101', ['commerce_payment'], { scope: 'crm.objects.commercepayments.read' }],
  ['subscriptions', '0-69', ['subscription']],
  ['discounts', '0-84', ['discount'], { scope: LINE_ITEMS_SCOPE }],
  ['fees', '0-85', ['fee'], { scope: LINE_ITEMS_SCOPE }],
  ['taxes', '0-86', ['tax'], { scope: LINE_ITEMS_SCOPE }],
  ['appointments', '0-421', ['appointment']],
  ['courses', '0-410', ['course']],
  ['listings', '0-420', ['listing']],
  ['services', '0-162', ['service']],
  ['users', '0-115', ['user']],
  ['deal_splits', '0-72', ['deal_split'], { scope: 'crm.dealsplits.read_write' }],
];

export const STANDARD_OBJECTS: readonly ObjectType[] = ROWS.map(([name, typeId, aliases, options = {}]) => ({
  name,
  typeId,
  aliases,
  stream: options.stream ?? name,
  // HubSpot: contacts keep it in lastmodifieddate, every other object in hs_lastmodifieddate.
  modifiedProperty: name === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate',
  scope: options.scope ?? `crm.objects.${name}.read`,
  associations: options.associations ?? [],
  custom: false,
}));

/** What `GET /crm-object-schemas/…/schemas` says of a custom object. */
export interface CustomSchema {
  name: string;
  objectTypeId: string;
  fullyQualifiedName: string;
}

export const CUSTOM_SCOPE = 'crm.objects.custom.read';
/** The scope that seeing which custom objects there are needs. */
export const CUSTOM_SCHEMAS_SCOPE = 'crm.schemas.custom.read';

export function customObjectType(schema: CustomSchema): ObjectType {
  return {
    name: schema.fullyQualifiedName,
    typeId: schema.objectTypeId,
    // HubSpot takes p_<name> for p<portal>_<name>.
    aliases: [schema.name, `p_${schema.name}`],
    stream: schema.name,
    modifiedProperty: 'hs_lastmodifieddate',
    scope: CUSTOM_SCOPE,
    associations: [],
    custom: true,
  };
}

/** The object called `name` in any way that HubSpot or a stream does, without regard to case; standard objects first. */
export function findObjectType(name: string, types: readonly ObjectType[]): ObjectType | undefined {
  const wanted = name.toLowerCase();
  const named = (type: ObjectType) =>
    [type.name, type.typeId, type.stream, ...type.aliases].some((each) => each.toLowerCase() === wanted);
  return types.find((type) => !type.custom && named(type)) ?? types.find(named);
}
