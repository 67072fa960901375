import { paths } from '../../../hubspot/client/paths.js';
import { type Instant, justBefore, timeOf } from '../../../time.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, INSTANT, OBJECT, STRING } from '../../layouts/property-schema.js';
import { byWindow } from '../../strategies/by-window/by-window.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection } from '../collection.js';
import { TIERS } from '../tiers.js';

/** What users did in an account: in its settings, at the login, and where security is concerned. */
const ACTIVITY = {
  group: 'settings',
  scopes: [['account-info.security.read']],
  subject: 'account-info.security',
  key: 'id',
} as const;

const endpointOf = (kind: string, what: string) =>
  collection('account-info', what, paths.activity(kind), { olderPath: `/account-info/v3/activity/${kind}` });

/** HubSpot documents neither how late events come nor in which order, nor for how long they are kept. */
const WINDOWS = { order: 'unknown', sliceDays: 1, overlapMinutes: 60, keptDays: null } as const;

const auditLogs = byWindow({
  ...ACTIVITY,
  ...WINDOWS,
  name: 'audit_logs',
  tier: TIERS.enterprise,
  endpoint: endpointOf('audit-logs', 'audit logs'),
  cursor: 'occurredAt',
  window: (from: Instant, to: Instant) => ({ occurredAfter: justBefore(from), occurredBefore: to }),
  schema: {
    id: STRING,
    category: STRING,
    subCategory: STRING,
    action: STRING,
    targetObjectId: STRING,
    occurredAt: INSTANT,
    actingUser: OBJECT,
  },
});

/** HubSpot has no filter by time for them, and keeps them for 90 days. */
const loginHistory = whole({
  ...ACTIVITY,
  name: 'login_history',
  tier: TIERS.enterprise,
  endpoint: endpointOf('login', 'logins'),
  cursor: 'loginAt',
  schema: {
    id: STRING,
    userId: { ...STRING, description: 'The id of settings_users.' },
    email: STRING,
    loginAt: INSTANT,
    loginSucceeded: BOOLEAN,
    ipAddress: STRING,
    userAgent: STRING,
    location: STRING,
    countryCode: STRING,
    regionCode: STRING,
  },
  // What HubSpot does not keep any more has happened all the same.
  hasTombstones: false,
});

const securityHistory = byWindow({
  ...ACTIVITY,
  ...WINDOWS,
  name: 'security_history',
  tier: TIERS.enterprise,
  endpoint: endpointOf('security', 'security events'),
  cursor: 'createdAt',
  window: (from: Instant, to: Instant) => ({
    fromTimestamp: String(timeOf(justBefore(from))),
    toTimestamp: String(timeOf(to)),
  }),
  schema: {
    id: STRING,
    type: STRING,
    userId: { ...STRING, description: 'The id of settings_users.' },
    actingUser: STRING,
    objectId: STRING,
    createdAt: INSTANT,
    ipAddress: STRING,
    infoUrl: STRING,
  },
});

export const activity: readonly StreamDeclaration[] = [auditLogs, loginHistory, securityHistory];
