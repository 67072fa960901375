import type { Histories, ObjectRow } from '../../../hubspot/api/object-row.js';
import { batchRead, HISTORY_LIMIT } from '../../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import type { ObjectStream } from '../object-stream.js';

/**
 * The histories of the stream's properties, by record: of rows that have them, and by batch reads, 50 records a call, of others. Records
 * that HubSpot does not return have none: they were archived or merged in between, and are read when that is noticed.
 */
export async function historiesOf(
  client: HubSpotClient,
  { type, histories }: ObjectStream,
  rows: readonly ObjectRow[],
  archived: boolean,
): Promise<{ found: Map<string, Histories>; calls: number }> {
  const found = new Map<string, Histories>();
  const missing: string[] = [];
  for (const { id, propertiesWithHistory } of rows) {
    if (propertiesWithHistory) found.set(id, propertiesWithHistory);
    else missing.push(id);
  }
  const batches: string[][] = [];
  for (let start = 0; start < missing.length; start += HISTORY_LIMIT) {
    batches.push(missing.slice(start, start + HISTORY_LIMIT));
  }
  await Promise.all(
    batches.map(async (ids) => {
      const request = { type, ids, properties: ['hs_object_id'], histories, archived };
      for (const { id, propertiesWithHistory } of await batchRead(client, request)) {
        if (propertiesWithHistory) found.set(id, propertiesWithHistory);
      }
    }),
  );
  return { found, calls: batches.length };
}
