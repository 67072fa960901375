import { memberOf } from '../../json.js';
import type { HubSpotClient } from '../client/client.js';
import { paths } from '../client/paths.js';
import { addressed } from './address.js';
import type { ObjectType } from './object-types.js';
import { nextOf, parseAnswer, resultsOf } from './objects.js';

/** HubSpot's default; its maximum is not documented for every version. */
const OWNERS_LIMIT = 100;

export interface Owner {
  id: string;
  /** PERSON, or QUEUE, whose records are not assigned to anybody yet. */
  type?: string | null;
  email?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  userId?: number | null;
  userIdIncludingInactive?: number | null;
  createdAt?: string;
  updatedAt?: string;
  archived?: boolean;
  teams?: unknown[];
}

function isOwner(value: unknown): value is Owner {
  return memberOf(value, 'id') !== undefined;
}

/** One page of owners, live or archived. */
export function ownersPage(
  client: HubSpotClient,
  request: { archived: boolean; after: string | null },
): Promise<{ owners: Owner[]; after: string | null }> {
  const after = request.after === null ? '' : `&after=${encodeURIComponent(request.after)}`;
  const call = {
    kind: 'owners' as const,
    path: paths.owners(),
    query: `limit=${OWNERS_LIMIT}&archived=${request.archived}${after}`,
    what: request.archived ? 'archived owners' : 'owners',
  };
  return client.call(call, (body) => {
    const answer = parseAnswer(body);
    const owners = resultsOf(answer, isOwner).map((owner) => ({ ...owner, id: String(owner.id) }));
    return { owners, after: nextOf(answer) };
  });
}

export interface Pipeline {
  id: string;
  label?: string;
  displayOrder?: number;
  archived?: boolean;
  createdAt?: string;
  updatedAt?: string;
  stages?: PipelineStage[];
}

function isPipeline(value: unknown): value is Pipeline {
  return memberOf(value, 'id') !== undefined;
}

export interface PipelineStage {
  id: string;
  label?: string;
  displayOrder?: number;
  metadata?: Record<string, string>;
  archived?: boolean;
  createdAt?: string;
  updatedAt?: string;
}

/** All pipelines of an object with their stages. HubSpot returns them in one page. */
export function readPipelines(client: HubSpotClient, type: ObjectType): Promise<Pipeline[]> {
  const call = { kind: 'pipelines' as const, what: `the pipelines of ${type.name}` };
  return addressed(client, type, (segment) =>
    client.call({ ...call, path: paths.pipelines(segment) }, (body) => resultsOf(parseAnswer(body), isPipeline)),
  );
}
