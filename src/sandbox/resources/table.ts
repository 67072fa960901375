import { iso } from '../portal/clock.js';
import { type CollectionItem, type CollectionOptions, itemJson } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { activityResources } from './activity.js';
import { automationResources } from './automation.js';
import { contentResources } from './content.js';
import { conversationResources } from './conversations.js';
import { emailCampaignResources } from './email-campaigns.js';
import { emailEventResources } from './email-events.js';
import { engagementResources } from './engagements.js';
import { eventResources } from './events.js';
import { marketingResources } from './marketing.js';
import { marketingEmailResources } from './marketing-emails.js';
import { membershipResources } from './memberships.js';
import { salesResources } from './sales.js';
import { numbered, peopleOf } from './sample.js';
import { submissionResources } from './submissions.js';

/**
 * What a portal has besides records of the CRM, written from what HubSpot documents: where each list is, how it is paged, what its items
 * look like, and a sample that hangs together. Tests look collections up by their paths and change them.
 */
export function resourcesOf(portal: Portal): CollectionOptions[] {
  const { users, teams } = peopleOf(portal);
  const [userId = '9300000'] = Object.keys(users);
  return [
    {
      path: '/settings/users/:date',
      olderPath: '/settings/v3/users',
      scopes: [['settings.users.read', 'crm.objects.users.read']],
      pages: [100, 100],
      shape: timeless,
      items: users,
    },
    {
      path: '/settings/users/:date/roles',
      olderPath: '/settings/v3/users/roles',
      scopes: [['settings.users.read', 'crm.objects.users.read']],
      paging: 'none',
      shape: timeless,
      items: numbered(3, 8101, (n) => ({ name: `Role ${n}`, requiresBillingWrite: n === 1 })),
    },
    {
      path: '/settings/users/:date/teams',
      olderPath: '/settings/v3/users/teams',
      scopes: [['settings.users.teams.read']],
      paging: 'none',
      shape: timeless,
      items: teams,
    },
    {
      path: '/business-units/public/:date/business-units/user/:user',
      olderPath: '/business-units/v3/business-units/user/:user',
      scopes: [['business_units_view.read']],
      paging: 'none',
      within: { of: '/settings/users/:date', id: 'user', by: { user: 'users' } },
      shape: unitShape,
      items: numbered(3, 1501, (n) => ({
        name: `Brand ${n}`,
        logoMetadata: { logoAltText: `Logo ${n}`, resizedUrl: null, logoUrl: `https://sandbox.example/logo-${n}.png` },
        users: n === 1 ? Object.keys(users) : Object.keys(users).slice(n, n + 2),
      })),
    },
    {
      path: '/settings/currencies/:date/codes',
      olderPath: '/settings/v3/currencies/codes',
      scopes: [['settings.currencies.read']],
      paging: 'none',
      shape: ({ id, members }) => ({ ...members, currencyCode: id }),
      items: {
        CHF: { currencyName: 'Swiss Franc' },
        EUR: { currencyName: 'Euro' },
        USD: { currencyName: 'US Dollar' },
      },
    },
    {
      path: '/settings/currencies/:date/company-currency',
      olderPath: '/settings/v3/currencies/company-currency',
      scopes: [['settings.currencies.read']],
      paging: 'one',
      shape: ({ id, createdAt }) => ({ id, currencyCode: id, createdAt: iso(createdAt) }),
      items: { [portal.account.companyCurrency]: {} },
    },
    {
      path: '/settings/currencies/:date/exchange-rates',
      olderPath: '/settings/v3/currencies/exchange-rates',
      scopes: [['settings.currencies.read']],
      items: numbered(5, 501, (n) => ({
        fromCurrencyCode: ['EUR', 'GBP', 'CHF', 'JPY', 'SEK'][n - 1],
        toCurrencyCode: 'USD',
        conversionRate: [1.084213, 1.27, 1.1, 0.0067, 0.096][n - 1],
        effectiveAt: iso(Date.UTC(2024, n, 1)),
        visibleInUI: n < 4,
      })),
    },
    {
      path: '/tax-rates/:date/tax-rates',
      scopes: [['tax_rates.read']],
      items: numbered(3, 601, (n) => ({
        name: `VAT ${n}`,
        label: `vat_${n}`,
        percentageRate: 7 + n / 2,
        active: n < 3,
      })),
    },
    {
      path: '/scheduler/:date/meetings/meeting-links',
      olderPath: '/scheduler/v3/meetings/meeting-links',
      scopes: [['scheduler.meetings.meeting-link.read']],
      items: numbered(4, 701, (n) => ({
        slug: `talk-${n}`,
        link: `https://meet.example/talk-${n}`,
        name: `Talk ${n}`,
        type: n === 4 ? 'ROUND_ROBIN_CALENDAR' : 'PERSONAL_LINK',
        organizerUserId: userId,
        userIdsOfLinkMembers: n === 4 ? Object.keys(users).slice(0, 3) : [],
        defaultLink: n === 1,
      })),
    },
    {
      path: '/crm/imports/:date',
      olderPath: '/crm/v3/imports',
      scopes: [['crm.import']],
      items: numbered(3, 801, (n) => ({
        importName: `Import ${n}`,
        importSource: 'API',
        state: n === 3 ? 'FAILED' : 'DONE',
        mappedObjectTypeIds: ['0-1'],
        metadata: { counters: { TOTAL_ROWS: 10 * n }, fileIds: [`${n}`], objectLists: [] },
      })),
    },
    {
      path: '/crm/lists/:date/all',
      scopes: [['crm.lists.read', 'crm.segments.read']],
      paging: 'post',
      pages: [20, 500],
      shape: listShape,
      items: numbered(12, 901, (n) => ({
        name: `List ${n}`,
        objectTypeId: n % 4 === 0 ? '0-2' : '0-1',
        processingType: ['MANUAL', 'DYNAMIC', 'SNAPSHOT'][n % 3],
        processingStatus: 'COMPLETE',
        listVersion: 1 + (n % 3),
        createdById: userId,
        updatedById: userId,
        additionalProperties: {
          hs_list_size: String(100 * n),
          hs_last_record_added_at: String(1_760_000_000_000 + n),
          ...(n === 1 ? {} : { hs_last_record_removed_at: String(1_765_000_000_000 + n) }),
          hs_list_reference_count: String(n % 3),
          hs_folder_name: 'Campaigns',
        },
      })),
    },
    ...automationResources(portal, Object.keys(users)),
    ...engagementResources(portal),
    ...salesResources(portal),
    ...membershipResources(),
    ...conversations(),
    ...conversationResources(portal),
    ...submissionResources(portal),
    ...marketingResources(portal),
    ...marketingEmailResources(portal.clock.now()),
    ...emailCampaignResources(portal.clock.now()),
    ...emailEventResources(portal.clock.now()),
    ...activityResources(portal),
    ...eventResources(portal),
    ...contentResources(),
  ];
}

