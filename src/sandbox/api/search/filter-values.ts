import { badRequest } from '../../http/errors.js';
import type { CrmRecord } from '../../portal/record.js';
import type { Property } from '../../portal/types/properties.js';
import { valueAt } from '../../portal/values.js';

/** How values of one property compare: numbers and times as numbers, everything else as lower-case text. */
export interface Comparable {
  /** The record's value at its change number `change`; null where it has none. */
  read(record: CrmRecord, change: number): number | string | null;
  /** A value of a filter. @throws ApiError 400 when it is none of the property's type. */
  parse(text: string): number | string;
}

/** HubSpot compares as the property's type says; dates and instants are given as epoch milliseconds or ISO 8601. */
export function comparable(property: Property): Comparable {
  if (property.system === 'id') return { read: (record) => record.id, parse: (text) => number(property, text) };
  if (property.system === 'created')
    return { read: (record) => record.createdAt, parse: (text) => time(property, text) };
  if (property.system === 'modified') {
    return { read: (record, change) => record.modifiedAtChange(change), parse: (text) => time(property, text) };
  }
  const read = (convert: (value: string) => number | string | null) => (record: CrmRecord, change: number) => {
    const value = valueAt(record, property, change);
    return value === null || value === '' ? null : convert(value);
  };
  switch (property.type) {
    case 'number':
      return { read: read(finite), parse: (text) => number(property, text) };
    case 'date':
    case 'datetime':
      return { read: read((value) => finiteTime(value)), parse: (text) => time(property, text) };
    default:
      return { read: read((value) => value.toLowerCase()), parse: (text) => text.toLowerCase() };
  }
}

function finite(value: string): number | null {
  const result = Number(value);
  return Number.isFinite(result) ? result : null;
}

function finiteTime(value: string): number | null {
  const result = /^-?\d+$/.test(value) ? Number(value) : Date.parse(value);
  return Number.isFinite(result) ? result : null;
}

function number(property: Property, text: string): number {
  const value = finite(text);
  if (value === null || text.trim() === '') throw invalid(property, text);
  return value;
}

function time(property: Property, text: string): number {
  const value = finiteTime(text);
  if (value === null || text.trim() === '') throw invalid(property, text);
  // Days compare as days: an instant stands for the day it lies in.
  return property.type === 'date' ? Math.floor(value / 86_400_000) * 86_400_000 : value;
}

function invalid(property: Property, text: string) {
  return badRequest('There was a problem with the request.', [
    { message: `${JSON.stringify(text)} is not a valid ${property.type} for the property ${property.name}` },
  ]);
}
