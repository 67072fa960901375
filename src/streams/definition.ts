import type { ObjectCriteria, SensitiveMode, SourceConfig } from '../config/source.js';
import { nearest } from '../config/suggest.js';
import type { PropertyDefinition } from '../hubspot/api/metadata.js';
import type { ObjectType } from '../hubspot/api/object-types.js';
import type { HubSpotClient } from '../hubspot/client/client.js';
import { log } from '../log.js';
import type { AirbyteStream, JsonObject } from '../protocol/messages.js';
import { type AssociationStream, associationStream, LINK_KEY, LINK_SCHEMA } from './associations/association-stream.js';
import { type DealSplitStream, dealSplitStream } from './associations/deal-splits.js';
import type { KnownObjects } from './core/known-objects.js';
import {
  type ObjectProperties,
  readObjectProperties,
  type TokenScopes,
  type Withheld,
} from './crm/object-properties.js';
import { airbyteLayout, legacyAliases } from './layouts/airbyte-layout.js';
import { kindOf, type ValueKind } from './layouts/coerce.js';
import { columnsLayout } from './layouts/columns-layout.js';
import type { Layout } from './layouts/layout.js';
import { streamSchema } from './layouts/property-schema.js';
import type { StreamPlan } from './selection.js';
import { ownersStream } from './snapshots/owners.js';
import { pipelinesStream } from './snapshots/pipelines.js';
import type { SnapshotStream } from './snapshots/snapshot.js';

/** The property in which HubSpot lists the ids that were merged into a record. */
export const MERGED_IDS = 'hs_merged_object_ids';

/** An association whose ids a stream's records carry. */
export interface AssociationTarget {
  type: ObjectType;
  /** The field's name, without a layout's prefix. */
  field: string;
}

/** A stream of CRM records, with everything that reading it needs to know. */
export interface ObjectStream {
  kind: 'object';
  name: string;
  type: ObjectType;
  layout: Layout;
  /** The properties to ask HubSpot for. */
  properties: readonly string[];
  /** What the values of the selected properties become, by name. */
  kinds: ReadonlyMap<string, ValueKind>;
  associations: readonly AssociationTarget[];
  filterGroups: ObjectCriteria['filterGroups'];
  /** Records last updated before this instant are left out; null: none are. */
  updatedAfter: string | null;
  /** Whether HubSpot tells of merges for this object. */
  knowsMerges: boolean;
  /** Sensitive properties that are wanted, and that the token may not read. */
  withheld: readonly Withheld[];
  /** Calls to HubSpot that it took to know all this. */
  definitionCalls: number;
}

type ObjectPlan = Extract<StreamPlan, { kind: 'object' }>;

export type StreamDefinition = ObjectStream | SnapshotStream | AssociationStream | DealSplitStream;

/** Makes a plan a definition: for an object this reads its properties. Throws what the plan cannot be had for. */
export async function defineStream(
  client: HubSpotClient,
  config: SourceConfig,
  plan: StreamPlan,
  known: KnownObjects,
  tokenScopes: TokenScopes,
): Promise<StreamDefinition> {
  switch (plan.kind) {
    case 'owners':
      return ownersStream(plan.name, plan.archived, config);
    case 'pipelines':
      return pipelinesStream(plan.name, plan.type, config);
    case 'dealSplits':
      return dealSplitStream(plan.name, config);
    case 'associations':
      return associationStream(plan, known);
    case 'missing':
      throw plan.error;
    case 'object':
      return defineObject(
        config,
        plan,
        known,
        await readObjectProperties(client, plan.type, config.sensitive, tokenScopes),
      );
  }
}

