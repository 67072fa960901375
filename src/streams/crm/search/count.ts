import type { ObjectType } from '../../../hubspot/api/object-types.js';
import { searchPage } from '../../../hubspot/api/search.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import type { Instant } from '../../../time.js';
import { EVERY_ID } from '../run/object-state.js';
import { rangeGroups } from './search-filters.js';

/** The number of an object's records, or of those modified since an instant. */
export async function countRecords(client: HubSpotClient, type: ObjectType, since: Instant | null): Promise<number> {
  const filterGroups = rangeGroups({ type, filterGroups: [] }, { since }, EVERY_ID);
  return (await searchPage(client, { type, properties: [], filterGroups, limit: 1 })).total;
}
