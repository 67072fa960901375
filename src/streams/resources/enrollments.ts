import { readItems } from '../../hubspot/api/endpoint.js';
import { KeyedSearch } from '../../hubspot/api/keyed-search.js';
import { type ObjectRow, propertyOf } from '../../hubspot/api/object-row.js';
import { standardObject } from '../../hubspot/api/object-types.js';
import { isRefusal } from '../../hubspot/client/error-kinds.js';
import { paths } from '../../hubspot/client/paths.js';
import type { PortalFacts } from '../core/stream.js';
import { EVERY_ID } from '../crm/run/object-state.js';
import { rangeGroups } from '../crm/search/search-filters.js';
import { updatedAtOf } from '../layouts/layout.js';
import { INSTANT, STRING } from '../layouts/property-schema.js';
import type { PartitionSource } from '../strategies/partitions.js';
import { whole } from '../strategies/whole/whole.js';
import { single } from './collection.js';
import { TIERS } from './tiers.js';

const CONTACT = standardObject('contacts');
/** True of contacts that are in a sequence. */
const IS_ENROLLED = 'hs_sequences_is_enrolled';

const enrollmentOf = (contact: string) =>
  single('automation', 'sequence enrollments', paths.sequenceEnrollment(contact), {
    what: `the sequence enrollment of contact ${contact}`,
    olderPath: `/automation/v4/sequences/enrollments/contact/${contact}`,
  });

const isEnrolled = (row: ObjectRow) => propertyOf(row, IS_ENROLLED) === 'true';

/** The contacts that are in a sequence, as HubSpot's search finds them. */
function enrolledContacts({ client }: PortalFacts): KeyedSearch {
  const filters = [{ propertyName: IS_ENROLLED, operator: 'EQ', value: 'true' }];
  return new KeyedSearch(client, {
    type: CONTACT,
    properties: [IS_ENROLLED, CONTACT.modifiedProperty],
    filtersOf: (range) => rangeGroups({ type: CONTACT, filterGroups: [{ filters }] }, { since: null }, range),
    isWanted: isEnrolled,
  });
}

/** A partition for each contact in a sequence, read again where the contact was modified: the steps of a sequence are activities of it. */
const ofContacts: PartitionSource = {
  reading: { increment: 'contacts that were modified, by hash', calls: '1 a contact that was modified' },
  async find(portal) {
    const search = enrolledContacts(portal);
    const found = new Map<string, ObjectRow>();
    let calls = 0;
    for (let { after } = EVERY_ID, isLast = false; !isLast; ) {
      const page = await search.next({ after, upTo: null });
      calls += 1;
      for (const row of page.rows) found.set(row.id, row);
      ({ reached: after, isLast } = page);
    }
    const all = [...found.values()].map((row) => ({
      id: row.id,
      endpoints: [enrollmentOf(row.id)],
      members: { contactId: row.id },
      fingerprint: updatedAtOf(row),
    }));
    // The search lags: a contact may have left its sequence. A search that hides contacts says nothing of those that
    // are missing.
    return { all, calls, mayVanish: true, isGone: (id) => !search.isUnsettled && !found.has(id) };
  },
  async probe(portal) {
    const { rows } = await enrolledContacts(portal).next({ after: EVERY_ID.after, upTo: null });
    // If no contact is in a sequence, any id shows whether the token may read.
    await readItems(portal.client, enrollmentOf(rows[0]?.id ?? '1')).catch((error: unknown) => {
      if (!isRefusal(error, [404])) throw error;
    });
  },
};

/** In which sequence contacts are. Of earlier ones HubSpot says nothing: an enrollment is gone when the contact leaves its sequence. */
export const sequenceEnrollments = whole({
  name: 'sequence_enrollments',
  tier: TIERS.sales,
  group: 'automation',
  scopes: [['automation.sequences.read'], ...CONTACT.scopes],
  subject: 'sequences',
  endpoint: enrollmentOf('0'),
  partitions: ofContacts,
  // Of a contact that is in none any more, HubSpot may answer nothing.
  itemsOf: (item) => (item.id === undefined || item.id === null ? [] : [item]),
  key: ['contactId', 'id'],
  cursor: 'updatedAt',
  schema: {
    contactId: STRING,
    id: STRING,
    sequenceId: STRING,
    sequenceName: STRING,
    enrolledAt: INSTANT,
    enrolledBy: STRING,
    enrolledByEmail: STRING,
    toEmail: STRING,
    updatedAt: INSTANT,
  },
});