function conversations(): CollectionOptions[] {
  const of = (kind: string) => ({
    path: `/conversations/conversations/:date/${kind}`,
    olderPath: `/conversations/v3/conversations/${kind}`,
    scopes: [['conversations.read']],
  });
  return [
    {
      ...of('inboxes'),
      items: numbered(2, 1201, (n) => ({ name: `Inbox ${n}`, type: n === 1 ? 'INBOX' : 'HELP_DESK' })),
    },
    {
      ...of('channels'),
      shape: timeless,
      items: numbered(3, 1301, (n) => ({ name: ['EMAIL', 'LIVE_CHAT', 'WHATSAPP'][n - 1] })),
    },
    {
      ...of('channel-accounts'),
      shape: (item) => ({ ...timeless(item), createdAt: iso(item.createdAt), archived: item.archivedAt !== undefined }),
      items: numbered(4, 1401, (n) => ({
        name: `Account ${n}`,
        channelId: '1301',
        inboxId: '1201',
        active: n < 4,
        authorized: true,
        deliveryIdentifier: { type: 'HS_EMAIL_ADDRESS', value: `inbox${n}@sandbox.example` },
      })),
    },
  ];
}

/** What HubSpot tells no times of. */
function timeless({ id, members }: CollectionItem): object {
  return { ...members, id };
}

function unitShape({ id, members }: CollectionItem): object {
  const { users: _, ...rest } = members as { users: string[] };
  return { ...rest, id };
}

function listShape(item: CollectionItem): object {
  const { id: listId, archived: _, archivedAt: deletedAt, ...rest } = itemJson(item);
  const filters = { filtersUpdatedAt: rest.createdAt };
  return { ...rest, listId, ...filters, ...(deletedAt === undefined ? {} : { deletedAt }) };
}
