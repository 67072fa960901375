import { byteText, fromLatin1 } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { RecordOfBytes } from '../core/sink.js';
import type { ValueKind } from './coerce.js';
import {
  associationMembers,
  type Derive,
  hashingOf,
  headEncoder,
  type Layout,
  type LayoutInput,
  localDatesIn,
  memberKey,
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

const FIXED = ['id', 'created_at', 'updated_at', 'archived', 'archived_at', 'merged_into', '_ab_cdc_deleted_at'];

/**
 * One typed column per property, under its internal name. The name is prefixed with `property_` if a fixed column or an association
 * has it, regardless of case.
 */
export function columnsLayout(input: LayoutInput): Layout {
  const associationFields = input.associations.map((name) => `associated_${name}`);
  const reserved = [...FIXED, ...(input.filtered ? ['matches_filters'] : []), ...associationFields];
  const names = uniqueNames(
    input.properties.map((property) => property.name),
    reserved,
  );
  const columns = input.properties.map((property, index) => ({
    property,
    name: names[index] ?? property.name,
    kind: input.kinds[index] ?? 'string',
  }));
  const dated = localDatesIn(input);
  const dateNames = uniqueNames(
    dated.map(({ name }) => name),
    [...reserved, ...names],
  );
  const dates = dated.map((each, index) => ({ ...each, name: dateNames[index] ?? each.name }));
  const field = (name: string, kind: ValueKind, sources: readonly string[], derive: Derive | null) => ({
    kind,
    key: memberKey(name),
    places: [name],
    sources,
    derive,
  });
  const values = new RowValues([
    ...columns.map(({ property, name, kind }) => field(name, kind, [property.name], hashingOf([property.name], input))),
    ...dates.map(({ property, name, derive }) => field(name, 'date', [property.name], derive)),
  ]);
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
      ...Object.fromEntries(dates.map(({ property, name, zone }) => [name, localDateSchema(property, zone)])),
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
    propertyOf: (column) => [...columns, ...dates].find(({ name }) => name === column)?.property.name ?? null,
  };
}
