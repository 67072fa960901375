import type { Column } from '../../column.js';
import { isSemiStructured } from '../../column-types.js';
import type { Batch } from './batch.js';
import { literal } from './quote.js';
import { castExpression, newType, type SqlType } from './types.js';

/** A record's fields, as expressions on its data. */

/** A field of a record, as a column of this type wants it: its text, or its VARIANT. */
export function field(data: string, { field }: Column, type: SqlType): string {
  const found = member(data, field);
  return isSemiStructured(type.kind) ? found : `${found}::VARCHAR`;
}

/** What an object holds under a name, told apart to the letter; emulators know no empty name in brackets. */
export function member(data: string, name: string): string {
  return name === '' ? `GET(${data}, '')` : `${data}[${literal(name)}]`;
}

/** Whether a record carries a field at all, be it as null. */
export function isCarried(data: string, { field }: { field: string }): string {
  return `IS_NULL_VALUE(${member(data, field)}) IS NOT NULL`;
}

/** The value of one column from a record's data. */
export function value(batch: Batch, column: Column, data = 'D'): string {
  const type = typeOf(batch, column);
  return castExpression(type, field(data, column, type));
}

/** What a column takes. */
export function typeOf({ types, mapping }: Batch, column: Column): SqlType {
  return types[mapping.columns.indexOf(column)] ?? newType(column.type);
}
