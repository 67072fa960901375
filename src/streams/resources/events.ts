import { readItems } from '../../hubspot/api/endpoint.js';
import { paths } from '../../hubspot/client/paths.js';
import { type Instant, justBefore } from '../../time.js';
import type { PortalFacts, StreamDeclaration } from '../core/stream.js';
import { INSTANT, OBJECT, OBJECTS, STRING } from '../layouts/property-schema.js';
import { byWindow } from '../strategies/by-window/by-window.js';
import { whole } from '../strategies/whole/whole.js';
import { archivedOf, collection } from './collection.js';
import { TIERS } from './tiers.js';

/** What visitors and contacts did, as far as a portal tracks it: which types there are, their definitions, and the events themselves. */
const EVENTS = {
  group: 'events',
  // HubSpot documents none but `oauth`, which says nothing about a token.
  scopes: [],
  subject: 'behavioral_events',
} as const;

const TYPES = collection('events', 'event types', paths.eventTypes(), {
  olderPath: '/events/v3/events/event-types',
  paging: 'none',
  results: 'eventTypes',
  id: 'name',
  isOfNames: true,
});

const eventTypes = whole({
  ...EVENTS,
  name: 'event_types',
  tier: TIERS.marketingEnterprise,
  endpoint: TYPES,
  key: 'name',
  cursor: null,
  schema: {
    name: {
      ...STRING,
      description: "e_… are HubSpot's own, ae<app>_… those of apps, pe<portal>_… those that the portal has defined.",
    },
  },
});

const eventOccurrences = byWindow({
  ...EVENTS,
  name: 'event_occurrences',
  tier: TIERS.marketingEnterprise,
  endpoint: collection('events', 'events', paths.eventOccurrences(), { olderPath: '/events/v3/events' }),
  key: 'id',
  cursor: 'occurredAt',
  partitions: { parameter: 'eventType', values: typesOf },
  window: (from: Instant, to: Instant) => ({ occurredAfter: justBefore(from), occurredBefore: to }),
  order: 'unknown',
  // Most types have few events, and each takes windows of its own.
  sliceDays: 30,
  overlapMinutes: 60,
  keptDays: null,
  schema: {
    id: STRING,
    eventType: STRING,
    objectType: STRING,
    objectId: { ...STRING, description: 'The record that the event is about.' },
    occurredAt: INSTANT,
    properties: OBJECT,
  },
});

async function typesOf({ client }: PortalFacts): Promise<readonly string[]> {
  const { items } = await readItems(client, TYPES);
  return items.map(({ name }) => String(name));
}

const DEFINITIONS = collection('events', 'event definitions', paths.eventDefinitions(), {
  query: { includeProperties: 'true' },
});

const eventDefinitions = whole({
  ...EVENTS,
  name: 'event_definitions',
  tier: TIERS.marketingEnterprise,
  scopes: [['behavioral_events.event_definitions.read_write']],
  endpoint: DEFINITIONS,
  archived: archivedOf(DEFINITIONS),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    name: STRING,
    fullyQualifiedName: { ...STRING, description: 'The name in event_types, and eventType of event_occurrences.' },
    labels: OBJECT,
    description: STRING,
    objectTypeId: STRING,
    primaryObject: STRING,
    primaryObjectId: STRING,
    trackingType: STRING,
    comboEventRules: OBJECT,
    customMatchingId: OBJECT,
    properties: OBJECTS,
    associations: OBJECTS,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    createdUserId: STRING,
  },
});

export const events: readonly StreamDeclaration[] = [eventTypes, eventOccurrences, eventDefinitions];
