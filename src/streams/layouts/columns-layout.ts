import { byteText, fromLatin1 } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { RecordOfBytes } from '../core/sink.js';
import { associationMembers, headEncoder, type Layout, type LayoutInput, memberKey, updatedAtOf } from './layout.js';
import { extraSchemas, INSTANT, propertySchema, STRING, STRINGS, TOMBSTONE } from './property-schema.js';
import { RowValues } from './row-values.js';

const FIXED = ['id', 'created_at', 'updated_at', 'archived', 'archived_at', 'merged_into', '_ab_cdc_deleted_at'];

/**
 * One typed column per property, under its internal name. The name is prefixed with `property_` if a fixed column or an association
 * has it, regardless of case.
 */
export function columnsLayout(input: LayoutInput): Layout {
  const associationFields = input.associations.map((name) => `associated_${name}`);
  const names = columnNames(
    input.properties.map((property) => property.name),
    [...FIXED, ...(input.filtered ? ['matches_filters'] : []), ...associationFields],
  );
  const columns = input.properties.map((property, index) => ({
    property,
    name: names[index] ?? property.name,
    kind: input.kinds[index] ?? 'string',
  }));
  const values = new RowValues(
    columns.map(({ property, name, kind }) => ({
      kind,
      key: memberKey(name),
      places: [name],
      sources: [property.name],
    })),
  );
  const associationKeys = associationFields.map(memberKey);
  const head = headEncoder({ createdAt: 'created_at', updatedAt: 'updated_at', archivedAt: 'archived_at' }, input);

  return {
    primaryKey: 'id',
    cursorField: 'updated_at',
    schema: {
      id: STRING,
      created_at: INSTANT,
      updated_at: INSTANT,
      archived: TOMBSTONE,
      archived_at: INSTANT,
      merged_into: STRING,
      ...extraSchemas(input),
      ...Object.fromEntries(associationFields.map((name) => [name, STRINGS])),
      ...Object.fromEntries(columns.map(({ property, name, kind }) => [name, propertySchema(property, kind, true)])),
    },
    encode(row, associated, tombstone) {
      const changes: RecordChange[] = [];
      const start = head(row.id, { createdAt: row.createdAt ?? null, updatedAt: updatedAtOf(row) }, tombstone);
      const linked = associationMembers(associationKeys, associated);
      const record = `${byteText(start + linked)}${values.members(row, changes, ',')}}`;
      return new RecordOfBytes(fromLatin1(record), changes);
    },
    encodeMergedAway(id, updatedAt, tombstone) {
      return { data: `${head(id, { updatedAt }, tombstone)}}`, changes: null };
    },
    propertyOf: (field) => input.properties[names.indexOf(field)]?.name ?? null,
  };
}

/** Each property's column name, unique regardless of case. */
function columnNames(properties: readonly string[], reserved: readonly string[]): string[] {
  const taken = new Set([...reserved, ...properties].map((name) => name.toLowerCase()));
  const isReserved = new Set(reserved.map((name) => name.toLowerCase()));
  return properties.map((property) => {
    if (!isReserved.has(property.toLowerCase())) return property;
    let name = `property_${property}`;
    while (taken.has(name.toLowerCase())) name = `property_${name}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
