import { burstCall } from '../../src/hubspot/client/calls.js';
import { BOOLEAN, INSTANT, INTEGER, STRING } from '../../src/streams/layouts/property-schema.js';
import { whole } from '../../src/streams/strategies/whole/whole.js';

/** The coupons of a portal, a resource that HubSpot does not have. Those that are withdrawn stay in a list of their own. */
const endpoint = {
  kind: burstCall('coupons', 'commerce'),
  path: '/made-up/2026-09/coupons',
  what: 'coupons',
  paging: 'after' as const,
};

export const coupons = whole({
  name: 'coupons',
  group: 'sales',
  scopes: [['coupons.read']],
  endpoint,
  archived: { ...endpoint, what: 'withdrawn coupons', query: { archived: 'true' } },
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    code: { ...STRING, description: 'What a buyer types.' },
    percent: INTEGER,
    isPublic: BOOLEAN,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});
