import type { Endpoint, Item } from '../../hubspot/api/endpoint.js';
import { paths } from '../../hubspot/client/paths.js';
import type { StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, OBJECT, OBJECTS, STRING } from '../layouts/property-schema.js';
import { feed } from '../strategies/feed/feed.js';
import { ofEach } from '../strategies/parents.js';
import { whole } from '../strategies/whole/whole.js';
import { archivedOf, collection } from './collection.js';

const CONVERSATIONS = {
  group: 'service',
  scopes: [['conversations.read']],
  subject: 'conversations',
  key: 'id',
} as const;

/** A collection of the conversations API. */
function conversations(kind: string, what: string) {
  const endpoint = collection('conversations', what, paths.conversations(kind), {
    olderPath: `/conversations/v3/conversations/${kind}`,
  });
  return { endpoint, archived: archivedOf(endpoint) };
}

const inboxes = whole({
  ...CONVERSATIONS,
  ...conversations('inboxes', 'conversation inboxes'),
  name: 'conversation_inboxes',
  cursor: 'updatedAt',
  schema: { id: STRING, name: STRING, type: STRING, createdAt: INSTANT, updatedAt: INSTANT },
});

const channels = whole({
  ...CONVERSATIONS,
  ...conversations('channels', 'conversation channels'),
  name: 'conversation_channels',
  cursor: null,
  schema: { id: STRING, name: STRING },
});

const channelAccounts = whole({
  ...CONVERSATIONS,
  ...conversations('channel-accounts', 'channel accounts'),
  name: 'conversation_channel_accounts',
  cursor: null,
  schema: {
    id: STRING,
    name: STRING,
    channelId: STRING,
    inboxId: STRING,
    active: BOOLEAN,
    authorized: BOOLEAN,
    deliveryIdentifier: OBJECT,
    createdAt: INSTANT,
  },
});

const THREADS = conversations('threads', 'conversation threads');
const THREADS_PAGE = { limit: 500, isShared: true };

/** HubSpot only filters them by their latest message, which hides changes of status, assignment and inbox: so all are read. */
const threads = whole({
  ...CONVERSATIONS,
  name: 'conversation_threads',
  endpoint: { ...THREADS.endpoint, ...THREADS_PAGE },
  archived: { ...THREADS.archived, ...THREADS_PAGE },
  cursor: null,
  schema: {
    id: STRING,
    status: { ...STRING, description: 'OPEN or CLOSED.' },
    inboxId: STRING,
    assignedTo: { ...STRING, description: 'The id of an actor.' },
    associatedContactId: STRING,
    threadAssociations: OBJECT,
    originalChannelId: STRING,
    originalChannelAccountId: STRING,
    createdAt: INSTANT,
    closedAt: INSTANT,
    latestMessageTimestamp: INSTANT,
    latestMessageSentTimestamp: INSTANT,
    latestMessageReceivedTimestamp: INSTANT,
    spam: BOOLEAN,
  },
});

const messages = feed({
  ...CONVERSATIONS,
  name: 'conversation_messages',
  endpoint: conversations('threads/0/messages', 'messages of threads').endpoint,
  parents: {
    endpoints: [THREADS.endpoint, THREADS.archived].map((endpoint) => ({ ...endpoint, limit: THREADS_PAGE.limit })),
    id: 'id',
    as: 'conversationsThreadId',
  },
  // HubSpot takes the filter with this order only.
  movedSince: (since) => ({ latestMessageTimestampAfter: since, sort: 'latestMessageTimestamp' }),
  itemsAt: ({ id }) => conversations(`threads/${id}/messages`, `messages of thread ${id}`).endpoint,
  overlapMinutes: 60,
  key: ['conversationsThreadId', 'id'],
  cursor: 'createdAt',
  schema: {
    id: STRING,
    conversationsThreadId: STRING,
    type: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    createdBy: STRING,
    client: OBJECT,
    senders: OBJECTS,
    recipients: OBJECTS,
    subject: STRING,
    text: STRING,
    richText: STRING,
    direction: STRING,
    channelId: STRING,
    channelAccountId: STRING,
    attachments: OBJECTS,
    inReplyToId: STRING,
    truncationStatus: STRING,
    status: OBJECT,
    archived: BOOLEAN,
  },
});

/** HubSpot documents no maximum. */
const ACTORS_BATCH = 100;

const ACTORS = {
  most: ACTORS_BATCH,
  endpoint: (inputs: readonly string[]): Endpoint => ({
    ...conversations('actors/batch/read', 'conversation actors').endpoint,
    body: { inputs },
    paging: 'none',
  }),
};

/** Whom a thread is assigned to, and the visitor that its contact is. */
function actorsOf({ assignedTo, associatedContactId, latestMessageTimestamp }: Item): readonly Item[] {
  const agent = assignedTo ? [{ id: assignedTo }] : [];
  return associatedContactId ? [...agent, { id: `V-${associatedContactId}`, heardAt: latestMessageTimestamp }] : agent;
}

/**
 * Those whom live threads name: agents and bots that threads are assigned to, and visitors by the contacts of threads. HubSpot has no list
 * of actors, so that those are not here whom only messages name, such as integrations and senders of e-mails. One whom no thread names
 * any more stays. Agents are read each time, visitors where the last of their threads has a new message.
 */
const actors = whole({
  ...CONVERSATIONS,
  name: 'conversation_actors',
  endpoint: ACTORS.endpoint([]),
  partitions: ofEach({
    endpoints: [{ ...THREADS.endpoint, limit: THREADS_PAGE.limit }],
    id: 'id',
    as: 'id',
    parentsIn: actorsOf,
    together: ACTORS,
    fingerprint: ({ heardAt }) => (heardAt ? String(heardAt) : null),
  }),
  cursor: null,
  schema: {
    id: STRING,
    type: { ...STRING, description: 'AGENT, BOT, VISITOR and others.' },
    name: STRING,
    email: STRING,
    avatar: STRING,
  },
  hasTombstones: false,
});

export const service: readonly StreamDeclaration[] = [inboxes, channels, channelAccounts, threads, messages, actors];
