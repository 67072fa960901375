import type { KeyOrder } from '../../http/settings.js';
import type { ByteText } from '../../portal/bytes.js';
import { iso } from '../../portal/clock.js';
import { versionView } from '../../portal/history/history.js';
import type { CrmRecord } from '../../portal/record.js';
import { jsonAt } from '../../portal/values.js';
import { jsonText } from '../reply.js';
import type { SelectedProperty, Selection } from './selection.js';

/** How a row is shown besides its values. */
export interface RowOptions {
  readonly portalId: number;
  readonly order: KeyOrder;
  /** `"contacts":{…},…`, the members of `associations`; without any, rows have no such field. */
  readonly associations?: ByteText;
}

/**
 * One record as JSON, as it stood at its change number `change`. Built by hand: a list page of 100 × 100 values
 * must cost about a millisecond.
 */
export function rowJson(record: CrmRecord, change: number, selection: Selection, options: RowOptions): ByteText {
  const archivedAt = record.log?.[change]?.archivedAt ?? record.archivedAt;
  const archived = archivedAt === 0 ? '"archived":false' : `"archived":true,"archivedAt":"${iso(archivedAt)}"`;
  const associations = options.associations ? `,"associations":{${options.associations}}` : '';
  const created = `"createdAt":"${iso(record.createdAt)}"`;
  const id = `"id":"${record.id}"`;
  let properties = `"properties":{${values(record, change, selection.parts)}}`;
  if (selection.history.length > 0) {
    properties += `,"propertiesWithHistory":{${histories(record, selection, options.order)}}`;
  }
  const updated = `"updatedAt":"${iso(record.modifiedAtChange(change))}"`;
  const url = `"url":"${urlOf(record, selection, options.portalId)}"`;
  return (
    options.order === 'alphabetical'
      ? `{${archived}${associations},${created},${id},${properties},${updated},${url}}`
      : `{${id},${properties},${created},${updated},${archived}${associations},${url}}`
  ) as ByteText;
}

/** Activities have no page of their own: their address is empty (as live answers show). */
function urlOf(record: CrmRecord, { type }: Selection, portalId: number): string {
  return type.activity ? '' : `https://app.hubspot.com/contacts/${portalId}/record/${type.id}/${record.id}`;
}

function values(record: CrmRecord, change: number, parts: readonly SelectedProperty[]): string {
  let text = '';
  for (const part of parts) {
    if (text !== '') text += ',';
    text += part.key + jsonAt(record, part.property, change);
  }
  return text;
}

function histories(record: CrmRecord, { history, versionsOf }: Selection, order: KeyOrder): string {
  return history
    .map(({ property, key }) => key + jsonText(order, versionsOf(record, property).map(versionView)))
    .join(',');
}
