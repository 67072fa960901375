import { iso } from '../portal/clock.js';
import type { CollectionItem, CollectionOptions } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { numbered } from './sample.js';

const HOUR_MS = 3_600_000;
const FIRST_ID = 7501;
const COUNT = 180;
const SCOPES = [['oauth', 'business-intelligence']];

/** What contacts did in the months before the sandbox starts, by types of events of which one is the portal's own. */
export function eventResources(portal: Portal): CollectionOptions[] {
  const own = `pe${portal.account.portalId}_demo_booked`;
  const types = ['e_visited_page', 'e_attended_marketing_event', own, 'e_call_started'];
  const contacts = portal.store(portal.type('contacts')).records;
  return [
    {
      path: '/events/event-occurrences/:date/event-types',
      olderPath: '/events/v3/events/event-types',
      scopes: SCOPES,
      paging: 'none',
      results: 'eventTypes',
      bare: 'name',
      shape: ({ id }: CollectionItem) => ({ name: id }),
      items: Object.fromEntries(types.map((name) => [name, {}])),
    },
    {
      path: '/events/event-occurrences/:date',
      olderPath: '/events/v3/events',
      scopes: SCOPES,
      pages: [20, 100],
      isNewestFirst: true,
      narrowed: { by: 'eventType', member: 'eventType', usual: '' },
      span: { from: 'occurredAfter', to: 'occurredBefore', isClosed: false },
      shape: ({ id, members, updatedAt }: CollectionItem) => ({ ...members, id, occurredAt: iso(updatedAt) }),
      madeAt: (id: string) => portal.clock.now() - (COUNT - (Number(id) - FIRST_ID) / 7) * 13 * HOUR_MS,
      // No call of the last type has been started yet.
      items: numbered(COUNT, FIRST_ID, (n) => ({
        eventType: types[n % 3],
        objectType: 'CONTACT',
        objectId: String(contacts[n % Math.max(1, contacts.length)]?.id ?? n),
        properties: { hs_url: `https://www.sandbox.example/${n}`, hs_title: `Page ${n}` },
      })),
    },
    {
      path: '/events/custom/:date/event-definitions',
      scopes: [['behavioral_events.event_definitions.read_write']],
      items: numbered(3, 7901, (n) => ({
        name: n === 1 ? 'demo_booked' : `event_${n}`,
        fullyQualifiedName: n === 1 ? own : `pe${portal.account.portalId}_event_${n}`,
        labels: { singular: `Event ${n}`, plural: `Events ${n}` },
        description: `What event ${n} is`,
        objectTypeId: `6-${n}`,
        primaryObject: 'CONTACT',
        properties: [{ name: 'hs_url', type: 'string', label: 'URL' }],
      })),
    },
  ];
}
