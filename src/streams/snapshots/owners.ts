import type { SourceConfig } from '../../config/source.js';
import { type Owner, ownersPage } from '../../hubspot/api/collections.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { INSTANT, INTEGER, STRING, TOMBSTONE } from '../layouts/property-schema.js';
import type { SnapshotItem, SnapshotStream } from './snapshot.js';

/** The people of the portal. `owners_archived` are those who have left, as source-hubspot has them in a stream of their own. */
export function ownersStream(name: string, archived: boolean, config: SourceConfig): SnapshotStream {
  const marksDeletes = !archived && config.deletes !== 'off';
  const cdc = !archived && config.deletes === 'cdc';
  const schema: JsonObject = {
    id: STRING,
    email: STRING,
    type: STRING,
    firstName: STRING,
    lastName: STRING,
    userId: INTEGER,
    userIdIncludingInactive: INTEGER,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    // An archived owner is a row like any other of owners_archived, and a tombstone in owners.
    archived: archived ? { type: ['null', 'boolean'] } : TOMBSTONE,
    teams: { type: ['null', 'array'], items: { type: ['null', 'object'], additionalProperties: true } },
    ...(marksDeletes ? { archivedAt: INSTANT } : {}),
    ...(cdc ? { _ab_cdc_deleted_at: INSTANT } : {}),
  };
  return {
    kind: 'snapshot',
    name,
    schema,
    primaryKey: 'id',
    cursorField: 'updatedAt',
    marksDeletes,
    cdc,
    async read(client) {
      const { owners, calls } = await readOwners(client, archived);
      return { items: owners.map((owner) => itemOf(owner, true)), calls };
    },
    async readGone(client) {
      const { owners, calls } = await readOwners(client, true);
      return { items: owners.map((owner) => itemOf(owner, false)), calls };
    },
  };
}

async function readOwners(client: HubSpotClient, archived: boolean): Promise<{ owners: Owner[]; calls: number }> {
  const owners: Owner[] = [];
  let after: string | null = null;
  for (let calls = 1; ; calls += 1) {
    const page: Awaited<ReturnType<typeof ownersPage>> = await ownersPage(client, { archived, after });
    owners.push(...page.owners);
    if (page.after === null) return { owners, calls };
    after = page.after;
  }
}

function itemOf(owner: Owner, live: boolean): SnapshotItem {
  const data: JsonObject = {
    id: owner.id,
    email: owner.email ?? null,
    type: owner.type ?? null,
    firstName: owner.firstName ?? null,
    lastName: owner.lastName ?? null,
    userId: owner.userId ?? null,
    userIdIncludingInactive: owner.userIdIncludingInactive ?? null,
    createdAt: owner.createdAt ?? null,
    updatedAt: owner.updatedAt ?? owner.createdAt ?? null,
    archived: owner.archived ?? false,
    teams: (owner.teams as JsonValue[] | undefined) ?? [],
  };
  return { id: owner.id, live, data };
}
