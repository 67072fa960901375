import { isObject } from '../../json.js';
import type { JsonObject, JsonValue, RecordChange } from '../../protocol/messages.js';
import { timeOf } from '../../time.js';
import { stateValue } from '../core/stream-state.js';
import { coerce, type ValueKind } from '../layouts/coerce.js';
import { MOST_NOTED } from '../layouts/layout.js';
import { timestampOf } from '../layouts/timestamps.js';

/** An instant as JSON Schema's date-time has it, which stays as HubSpot wrote it. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Makes a value one of its type. What is lost thereby is noted, with the value's path in the record. */
type Fit = (value: JsonValue, path: string, changes: RecordChange[]) => JsonValue;

/** A record that is right by its schema, and what had to be changed for that. */
export interface Fitted {
  readonly data: JsonObject;
  readonly changes: readonly RecordChange[];
}

/**
 * What HubSpot sends is not always of the type that it documents. This makes records of it that are right by their schema, with the
 * schema's fields in their order: a value in another form becomes one of its type (a number a text, digits an integer, an object its JSON
 * text), and one that is no value of its type becomes null, which is noted as in CRM records.
 *
 * @param schema the top-level properties of a json_schema
 */
export function fitting(schema: JsonObject): (data: JsonObject) => Fitted {
  const fields = Object.entries(schema).map(([field, type]) => ({ field, mend: fitOf(type) }));
  return (data) => {
    const changes: RecordChange[] = [];
    const fitted: JsonObject = {};
    for (const { field, mend } of fields) {
      const value = data[field] ?? null;
      fitted[field] = value === null ? null : mend(value, field, changes);
    }
    return { data: fitted, changes };
  };
}

function fitOf(schema: JsonValue): Fit {
  const { type, format, items, airbyte_type: zone, maximum } = stateValue.object(schema) ?? {};
  switch ([type].flat().find((each) => each !== 'null' && each !== undefined)) {
    case 'string':
      if (format === 'date-time') return zone === 'timestamp_without_timezone' ? fitTimestamp : fitInstant;
      return format === 'date' ? asText('date') : fitText;
    case 'integer':
      return maximum === undefined ? fitInteger : fitId;
    case 'number':
      return fitNumber;
    case 'boolean':
      return (value, ...at) => (typeof value === 'boolean' ? value : asText('boolean')(value, ...at));
    case 'object':
      return (value, ...at) => (isObject(value) ? value : nulled(value, ...at));
    case 'array':
      return listOf(items === undefined ? (value) => value : fitOf(items));
    default:
      return (value) => value;
  }
}

function listOf(mend: Fit): Fit {
  return (value, path, changes) =>
    Array.isArray(value)
      ? value.map((each, index) => (each === null ? null : mend(each, `${path}.${index}`, changes)))
      : nulled(value, path, changes);
}

const fitText: Fit = (value, path, changes) => {
  const text = textOf(value);
  if (text.isWellFormed()) return text;
  changes.push({ field: path, change: 'TRUNCATED', reason: 'SOURCE_SERIALIZATION_ERROR' });
  return text.toWellFormed();
};

const fitInstant: Fit = (value, ...at) => (isDateTime(value) ? value : asText('datetime')(value, ...at));

const fitTimestamp: Fit = (value, ...at) => {
  const time = timestampOf(value);
  return time === undefined ? nulled(value, ...at) : time;
};

const fitNumber: Fit = (value, ...at) => {
  const number = typeof value === 'number' ? value : asText('number')(value, ...at);
  // JSON has no number beyond those of a float.
  return typeof number === 'number' && !Number.isFinite(number) ? nulled(value, ...at) : number;
};

/** Of a fraction the nearest integer is taken, as our columns do, and of an integer with more digits than a float has the nearest float. */
const fitInteger: Fit = (value, path, changes) => {
  const number = fitNumber(value, path, changes);
  if (typeof number !== 'number') return number;
  if (!Number.isSafeInteger(number)) changes.push(noted(value, path, 'TRUNCATED'));
  return Math.round(number);
};

/** Of an id with more digits than a float has there is none: the nearest one would be another's. */
const fitId: Fit = (value, ...at) => {
  const number = fitNumber(value, ...at);
  return typeof number !== 'number' || Number.isSafeInteger(number) ? number : nulled(value, ...at);
};

function isDateTime(value: JsonValue): boolean {
  if (typeof value !== 'string' || !DATE_TIME.test(value)) return false;
  return coerce('date', value.slice(0, 10)) !== undefined && !Number.isNaN(timeOf(value));
}

/** A value in the text forms that properties of the CRM have. */
function asText(kind: ValueKind): Fit {
  return (value, path, changes) => {
    const json = typeof value === 'object' ? undefined : coerce(kind, textOf(value));
    return json === undefined ? nulled(value, path, changes) : JSON.parse(json);
  };
}

function nulled(value: JsonValue, path: string, changes: RecordChange[]): null {
  changes.push(noted(value, path, 'NULLED'));
  return null;
}

function noted(value: JsonValue, field: string, change: RecordChange['change']): RecordChange {
  const text = textOf(value).slice(0, MOST_NOTED).toWellFormed();
  return { field, change, reason: 'SOURCE_SERIALIZATION_ERROR', value: text };
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : JSON.stringify(value);
}
