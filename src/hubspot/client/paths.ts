/**
 * Every path of HubSpot's API that hubflake calls. The version is this one constant: HubSpot publishes date-based versions
 * each March and September, supports each for 18 months, and ends the v1–v4 paths in 2027.
 */
export const API_VERSION = '2026-09';

const name = encodeURIComponent;

export const paths = {
  token: () => `/oauth/${API_VERSION}/token`,
  /** Its path before the date-based versions. */
  olderToken: () => '/oauth/v3/token',
  /** The scopes of a private app's token or a service key. */
  tokenInfo: () => '/oauth/v2/private-apps/get/access-token-info',
  /** The same for an OAuth access token. */
  introspection: () => `/oauth/${API_VERSION}/token/introspect`,
  accountDetails: () => `/account-info/${API_VERSION}/details`,
  objects: (type: string) => `/crm/objects/${API_VERSION}/${name(type)}`,
  search: (type: string) => `/crm/objects/${API_VERSION}/${name(type)}/search`,
  batchRead: (type: string) => `/crm/objects/${API_VERSION}/${name(type)}/batch/read`,
  associations: (from: string, to: string) => `/crm/associations/${API_VERSION}/${name(from)}/${name(to)}/batch/read`,
  associationLabels: (from: string, to: string) => `/crm/associations/${API_VERSION}/${name(from)}/${name(to)}/labels`,
  properties: (type: string) => `/crm/properties/${API_VERSION}/${name(type)}`,
  propertyGroups: (type: string) => `/crm/properties/${API_VERSION}/${name(type)}/groups`,
  schemas: () => `/crm-object-schemas/${API_VERSION}/schemas`,
  owners: () => `/crm/owners/${API_VERSION}`,
  pipelines: (type: string) => `/crm/pipelines/${API_VERSION}/${name(type)}`,
  /** Which optional objects are switched on. */
  enablement: () => `/crm/object-library/${API_VERSION}/enablement`,
  /** How many records of each object the portal has, beside how many it may have. */
  recordCounts: () => `/crm/limits/${API_VERSION}/records`,
  dealSplits: () => `/deal-splits/${API_VERSION}/batch/read`,
  users: () => `/settings/users/${API_VERSION}`,
  roles: () => `/settings/users/${API_VERSION}/roles`,
  teams: () => `/settings/users/${API_VERSION}/teams`,
  companyCurrency: () => `/settings/currencies/${API_VERSION}/company-currency`,
  currencyCodes: () => `/settings/currencies/${API_VERSION}/codes`,
  exchangeRates: () => `/settings/currencies/${API_VERSION}/exchange-rates`,
  taxRates: () => `/tax-rates/${API_VERSION}/tax-rates`,
  businessUnits: (user: string) => `/business-units/public/${API_VERSION}/business-units/user/${name(user)}`,
  meetingLinks: () => `/scheduler/${API_VERSION}/meetings/meeting-links`,
  activity: (kind: string) => `/account-info/${API_VERSION}/activity/${kind}`,
  imports: () => `/crm/imports/${API_VERSION}`,
  lists: () => `/crm/lists/${API_VERSION}/all`,
  listMembers: (list: string) => `/crm/lists/${API_VERSION}/${name(list)}/memberships`,
  listMembersByJoining: (list: string) => `/crm/lists/${API_VERSION}/${name(list)}/memberships/join-order`,
  /** HubSpot has no dated path for them, as for other paths with v1 to v4 here. */
  forms: () => '/marketing/v3/forms',
  formSubmissions: (form: string) => `/form-integrations/v1/submissions/forms/${name(form)}`,
  emailEvents: () => '/email/public/v1/events',
  emailCampaigns: () => '/email/public/v1/campaigns/by-id',
  emailCampaign: (id: string) => `/email/public/v1/campaigns/${name(id)}`,
  marketingEmails: () => `/marketing/emails/${API_VERSION}`,
  emailStatistics: () => `/marketing/emails/${API_VERSION}/statistics/list`,
  subscriptionTimeline: () => '/email/public/v1/subscriptions/timeline',
  emailSubscriptions: () => '/email/public/v1/subscriptions',
  subscriptionDefinitions: () => `/communication-preferences/${API_VERSION}/definitions`,
  subscriptionStatuses: () => `/communication-preferences/${API_VERSION}/statuses/batch/read`,
  marketingCampaigns: () => `/marketing/campaigns/${API_VERSION}`,
  campaignsBatch: () => `/marketing/campaigns/${API_VERSION}/batch/read`,
  campaign: (id: string, report: string) => `/marketing/campaigns/${API_VERSION}/${name(id)}/${report}`,
  marketingEvents: () => `/marketing/marketing-events/${API_VERSION}`,
  eventParticipants: (event: string) =>
    `/marketing/marketing-events/${API_VERSION}/participations/${name(event)}/breakdown`,
  eventTypes: () => `/events/event-occurrences/${API_VERSION}/event-types`,
  eventOccurrences: () => `/events/event-occurrences/${API_VERSION}`,
  eventDefinitions: () => `/events/custom/${API_VERSION}/event-definitions`,
  workflows: () => '/automation/v3/workflows',
  flows: () => '/automation/v4/flows',
  flowsBatch: () => '/automation/v4/flows/batch/read',
  sequences: () => `/automation/sequences/${API_VERSION}`,
  sequenceEnrollment: (contact: string) => `/automation/sequences/${API_VERSION}/enrollments/contact/${name(contact)}`,
  forecastTypes: () => `/forecast-settings/${API_VERSION}/forecast-types`,
  paymentLinks: () => `/commerce/payment-links/${API_VERSION}/payment-links`,
  priceBooks: () => `/commerce/price-books/${API_VERSION}/price-books`,
  priceBookItems: (book: string) => `/commerce/price-books/${API_VERSION}/price-books/${name(book)}/items`,
  files: (kind: 'files' | 'folders') => `/files/${API_VERSION}/${kind}/search`,
  conversations: (kind: string) => `/conversations/conversations/${API_VERSION}/${kind}`,
  blogs: (kind: string) => `/cms/blogs/${API_VERSION}/${kind}`,
  pages: (kind: string) => `/cms/pages/${API_VERSION}/${kind}`,
  urlRedirects: () => `/cms/url-redirects/${API_VERSION}`,
  domains: () => `/cms/domains/${API_VERSION}`,
  /** HubSpot's documents disagree on the path of September 2026, so that the one before is called. */
  hubdbTables: () => '/cms/hubdb/2026-03/tables',
  hubdbRows: (table: string) => `/cms/hubdb/2026-03/tables/${name(table)}/rows`,
};

/** All that HubSpot reads by POST. Its neighbours write: `…/batch/unsubscribe-all` unsubscribes people. */
const READS_BY_POST = [/\/search$/, /\/batch\/read$/, /^\/crm\/lists\/[\w-]+\/all$/, /\/access-token-info$/];

/** Whether a POST to a path of HubSpot's only reads. */
export function isReadByPost(path: string): boolean {
  return READS_BY_POST.some((read) => read.test(path));
}
