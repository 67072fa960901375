import type { ObjectCriteria } from '../../config/source.js';
import { nearest } from '../../config/suggest.js';
import type { PropertyDefinition } from '../../hubspot/api/metadata.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import { log } from '../../log.js';
import type { Instant } from '../../time.js';
import type { PortalFacts } from '../core/stream.js';
import { airbyteLayout, legacyAliases } from '../layouts/airbyte-layout.js';
import { kindOf, type ValueKind } from '../layouts/coerce.js';
import { columnsLayout } from '../layouts/columns-layout.js';
import { fivetranLayout } from '../layouts/fivetran-layout.js';
import type { Layout, LayoutInput } from '../layouts/layout.js';
import type { LocalDates } from '../layouts/local-dates.js';
import { adviseOnCopies } from '../privacy/copies.js';
import { type EntryProperties, entryProperties } from '../privacy/entry-properties.js';
import { type HashedProperties, hashedProperties } from '../privacy/hashed-properties.js';
import { checkPropertyNames } from './named-properties.js';
import { type ObjectProperties, readObjectProperties, type Withheld } from './object-properties.js';

/** The property in which HubSpot lists the ids that were merged into a record. */
export const MERGED_IDS = 'hs_merged_object_ids';

/** An association whose ids a stream's records carry. */
export interface AssociationTarget {
  type: ObjectType;
  /** The field's name, without a layout's prefix. */
  field: string;
  /** Whether the associations come with their types, for a stream of their own: each as `<id> <type id> <category>`. */
  isTyped?: boolean;
}

/** A stream of CRM records, with everything that reading it requires. */
export interface ObjectStream {
  name: string;
  type: ObjectType;
  layout: Layout;
  /** The properties to request from HubSpot. */
  properties: readonly string[];
  /** The types of the selected properties in records, by name. */
  kinds: ReadonlyMap<string, ValueKind>;
  /** The properties, selected or not, whose values are replaced by hashes; null: none. */
  hashed: HashedProperties | null;
  /** Makes the local dates that records have; null: they have none. */
  localDates: LocalDates | null;
  /** The properties that the configuration says not to read. */
  excluded: readonly string[];
  associations: readonly AssociationTarget[];
  /** The properties whose past values to request. */
  histories: readonly string[];
  filterGroups: ObjectCriteria['filterGroups'];
  /** Records last updated before this instant are left out; null: none are. */
  updatedAfter: Instant | null;
  /** Whether HubSpot reports merges for this object. */
  knowsMerges: boolean;
  /** Selected sensitive properties that the token may not read. */
  withheld: readonly Withheld[];
  /** All properties of the object that the token may read, whether selected or not. */
  definitions: readonly PropertyDefinition[];
  /** The number of calls it took to learn all this. */
  definitionCalls: number;
}

/** The objects whose associated ids come with HubSpot's lists, which do not tell the types of associations. */
export function namesInLists({ associations }: Pick<ObjectStream, 'associations'>): string[] {
  return associations.filter(({ isTyped }) => !isTyped).map(({ type }) => type.name);
}

/** What a configuration selects of an object, before its properties are known. */
export interface ObjectSelection {
  /** The stream's name. */
  name: string;
  type: ObjectType;
  criteria: ObjectCriteria | null;
}

/** What opening an object takes of the portal. */
type ObjectFacts = Pick<PortalFacts, 'client' | 'config' | 'known' | 'tokenScopes' | 'id' | 'localDates'>;

/** Reads the object's properties, and selects from them. */
export async function openObject(selection: ObjectSelection, portal: ObjectFacts): Promise<ObjectStream> {
  const { client, config } = portal;
  const found = await readObjectProperties(client, selection.type, config.sensitive, () => portal.tokenScopes());
  const entry = entryProperties(selection.type, selection.criteria, config, portal.known);
  const calls = found.calls + (await checkPropertyNames(selection, entry, found, portal));
  return defineObject(selection, entry, portal, { ...found, calls });
}

