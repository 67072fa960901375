import { RequestError } from '../../../errors.js';
import { pagesOf, readItems, withQuery } from '../../../hubspot/api/endpoint.js';
import { propertyOf } from '../../../hubspot/api/object-row.js';
import { standardObject } from '../../../hubspot/api/object-types.js';
import { BATCH_READ_LIMIT, batchRead } from '../../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import { paths } from '../../../hubspot/client/paths.js';
import { earlier, type Instant, instantOf, isFrom } from '../../../time.js';
import { catalogEntry, type PortalFacts } from '../../core/stream.js';
import { stateValue } from '../../core/stream-state.js';
import { INSTANT, INTEGER, STRING } from '../../layouts/property-schema.js';
import { Children } from '../../strategies/children/children.js';
import type { Fitted } from '../../strategies/fitting.js';
import { encodeFitted } from '../../strategies/marks.js';
import { Records } from '../../strategies/records.js';
import { declare, keysOf, type Resource } from '../../strategies/resource.js';
import { collection, itemsIn } from '../collection.js';
import { TIERS } from '../tiers.js';
import { SUBSCRIPTION_TIMELINE } from './email-events.js';

const CONTACT = standardObject('contacts');

/** HubSpot documents no maximum. */
const BATCH = 100;

const statusesOf = (inputs: readonly string[]) =>
  collection('communication-preferences', 'subscription statuses', paths.subscriptionStatuses(), {
    olderPath: '/communication-preferences/v4/statuses/batch/read',
    query: { channel: 'EMAIL' },
    body: { inputs },
    paging: 'none',
    id: 'subscriberIdString',
  });

const STATUSES: Resource & { cursor: string } = {
  name: 'subscription_statuses',
  tier: TIERS.marketingEnterprise,
  group: 'marketing',
  scopes: [['communication_preferences.statuses.batch.read'], ...CONTACT.scopes, ['content']],
  subject: 'communication_preferences',
  endpoint: statusesOf([]),
  key: ['subscriberIdString', 'subscriptionId'],
  cursor: 'timestamp',
  schema: {
    subscriberIdString: { ...STRING, description: 'The e-mail address.' },
    subscriptionId: STRING,
    subscriptionName: STRING,
    channel: STRING,
    status: { ...STRING, description: 'SUBSCRIBED, UNSUBSCRIBED or NOT_SPECIFIED.' },
    source: STRING,
    legalBasis: STRING,
    legalBasisExplanation: STRING,
    timestamp: INSTANT,
    businessUnitId: INTEGER,
  },
};

/** A status of a contact's e-mail address. */
interface Status {
  contactId: string;
  subscriptionId: string;
  record: Fitted;
}

/**
 * What the e-mail addresses of contacts are subscribed to. An increment reads contacts that were modified, and those whose subscriptions
 * changed, which need not modify them. A status outlives the contact that has its address, so that nothing is gone.
 */
export const subscriptionStatuses = declare(STATUSES, statusesIn, {
  increment: 'contacts that were modified, and changes of subscriptions',
  calls: `2 for ${BATCH} contacts`,
  probe: async (portal) => {
    await statusesIn(STATUSES, portal).probe();
    await readItems(portal.client, SUBSCRIPTION_TIMELINE.endpoint, null, 1);
  },
});

function statusesIn(resource: Resource, portal: PortalFacts): Children<Status> {
  const { name, schema, key, cursor, endpoint } = resource;
  return new Children<Status>(
    {
      entry: catalogEntry(name, schema, keysOf({ key }), cursor),
      noun: 'subscription statuses',
      parent: CONTACT,
      kind: endpoint.kind,
      parentsPerCall: BATCH,
      // The addresses of contacts, and their statuses.
      callsEach: 2,
      read: (client, contactIds) => readStatuses(client, contactIds, resource),
      encode: ({ record }) => encodeFitted(record),
      increments: {
        parentOf: ({ contactId }) => contactId,
        idOf: ({ subscriptionId }) => subscriptionId,
        alsoChanged: contactsWithChanges,
        contentOf: ({ record }) => record.data,
        isLive: () => true,
        isWanted: ({ record }) => isFrom(stateValue.text(record.data[String(cursor)]), portal.config.startDate),
        tombstone: null,
      },
    },
    portal,
  );
}

async function* readStatuses(
  client: HubSpotClient,
  contactIds: readonly string[],
  resource: Resource,
): AsyncGenerator<Status[]> {
  const rows = await batchRead(client, { type: CONTACT, ids: contactIds, properties: ['email'] });
  const contacts = new Map<string, string>();
  for (const row of rows) {
    const email = propertyOf(row, 'email');
    if (email) contacts.set(email.toLowerCase(), row.id);
  }
  if (contacts.size === 0) return;
  const { items } = await readItems(client, statusesOf([...contacts.keys()]));
  const records = new Records(resource);
  const found = items.flatMap(({ subscriberIdString, statuses }) => {
    const contactId = contacts.get(String(subscriberIdString).toLowerCase());
    if (contactId === undefined) {
      throw new RequestError('HubSpot answered subscription statuses of an address that was not asked for.', 200);
    }
    return itemsIn(statuses).flatMap((status) => {
      const record = records.of({ ...status, subscriberIdString });
      return record ? [{ contactId, subscriptionId: String(status.subscriptionId), record }] : [];
    });
  });
  records.warn();
  yield found;
}

/** The contacts who are among the recipients of changes since an instant. */
async function* contactsWithChanges({ client }: PortalFacts, since: Instant): AsyncGenerator<string[]> {
  const { endpoint, window, overlapMinutes } = SUBSCRIPTION_TIMELINE;
  const from = earlier(since, overlapMinutes);
  const recipients = new Set<string>();
  for await (const { items } of pagesOf(client, withQuery(endpoint, window(from, instantOf(client.clock.now()))))) {
    for (const { recipient } of items) if (typeof recipient === 'string') recipients.add(recipient);
  }
  const all = [...recipients];
  for (let start = 0; start < all.length; start += BATCH_READ_LIMIT) {
    const ids = all.slice(start, start + BATCH_READ_LIMIT);
    const rows = await batchRead(client, { type: CONTACT, ids, properties: [], idProperty: 'email' });
    yield rows.map(({ id }) => id);
  }
}
