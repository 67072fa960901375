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
  properties: (type: string) => `/crm/properties/${API_VERSION}/${name(type)}`,
  schemas: () => `/crm-object-schemas/${API_VERSION}/schemas`,
  owners: () => `/crm/owners/${API_VERSION}`,
  pipelines: (type: string) => `/crm/pipelines/${API_VERSION}/${name(type)}`,
  /** Which optional objects are switched on. */
  enablement: () => `/crm/object-library/${API_VERSION}/enablement`,
  dealSplits: () => `/deal-splits/${API_VERSION}/batch/read`,
};
