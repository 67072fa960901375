import type { SourceConfig } from '../../config/source.js';
import { nearest } from '../../config/suggest.js';
import { ConfigError } from '../../errors.js';
import { findObjectType } from '../../hubspot/api/object-types.js';
import { GROUPS, type Group } from '../core/groups.js';
import type { KnownObjects } from '../core/known-objects.js';
import type { StreamDeclaration } from '../core/stream.js';
import { historyName } from '../crm/history/history-plan.js';
import { isHistory } from '../fivetran/object-tables.js';
import { tableOf } from '../layouts/fivetran-names.js';
import { tablesOf } from './fivetran.js';
import { HISTORY } from './histories.js';

/** In `include`: every stream but histories and the legacy ones. In `exclude`: every stream. */
export const ALL = 'all';

/** What a configuration leaves out. A stream that it asks for by its own name stays, though its group be left out. */
export class Exclusion {
  readonly #names: readonly string[];
  readonly #asked: readonly string[];

  constructor({ exclude, include, layout }: SourceConfig, known: KnownObjects) {
    const streamOf = (name: string) =>
      layout === 'fivetran' ? name : (findObjectType(name, known.all)?.stream ?? name);
    this.#names = exclude.map(streamOf);
    this.#asked = include;
  }

  has(name: string, group: Group): boolean {
    if (this.#names.includes(name)) return true;
    return !this.#asked.includes(name) && (this.#names.includes(group) || this.#names.includes(ALL));
  }
}

/** Throws a ConfigError for a name that no stream and no group has. */
export function checkSelectedNames(
  config: SourceConfig,
  known: KnownObjects,
  declared: readonly StreamDeclaration[],
): void {
  const ofObjects =
    config.layout === 'fivetran'
      ? tablesOf(config, known, declared).map(({ name }) => name)
      : known.all.map(({ stream }) => historyName(stream));
  const names = [ALL, ...GROUPS, ...declared.map(({ name }) => name), ...ofObjects];
  for (const option of ['include', 'exclude'] as const) {
    for (const [index, name] of config[option].entries()) {
      if (names.includes(name)) continue;
      const object = findObjectType(name, known.all);
      if (object && option === 'exclude' && config.layout !== 'fivetran') continue;
      const meant = object && config.layout === 'fivetran' ? tableOf(object) : nearest(name, names);
      const isUnlisted = object !== undefined && config.layout !== 'fivetran';
      const hint = isUnlisted ? ' To read an object, list it in objects.' : meant ? ` Did you mean "${meant}"?` : '';
      throw new ConfigError(`${option}[${index}]: there is no stream and no group called "${name}".${hint}`);
    }
  }
}

export function groupOf(name: string, declared: readonly StreamDeclaration[]): Group {
  return declared.find((each) => each.name === name)?.group ?? (isHistory(name) ? HISTORY : 'crm');
}

/** Whether a configuration includes a stream by its group. */
export function isOfGroups({ group }: StreamDeclaration, { include }: SourceConfig): boolean {
  return include.includes(group) || (include.includes(ALL) && group !== 'legacy');
}
