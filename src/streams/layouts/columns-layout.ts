import { byteText } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { RecordOfBytes } from '../core/sink.js';
import { associationMembers, headEncoder, type Layout, type LayoutInput, memberKey, updatedAtOf } from './layout.js';
import { extraSchemas, INSTANT, propertySchema, STRING, STRINGS, TOMBSTONE } from './property-schema.js';
import { RowValues } from './row-values.js';

const FIXED = ['id', 'created_at', 'updated_at', 'archived', 'archived_at', 'merged_into', '_ab_cdc_deleted_at'];

/**
 * One typed column a property, under its internal name: what one would write by hand. A property whose name is taken (by a
 * fixed column or an association, without regard to case) gets `property_` in front.
 */
export function columnsLayout(input: LayoutInput): Layout {
  const associationFields = input.associations.map((name) => `associated_${name}`);
  const names = columnNames(
    input.properties.map((property) => property.name),
    [...FIXED, ...(input.filtered ? ['matches_filters'] : []), ...associationFields],
  );
  const fields = input.properties.map((property, index) => ({
    kind: input.kinds[index] ?? 'string',
    key: memberKey(names[index] as string),
    places: [names[index] as string],
    sources: [property.name],
  }));
  const values = new RowValues(fields);
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
      ...Object.fromEntries(
        input.properties.map((property, index) => [
          names[index] as string,
          propertySchema(property, input.kinds[index] ?? 'string', true),
        ]),
      ),
    },
    encode(row, associated, tombstone) {
      const changes: RecordChange[] = [];
      const start = head(row.id, { createdAt: row.createdAt ?? null, updatedAt: updatedAtOf(row) }, tombstone);
      const linked = associationMembers(associationKeys, associated);
      return new RecordOfBytes(`${byteText(start + linked)}${values.members(row, changes, ',')}}`, changes);
    },
    encodeMergedAway(id, updatedAt, tombstone) {
      return { data: `${head(id, { updatedAt }, tombstone)}}`, changes: null };
    },
    propertyOf: (field) => input.properties[names.indexOf(field)]?.name ?? null,
  };
}

/** Each property's column, none like another without regard to case. */
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