function defineObject(
  selection: ObjectSelection,
  { hashed: toHash, excluded }: EntryProperties,
  facts: ObjectFacts,
  found: ObjectProperties,
): ObjectStream {
  const { config, known, localDates } = facts;
  const { name, type, criteria } = selection;
  const { readable: all, calls: definitionCalls } = found;
  const isWanted = (each: string) => (criteria?.properties?.includes(each) ?? true) && !excluded.includes(each);
  const withheld = withheldFrom(name, found, isWanted);
  const selected = found.readable.filter((property) => isWanted(property.name));
  const hashed = hashedProperties(toHash, found.sensitive, config);
  const names = selected.map((property) => property.name);
  adviseOnCopies(name, names, hashed, facts.client);
  checkFilters(all, criteria, name);
  // In Fivetran's layout associations are tables of their own.
  const associated = config.layout === 'fivetran' ? [] : (criteria?.associations ?? type.associations);
  const associations = associated.map((other) => {
    const target = known.find(other, `associations of "${name}"`);
    return { type: target, field: target.custom ? target.stream : target.name };
  });
  const kinds = selected.map((property) =>
    hashed?.names.has(property.name) ? 'string' : kindFor(property, config.numbersAsStrings),
  );
  const input = {
    properties: selected,
    kinds,
    associations: associations.map((target) => target.field),
    cdc: config.deletes === 'cdc',
    filtered: (criteria?.filterGroups ?? []).length > 0 && config.deletes !== 'off',
    hashed,
    localDates,
  };
  const knowsMerges = all.some((property) => property.name === MERGED_IDS);
  return {
    name,
    type,
    layout: layoutOf(type, input, facts),
    properties: knowsMerges && !names.includes(MERGED_IDS) ? [...names, MERGED_IDS] : names,
    kinds: new Map(names.map((each, index) => [each, kinds[index] ?? 'string'])),
    hashed,
    localDates,
    excluded,
    associations,
    histories: [],
    filterGroups: criteria?.filterGroups ?? [],
    updatedAfter: criteria?.updatedAfter ?? config.startDate,
    knowsMerges,
    withheld,
    definitions: all,
    definitionCalls,
  };
}

function layoutOf(type: ObjectType, input: LayoutInput, { config, client, id }: ObjectFacts): Layout {
  switch (config.layout) {
    case 'airbyte':
      return airbyteLayout(
        input,
        legacyAliases(
          type.name,
          input.properties.map(({ name }) => name),
        ),
      );
    case 'columns':
      return columnsLayout(input);
    case 'fivetran': {
      const { name: object, modifiedProperty } = type;
      return fivetranLayout({ ...input, object, modifiedProperty, portalId: id, now: () => client.clock.now() });
    }
  }
}

/** The selected properties that the token may not read; logs a warning. @param isWanted whether a property is selected, by its name */
function withheldFrom(stream: string, found: ObjectProperties, isWanted: (name: string) => boolean): Withheld[] {
  const withheld = found.withheld
    .map(({ names, scope }) => ({ scope, names: names.filter(isWanted) }))
    .filter(({ names }) => names.length > 0);
  for (const { names, scope } of withheld)
    log.warn(
      `Sensitive properties of "${stream}" are left out, as the token lacks the scope ${scope}: ${names.join(', ')}.`,
    );
  return withheld;
}

/** Warns of filters on properties that the object does not list. HubSpot may know others, so they are not rejected. */
function checkFilters(all: readonly PropertyDefinition[], criteria: ObjectCriteria | null, stream: string): void {
  const known = all.map((property) => property.name);
  const named = (criteria?.filterGroups ?? []).flatMap(({ filters }) => filters.map((filter) => filter.propertyName));
  for (const name of new Set(named)) {
    // A search may also filter by associated records.
    if (known.includes(name) || name.startsWith('associations.')) continue;
    const meant = nearest(name, known);
    log.warn(
      `A filter of "${stream}" is on the property "${name}", which the object does not have.${meant ? ` Did you mean "${meant}"?` : ''}`,
    );
  }
}

function kindFor(property: PropertyDefinition, numbersAsStrings: boolean): ValueKind {
  const kind = kindOf(property.type);
  return numbersAsStrings && (kind === 'number' || kind === 'boolean') ? 'string' : kind;
}
