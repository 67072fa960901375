import type { Owner, Pipeline, Stage } from '../portal/account.js';
import { sequence } from '../portal/random.js';
import { REFERENCE_TIME, SAMPLE_SPAN_MS } from './kit.js';
import type { Pools } from './pools.js';

const FOUNDED = REFERENCE_TIME - SAMPLE_SPAN_MS;
const DAY_MS = 86_400_000;

const TEAMS = [
  { id: '51001', name: 'Sales EMEA' },
  { id: '51002', name: 'Sales Americas' },
  { id: '51003', name: 'Customer Success' },
];

/** Which of the owners is a queue. */
const QUEUE = 6;

/** Twelve owners, one of them a queue, the last two deactivated. */
export function sampleOwners(pools: Pools, seed: number): Owner[] {
  const random = sequence(seed ^ 0x0a11);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length: 12 }, (_, index) => {
    const team = pick(TEAMS);
    const other = pick(TEAMS);
    const createdAt = FOUNDED + index * 20 * DAY_MS;
    const [firstName, lastName] = [pick(pools.firstNames), pick(pools.lastNames)];
    return {
      id: String(61_020_000 + index * 7),
      email: `owner${index + 1}@sandbox.example`,
      ...(index === QUEUE
        ? { type: 'QUEUE', firstName: 'Support queue' }
        : { type: 'PERSON', firstName, lastName, userId: 9_300_000 + index * 13 }),
      createdAt,
      updatedAt: createdAt + Math.floor(random() * 700) * DAY_MS,
      archived: index >= 10,
      teams: [{ ...team, primary: true }, ...(other.id === team.id ? [] : [{ ...other, primary: false }])],
    };
  });
}

/** A pipeline that HubSpot made with the account. */
function givenPipeline(id: string, label: string, stages: readonly Stage[]): Pipeline {
  return { id, label, stages, createdAt: 0, updatedAt: 0 };
}

/** One that somebody made later. */
function ownPipeline(id: string, label: string, stages: readonly Stage[]): Pipeline {
  return { id, label, stages, createdAt: FOUNDED, updatedAt: FOUNDED + 400 * DAY_MS };
}

function dealStages(prefix: string): Stage[] {
  const stage = (id: string, label: string, probability: string): Stage => ({
    id: `${prefix}${id}`,
    label,
    metadata: { isClosed: String(probability === '0.0' || probability === '1.0'), probability },
  });
  return [
    stage('appointmentscheduled', 'Appointment Scheduled', '0.2'),
    stage('qualifiedtobuy', 'Qualified To Buy', '0.4'),
    stage('contractsent', 'Contract Sent', '0.9'),
    stage('closedwon', 'Closed Won', '1.0'),
    stage('closedlost', 'Closed Lost', '0.0'),
  ];
}

function openAndClosed(ids: readonly [string, string][], closedFrom: number): Stage[] {
  return ids.map(([id, label], index) => {
    const closed = index >= closedFrom;
    return { id, label, metadata: { ticketState: closed ? 'CLOSED' : 'OPEN', isClosed: String(closed) } };
  });
}

/** Pipelines by object type name. */
export const SAMPLE_PIPELINES: Readonly<Record<string, readonly Pipeline[]>> = {
  deals: [
    givenPipeline('default', 'Sales Pipeline', dealStages('')),
    ownPipeline('75642391', 'Partner Pipeline', dealStages('partner_')),
  ],
  tickets: [
    givenPipeline(
      '0',
      'Support Pipeline',
      openAndClosed(
        [
          ['1', 'New'],
          ['2', 'Waiting on contact'],
          ['3', 'Waiting on us'],
          ['4', 'Closed'],
        ],
        3,
      ),
    ),
  ],
  leads: [
    givenPipeline(
      'lead-pipeline-id',
      'Lead pipeline',
      openAndClosed(
        [
          ['new-stage-id', 'New'],
          ['connected-stage-id', 'Connected'],
          ['unqualified-stage-id', 'Unqualified'],
        ],
        2,
      ),
    ),
  ],
  orders: [
    givenPipeline(
      '14a2e10e-5471-408a-906e-c51f3b04369e',
      'Order Pipeline',
      openAndClosed(
        [
          ['4b27b500', 'Open'],
          ['937ea84d', 'Shipped'],
          ['3c85a297', 'Cancelled'],
        ],
        2,
      ),
    ),
  ],
  vehicles: [
    ownPipeline(
      '88014402',
      'Fleet',
      openAndClosed(
        [
          ['1011', 'Ordered'],
          ['1012', 'In use'],
          ['1013', 'Sold'],
        ],
        2,
      ),
    ),
  ],
};
