import { byteText, fromLatin1 } from '../../protocol/json/byte-text.js';
import type { JsonObject, RecordChange } from '../../protocol/messages.js';
import { RecordOfBytes } from '../core/sink.js';
import type { ValueKind } from './coerce.js';
import {
  associationMembers,
  hashingOf,
  headEncoder,
  type Layout,
  type LayoutInput,
  localDatesIn,
  memberKey,
  type SourceField,
  updatedAtOf,
} from './layout.js';
import {
  extraSchemas,
  INSTANT,
  localDateSchema,
  propertySchema,
  STRING,
  STRINGS,
  TOMBSTONE,
} from './property-schema.js';
import { RowValues } from './row-values.js';
import { uniqueNames } from './unique-names.js';

/** A property of the layout, or a legacy alias that takes its successor's value if it has none of its own. */
interface Field extends SourceField {
  name: string;
  flatKey: string;
}

/**
 * The layout of source-hubspot: `properties` as an object and again flattened as `properties_<name>`, associations as arrays at the
 * top level. Differences: association arrays are always present, and `archivedAt` and `merged_into` are added. Local dates are at the top
 * level only, as `properties` has HubSpot's own.
 *
 * @param legacyAliases the names of stage timings in HubSpot's v1, which source-hubspot still fills from their successors
 */
export function airbyteLayout(input: LayoutInput, legacyAliases: ReadonlyMap<string, readonly string[]>): Layout {
  const fields = fieldsOf(input, legacyAliases);
  const links = associationNames(input, fields);
  const associationKeys = links.map(memberKey);
  const rows = new RowValues(fields);
  const dates = localDateFields(input, fields, links);
  const dateValues = dates.length > 0 ? new RowValues(dates) : null;
  const flatKeys = fields.map(({ flatKey }) => byteText(flatKey));
  const head = headEncoder({ createdAt: 'createdAt', updatedAt: 'updatedAt', archivedAt: 'archivedAt' }, input);
  return {
    schema: {
      ...schemaOf(input, fields, links),
      ...Object.fromEntries(dates.map(({ name, property, zone }) => [name, localDateSchema(property, zone)])),
    },
    primaryKey: 'id',
    cursorField: 'updatedAt',
    encode(row, associated, tombstone) {
      const changes: RecordChange[] = [];
      const start = head(row.id, { createdAt: row.createdAt ?? null, updatedAt: updatedAtOf(row) }, tombstone);
      const linked = associationMembers(associationKeys, associated);
      const values = rows.all(row, changes);
      const nested = rows.members(row, changes, '', values);
      let flat = '';
      for (const [index, value] of values.entries()) flat += flatKeys[index] + value;
      const local = dateValues?.members(row, changes, ',') ?? '';
      const record = `${byteText(start)},"properties":{${nested}}${byteText(linked)}${flat}${local}}`;
      return new RecordOfBytes(fromLatin1(record), changes);
    },
    encodeMergedAway(id, updatedAt, tombstone) {
      return { data: `${head(id, { updatedAt }, tombstone)}}`, changes: null };
    },
    propertyOf: (field) =>
      input.properties.find(({ name }) => field === `properties_${name}`)?.name ??
      dates.find(({ name }) => field === name)?.property.name ??
      null,
  };
}

const FIXED = [
  ...['id', 'createdAt', 'updatedAt', 'archived', 'archivedAt', 'merged_into', 'properties'],
  ...['matches_filters', '_ab_cdc_deleted_at'],
];

/** The fields of associated ids, prefixed with `associated_` if another field has the name (a custom object may have any). */
function associationNames(input: LayoutInput, fields: readonly Field[]): string[] {
  const flattened = fields.map(({ name }) => `properties_${name}`);
  const taken = new Set([...FIXED, ...flattened].map((name) => name.toLowerCase()));
  return input.associations.map((association) => {
    let name = association;
    while (taken.has(name.toLowerCase())) name = `associated_${name}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

function fieldsOf(input: LayoutInput, legacyAliases: ReadonlyMap<string, readonly string[]>): Field[] {
  const field = (name: string, kind: ValueKind, sources = [name]): Field => {
    const derive = hashingOf(sources, input);
    return {
      name,
      kind: derive === null ? kind : 'string',
      sources,
      key: memberKey(name),
      flatKey: `,${memberKey(`properties_${name}`)}`,
      places: [`properties.${name}`, `properties_${name}`],
      derive,
    };
  };
  const own = new Map(input.properties.map((property, index) => [property.name, input.kinds[index] ?? 'string']));
  const fields = new Map<string, Field>();
  for (const [name, kind] of own) fields.set(name, field(name, kind));
  for (const [successor, aliases] of legacyAliases) {
    const kind = own.get(successor);
    if (kind === undefined) continue;
    for (const alias of aliases) fields.set(alias, field(alias, own.get(alias) ?? kind, [alias, successor]));
  }
  return [...fields.values()];
}

/** The local dates, which are no values of HubSpot's. */
function localDateFields(input: LayoutInput, fields: readonly Field[], links: readonly string[]) {
  const dated = localDatesIn(input);
  const names = uniqueNames(
    dated.map(({ name }) => `properties_${name}`),
    [...FIXED, ...links, ...fields.map(({ name }) => `properties_${name}`)],
  );
  return dated.map(({ property, name: wanted, derive, zone }, index) => {
    const name = names[index] ?? wanted;
    const kind: ValueKind = 'date';
    return { kind, key: memberKey(name), sources: [property.name], places: [name], derive, name, property, zone };
  });
}

function schemaOf(input: LayoutInput, fields: Field[], links: readonly string[]): JsonObject {
  const definitions = new Map(input.properties.map((property) => [property.name, property]));
  const schemas = fields.map(({ name, kind }) => {
    const definition = definitions.get(name) ?? { name, type: kind };
    return [name, propertySchema(definition, kind, false)] as const;
  });
  return {
    id: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    archived: TOMBSTONE,
    archivedAt: INSTANT,
    merged_into: STRING,
    ...extraSchemas(input),
    properties: { type: ['null', 'object'], additionalProperties: true, properties: Object.fromEntries(schemas) },
    ...Object.fromEntries(links.map((name) => [name, STRINGS])),
    ...Object.fromEntries(schemas.map(([name, schema]) => [`properties_${name}`, schema])),
  };
}

/**
 * source-hubspot's legacy names for the stage timings of contacts and deals: `hs_v2_date_entered_X` is repeated as
 * `hs_date_entered_X`, of contacts as `hs_lifecyclestage_X_date`; and so on.
 */
export function legacyAliases(objectName: string, properties: readonly string[]): Map<string, string[]> {
  const aliases = new Map<string, string[]>();
  if (objectName !== 'contacts' && objectName !== 'deals') return aliases;
  for (const name of properties) {
    const match = /^hs_v2_(date_entered|date_exited|latest_time_in)_(.+)$/.exec(name);
    if (!match) continue;
    const [, what, stage = ''] = match;
    if (what === 'latest_time_in') aliases.set(name, [`hs_time_in_${stage}`]);
    else if (what === 'date_exited' || objectName === 'deals') aliases.set(name, [`hs_${what}_${stage}`]);
    else aliases.set(name, [`hs_lifecyclestage_${stage}${stage.endsWith('_date') ? '' : '_date'}`]);
  }
  return aliases;
}
