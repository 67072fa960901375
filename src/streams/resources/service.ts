import { paths } from '../../hubspot/client/paths.js';
import type { StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, OBJECT, STRING } from '../layouts/property-schema.js';
import { whole } from '../strategies/whole.js';
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

export const service: readonly StreamDeclaration[] = [inboxes, channels, channelAccounts];
