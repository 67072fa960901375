import { iso } from '../portal/clock.js';
import type { CollectionItem, CollectionOptions } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { numbered, peopleOf } from './sample.js';

const HOUR_MS = 3_600_000;
const SCOPES = [['account-info.security.read']];
const FIRST_ID = 7001;

/** What the users of a portal did in the weeks before the sandbox starts. */
export function activityResources(portal: Portal): CollectionOptions[] {
  const people = Object.entries(peopleOf(portal).users).map(([id, user]) => ({
    userId: id,
    userEmail: (user as { email: string }).email,
  }));
  const personOf = (n: number) =>
    people[n % people.length] ?? { userId: '9300000', userEmail: 'owner1@sandbox.example' };
  const common = (kind: string, count: number, hours: number) => ({
    path: `/account-info/:date/activity/${kind}`,
    olderPath: `/account-info/v3/activity/${kind}`,
    scopes: SCOPES,
    pages: [100, 100] as const,
    isNewestFirst: true,
    // The second is of the same moment as the first, and so on.
    madeAt: (id: string) =>
      portal.clock.now() - (count - 2 * Math.floor((Number(id) - FIRST_ID) / 14)) * hours * HOUR_MS,
  });
  return [
    {
      ...common('audit-logs', 150, 20),
      span: { from: 'occurredAfter', to: 'occurredBefore', isClosed: false },
      shape: timed('occurredAt'),
      items: numbered(150, FIRST_ID, (n) => ({
        category: ['CRM_OBJECT', 'LOGIN', 'PROPERTY'][n % 3],
        subCategory: 'CONTACT',
        action: ['CREATE', 'UPDATE', 'DELETE'][n % 3],
        targetObjectId: String(n),
        actingUser: personOf(n),
      })),
    },
    {
      ...common('login', 40, 12),
      shape: timed('loginAt'),
      items: numbered(40, FIRST_ID, (n) => ({
        userId: personOf(n).userId,
        email: personOf(n).userEmail,
        loginSucceeded: n % 7 !== 0,
        ipAddress: '192.0.2.9',
        userAgent: 'Mozilla/5.0',
        location: 'Berlin, Germany',
        countryCode: 'DE',
        regionCode: 'BE',
      })),
    },
    {
      ...common('security', 30, 40),
      span: { from: 'fromTimestamp', to: 'toTimestamp', isClosed: true },
      shape: timed('createdAt'),
      items: numbered(30, FIRST_ID, (n) => ({
        type: ['EXPORT_CONTACTS', 'API_KEY_CREATED', 'USER_ADDED'][n % 3],
        userId: personOf(n).userId,
        actingUser: personOf(n + 1).userEmail,
        objectId: String(n),
        ipAddress: '192.0.2.10',
        infoUrl: `https://app.sandbox.example/security/${n}`,
      })),
    },
  ];
}

const timed =
  (member: string) =>
  ({ id, members, updatedAt }: CollectionItem): object => ({ ...members, id, [member]: iso(updatedAt) });
