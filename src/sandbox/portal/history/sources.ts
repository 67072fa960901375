import { mix } from '../random.js';
import type { CrmRecord, Version } from '../record.js';
import type { Property } from '../types/properties.js';

/** Who wrote a version, as HubSpot tells it. What no user wrote has no `updatedByUserId`, or null. */
export interface Source {
  readonly sourceType: string;
  readonly sourceId?: string;
  readonly sourceLabel?: string;
  readonly updatedByUserId?: number | null;
}

/** The users of the sample data are so many apart, from this one on. */
const FIRST_USER = 9_300_000;
const USERS_APART = 13;
const USERS = 6;

const CALCULATED: Source = { sourceType: 'CALCULATED' };

/** The sources of changes, the first of them as often as it stands here. */
const SOURCES: readonly ((hash: number) => Source)[] = [
  byUser,
  byUser,
  byUser,
  (hash) => ({ sourceType: 'IMPORT', sourceId: String(70_100_000 + (hash % 40)) }),
  (hash) => ({ sourceType: 'API', sourceId: `userId:${userOf(hash)}`, updatedByUserId: userOf(hash) }),
  () => ({ sourceType: 'INTEGRATION', sourceId: '25200', sourceLabel: 'Order desk' }),
  (hash) => ({
    sourceType: 'AUTOMATION_PLATFORM',
    sourceId: `enrollmentId:${hash % 100_000};actionExecutionIndex:0`,
    sourceLabel: 'Rotate owners – nightly',
    updatedByUserId: null,
  }),
];

/** Who wrote `version` of a record's property: the same for all that one change wrote at one time. */
export function sourceOf(record: CrmRecord, property: Property, version: Version): Source {
  if (property.calculated || property.system === 'modified') return CALCULATED;
  const hash = mix(mix(version.change, version.timestamp), record.id);
  if (record.absorbed?.some(({ at }) => at === version.timestamp)) {
    const user = userOf(hash);
    return { sourceType: 'MERGE_OBJECTS', sourceId: `userId:${user}`, updatedByUserId: user };
  }
  const source = SOURCES[hash % SOURCES.length] as (hash: number) => Source;
  return source(hash >>> 8);
}

function byUser(hash: number): Source {
  const user = userOf(hash);
  return { sourceType: 'CRM_UI', sourceId: `userId:${user}`, updatedByUserId: user };
}

function userOf(hash: number): number {
  return FIRST_USER + (hash % USERS) * USERS_APART;
}