function defineObject(
  config: SourceConfig,
  plan: ObjectPlan,
  known: KnownObjects,
  found: ObjectProperties,
): ObjectStream {
  const { type, criteria } = plan;
  const { readable: all, calls: definitionCalls } = found;
  const withheld = withheldFrom(plan, found);
  const selected = selectProperties(found, criteria, plan.name, config.sensitive);
  checkFilters(all, criteria, plan.name);
  const associations = (criteria?.associations ?? type.associations).map((name) => {
    const target = known.find(name, `associations of "${plan.name}"`);
    return { type: target, field: target.custom ? target.stream : target.name };
  });
  const kinds = selected.map((property) => kindFor(property, config.numbersAsStrings));
  const input = {
    properties: selected,
    kinds,
    associations: associations.map((target) => target.field),
    cdc: config.deletes === 'cdc',
    filtered: (criteria?.filterGroups ?? []).length > 0 && config.deletes !== 'off',
  };
  const names = selected.map((property) => property.name);
  const knowsMerges = all.some((property) => property.name === MERGED_IDS);
  return {
    kind: 'object',
    name: plan.name,
    type,
    layout: config.layout === 'airbyte' ? airbyteLayout(input, legacyAliases(type.name, names)) : columnsLayout(input),
    properties: knowsMerges && !names.includes(MERGED_IDS) ? [...names, MERGED_IDS] : names,
    kinds: new Map(selected.map(({ name }, index) => [name, kinds[index] as ValueKind])),
    associations,
    filterGroups: criteria?.filterGroups ?? [],
    updatedAfter: criteria?.updatedAfter ?? config.startDate,
    knowsMerges,
    withheld,
    definitionCalls,
  };
}

/** Those of the wanted properties that the token may not read, with a warning. */
function withheldFrom({ name: stream, criteria }: ObjectPlan, found: ObjectProperties): Withheld[] {
  const withheld = found.withheld
    .map(({ names, scope }) => ({ scope, names: names.filter((name) => isWanted(name, criteria)) }))
    .filter(({ names }) => names.length > 0);
  for (const { names, scope } of withheld)
    log.warn(
      `Sensitive properties of "${stream}" are left out, as the token lacks the scope ${scope}: ${names.join(', ')}.`,
    );
  return withheld;
}

function isWanted(name: string, criteria: ObjectCriteria | null): boolean {
  return (criteria?.properties?.includes(name) ?? true) && !criteria?.excludeProperties.includes(name);
}

/** Warns of filters on properties that the object does not list; HubSpot decides, who may know others. */
function checkFilters(all: readonly PropertyDefinition[], criteria: ObjectCriteria | null, stream: string): void {
  const known = all.map((property) => property.name);
  const named = (criteria?.filterGroups ?? []).flatMap(({ filters }) => filters.map((filter) => filter.propertyName));
  for (const name of new Set(named)) {
    // Searches may ask for associated records, too.
    if (known.includes(name) || name.startsWith('associations.')) continue;
    const meant = nearest(name, known);
    log.warn(
      `A filter of "${stream}" is on the property "${name}", which the object does not have.${meant ? ` Did you mean "${meant}"?` : ''}`,
    );
  }
}

function selectProperties(
  { readable, withheld }: ObjectProperties,
  criteria: ObjectCriteria | null,
  stream: string,
  sensitive: SensitiveMode,
): PropertyDefinition[] {
  const known = [...readable.map(({ name }) => name), ...withheld.flatMap(({ names }) => names)];
  for (const name of [...(criteria?.properties ?? []), ...(criteria?.excludeProperties ?? [])]) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const advice = sensitive === 'exclude' ? ' Sensitive properties are read only with "sensitive": "include".' : '';
    log.warn(`The object of "${stream}" has no property "${name}".${meant ? ` Did you mean "${meant}"?` : advice}`);
  }
  return readable.filter(({ name }) => isWanted(name, criteria));
}

function kindFor(property: PropertyDefinition, numbersAsStrings: boolean): ValueKind {
  const kind = kindOf(property.type);
  return numbersAsStrings && (kind === 'number' || kind === 'boolean') ? 'string' : kind;
}

/** The stream as `discover` offers it. */
export function catalogEntry(stream: StreamDefinition): AirbyteStream {
  if (stream.kind === 'associations') {
    return {
      name: stream.name,
      json_schema: streamSchema(LINK_SCHEMA) as JsonObject,
      supported_sync_modes: ['full_refresh'],
      // The protocol wants it of every resumable stream: nobody is to choose a cursor.
      source_defined_cursor: true,
      source_defined_primary_key: LINK_KEY.map((field) => [field]),
      is_resumable: true,
    };
  }
  const { schema, primaryKey, cursorField } = stream.kind === 'snapshot' ? stream : stream.layout;
  return {
    name: stream.name,
    json_schema: streamSchema(schema) as JsonObject,
    supported_sync_modes: ['full_refresh', 'incremental'],
    source_defined_cursor: true,
    default_cursor_field: [cursorField],
    source_defined_primary_key: [[primaryKey]],
    is_resumable: true,
  };
}
