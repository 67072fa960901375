import { iso } from '../portal/clock.js';
import { type CollectionItem, type CollectionOptions, itemJson } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { contactIdsOf, numbered } from './sample.js';

const BASE = '/conversations/conversations/:date';
const OLDER = '/conversations/v3/conversations';
const SCOPES = [['conversations.read']];
const HOUR_MS = 3_600_000;
const FIRST_THREAD = 1501;
const FIRST_MESSAGE = 15_001;
const THREADS = 8;
const MESSAGES = 60;
const AGENT = 'A-9300000';

const threadOf = (n: number) => String(FIRST_THREAD + 7 * (n % THREADS));

/** Threads, and the messages of each. A thread is with a contact, where the portal has any. */
export function conversationResources(portal: Portal): CollectionOptions[] {
  const contacts = contactIdsOf(portal, 10);
  const now = portal.clock.now();
  const madeAt = (n: number) => now - (MESSAGES - n) * 5 * HOUR_MS;
  return [
    {
      path: `${BASE}/threads`,
      olderPath: `${OLDER}/threads`,
      scopes: SCOPES,
      pages: [100, 500],
      since: { by: 'latestMessageTimestampAfter', member: 'latestMessageTimestamp' },
      shape: threadShape,
      items: numbered(THREADS, FIRST_THREAD, (n) => ({
        status: n % 3 === 0 ? 'CLOSED' : 'OPEN',
        inboxId: n % 2 === 0 ? '1201' : '1208',
        assignedTo: AGENT,
        associatedContactId: contacts[n % contacts.length],
        originalChannelId: '1301',
        originalChannelAccountId: '1401',
        latestMessageTimestamp: iso(madeAt(MESSAGES - ((MESSAGES - (n - 1)) % THREADS))),
        spam: false,
      })),
    },
    {
      path: `${BASE}/threads/:thread/messages`,
      olderPath: `${OLDER}/threads/:thread/messages`,
      scopes: SCOPES,
      paging: 'newest',
      pages: [20, 100],
      within: { of: `${BASE}/threads`, id: 'thread', by: { thread: 'thread' } },
      shape: messageShape,
      madeAt: (id) => madeAt((Number(id) - FIRST_MESSAGE) / 7 + 1),
      items: numbered(MESSAGES, FIRST_MESSAGE, (n) => ({
        thread: threadOf(n),
        type: n % 10 === 0 ? 'COMMENT' : 'MESSAGE',
        createdBy: n % 2 === 0 ? `V-${contacts[n % contacts.length]}` : AGENT,
        client: { clientType: 'HUBSPOT' },
        senders: [{ actorId: AGENT, name: 'Someone' }],
        recipients: [],
        text: `Message ${n}`,
        richText: `<p>Message ${n}</p>`,
        direction: n % 2 === 0 ? 'INCOMING' : 'OUTGOING',
        channelId: '1301',
        channelAccountId: '1401',
        attachments: [],
        truncationStatus: 'NOT_TRUNCATED',
        status: { statusType: 'SENT' },
      })),
    },
    {
      // Nobody lists them; a batch takes a hundred.
      path: `${BASE}/actors/batch/read`,
      olderPath: `${OLDER}/actors/batch/read`,
      scopes: SCOPES,
      paging: 'batch',
      batch: { of: `${BASE}/actors/batch/read`, most: 100, input: null },
      shape: ({ id, members }) => ({ ...members, id }),
      items: Object.fromEntries([
        [AGENT, { type: 'AGENT', name: 'Someone', email: 'someone@sandbox.example', avatar: '/avatar.png' }],
        ['L-77', { type: 'BOT', name: 'A bot' }],
        ...contacts.map((id) => [
          `V-${id}`,
          { type: 'VISITOR', name: `Visitor ${id}`, email: `v${id}@sandbox.example` },
        ]),
      ]),
    },
  ];
}

/** A thread has no time of update. */
function threadShape({ id, members, createdAt, archivedAt }: CollectionItem): object {
  return { ...members, id, createdAt: iso(createdAt), archived: archivedAt !== undefined };
}

function messageShape(item: CollectionItem): object {
  const { thread: conversationsThreadId, ...rest } = itemJson(item);
  return { ...rest, conversationsThreadId };
}
