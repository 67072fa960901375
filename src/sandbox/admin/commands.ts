import type { Services } from '../http/listener.js';
import type { Id, Values } from '../portal/portal.js';
import type { NewProperty } from '../portal/types/properties.js';
import { field, idsIn, optional, pickLive } from './input.js';

/** What the door does with the JSON object of a POST; what it returns is the answer's JSON. */
export type Command = (body: Record<string, unknown>, services: Services) => unknown;

const options = (body: Record<string, unknown>) => ({
  ...optional(body, 'at', 'number'),
  ...optional(body, 'silent', 'boolean'),
});

const label = (body: Record<string, unknown>) => optional(body, 'label', 'string');

/** The ids a command names, or `count` live records spread over all of them. */
function idsOf(body: Record<string, unknown>, { portal }: Services): readonly Id[] {
  const objectType = field(body, 'objectType', 'string');
  return body.count === undefined ? idsIn(body) : pickLive(portal, objectType, field(body, 'count', 'number'));
}

/** Changes of the portal's truth, by the name in the path. */
export const CHANGES: Readonly<Record<string, Command>> = {
  create(body, { portal }) {
    const objectType = field(body, 'objectType', 'string');
    if (body.count !== undefined)
      return { ids: portal.createSamples(objectType, field(body, 'count', 'number'), options(body)) };
    return { id: portal.create(objectType, (body.properties ?? {}) as Values, options(body)) };
  },
  edit(body, services) {
    const ids = idsOf(body, services);
    services.portal.edit(
      field(body, 'objectType', 'string'),
      ids,
      field(body, 'properties', 'object') as Values,
      options(body),
    );
    return { ids };
  },
  archive(body, services) {
    const ids = idsOf(body, services);
    services.portal.archive(field(body, 'objectType', 'string'), ids, options(body));
    return { ids };
  },
  restore(body, { portal }) {
    portal.restore(field(body, 'objectType', 'string'), idsIn(body), options(body));
    return { ids: idsIn(body) };
  },
  erase(body, { portal }) {
    portal.erase(field(body, 'objectType', 'string'), idsIn(body));
    return { ids: idsIn(body) };
  },
  merge(body, { portal }) {
    const [survivor, loser] = [body.survivor as Id, body.loser as Id];
    return { id: portal.merge(field(body, 'objectType', 'string'), survivor, loser, options(body)) };
  },
  associate(body, { portal }) {
    const [from, to] = [body.from as Id, body.to as Id];
    portal.associate(field(body, 'fromType', 'string'), from, field(body, 'toType', 'string'), to, label(body));
    return {};
  },
  dissociate(body, { portal }) {
    const [from, to] = [body.from as Id, body.to as Id];
    portal.dissociate(field(body, 'fromType', 'string'), from, field(body, 'toType', 'string'), to, label(body));
    return {};
  },
  addLabel(body, { portal }) {
    const from = portal.type(field(body, 'fromType', 'string'));
    const to = portal.type(field(body, 'toType', 'string'));
    portal.linkTypes.addLabel(from, to, field(body, 'label', 'string'), optional(body, 'inverse', 'string').inverse);
    return {};
  },
  addProperty(body, { portal }) {
    portal.addProperty(
      field(body, 'objectType', 'string'),
      field(body, 'property', 'object') as unknown as NewProperty,
    );
    return {};
  },
  changeProperty(body, { portal }) {
    const parts = field(body, 'property', 'object') as Partial<NewProperty>;
    portal.changeProperty(field(body, 'objectType', 'string'), field(body, 'name', 'string'), parts);
    return {};
  },
  archiveProperty(body, { portal }) {
    portal.archiveProperty(field(body, 'objectType', 'string'), field(body, 'name', 'string'));
    return {};
  },
  restoreProperty(body, { portal }) {
    portal.restoreProperty(field(body, 'objectType', 'string'), field(body, 'name', 'string'));
    return {};
  },
  addObjectType(body, { portal }) {
    const labels = field(body, 'labels', 'object') as unknown as { singular: string; plural: string };
    const { id, fullyQualifiedName } = portal.addObjectType(
      field(body, 'name', 'string'),
      labels,
      field(body, 'primaryDisplayProperty', 'string'),
    );
    return { objectTypeId: id, fullyQualifiedName };
  },
};
