import type { ObjectCriteria } from '../../config/source.js';
import { nearest } from '../../config/suggest.js';
import { ConfigError } from '../../errors.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import { log } from '../../log.js';
import type { PortalFacts } from '../core/stream.js';
import type { EntryProperties } from '../privacy/entry-properties.js';
import { type ObjectProperties, readSensitiveNames } from './object-properties.js';

/** A name that differs by at most this many letters is a slip; others may well be another portal's. */
const SLIP = 2;

/** An object's stream, and its entry of `objects`; null: it has none. */
interface Named {
  name: string;
  type: ObjectType;
  criteria: ObjectCriteria | null;
}

/**
 * Looks for properties that the configuration names and the object does not have. Throws a ConfigError where one that is to be hashed or left out
 * is nearly another one, whose values would be written in clear. Others are warned of: one configuration may serve several portals.
 *
 * @returns the number of calls it took
 */
export async function checkPropertyNames(
  { name: stream, type, criteria }: Named,
  { hashed, excluded }: EntryProperties,
  { readable, withheld }: ObjectProperties,
  { client, config }: Pick<PortalFacts, 'client' | 'config'>,
): Promise<number> {
  const known = [...readable.map(({ name }) => name), ...withheld.flatMap(({ names }) => names)];
  const isUnknown = (name: string) => !known.includes(name);
  const unknown = new Set([...(criteria?.properties ?? []), ...excluded, ...hashed].filter(isUnknown));
  if (unknown.size === 0) return 0;
  const isHiding = config.sensitive === 'exclude';
  const { names: hidden, calls } = isHiding ? await readSensitiveNames(client, type) : { names: [], calls: 0 };
  for (const name of unknown) {
    const near = (most?: number) => nearest(name.replaceAll(/\s/g, ''), [...known, ...hidden], most);
    const meant = hidden.includes(name) ? undefined : near();
    const option = hashed.includes(name) ? 'hash_properties' : excluded.includes(name) ? 'exclude_properties' : null;
    if (meant !== undefined && option !== null && near(SLIP) !== undefined) {
      throw new ConfigError(
        `${option} of ${stream}: ${type.name} have no property "${name}". Did you mean "${meant}"? Its values would be written in clear. If it is of another portal, give this one a configuration without it.`,
      );
    }
    // A stream without an entry of `objects` does not warn: the object's own stream does.
    if (criteria === null) continue;
    const advice = hidden.includes(name)
      ? ' Sensitive properties are read only with "sensitive": "hash" or "include".'
      : '';
    log.warn(
      `The object of "${stream}" has no property "${name}".${meant === undefined ? advice : ` Did you mean "${meant}"?`}`,
    );
  }
  return calls;
}
