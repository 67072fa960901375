import { type ByteText, byteText } from '../portal/bytes.js';
import { iso } from '../portal/clock.js';
import type { CrmRecord } from '../portal/record.js';
import { historyOf, jsonAt } from '../portal/values.js';
import type { SelectedProperty, Selection } from './selection.js';

/** How a row is shown besides its values. */
export interface RowOptions {
  readonly portalId: number;
  /** `"contacts":{…},…`, the members of `associations`; without any, rows have no such field. */
  readonly associations?: ByteText;
}

/**
 * One record as JSON, as it stood at its change number `change`. Built by hand: a list page of 100 × 100 values
 * must cost about a millisecond.
 */
export function rowJson(record: CrmRecord, change: number, selection: Selection, options: RowOptions): ByteText {
  let text = `{"id":"${record.id}","properties":{${values(record, change, selection.parts)}}`;
  if (selection.history.length > 0) text += `,"propertiesWithHistory":{${histories(record, selection.history)}}`;
  text += `,"createdAt":"${iso(record.createdAt)}","updatedAt":"${iso(record.modifiedAtChange(change))}"`;
  const archivedAt = record.log?.[change]?.archivedAt ?? record.archivedAt;
  text += archivedAt === 0 ? ',"archived":false' : `,"archived":true,"archivedAt":"${iso(archivedAt)}"`;
  if (options.associations) text += `,"associations":{${options.associations}}`;
  return `${text},"url":"https://app.hubspot.com/contacts/${options.portalId}/record/${selection.type.id}/${record.id}"}` as ByteText;
}

function values(record: CrmRecord, change: number, parts: readonly SelectedProperty[]): string {
  let text = '';
  for (const part of parts) {
    if (text !== '') text += ',';
    text += part.key + jsonAt(record, part.property, change);
  }
  return text;
}

function histories(record: CrmRecord, parts: readonly SelectedProperty[]): string {
  return parts
    .map(({ property, key }) => {
      const items = historyOf(record, property).map((version) => ({
        value: version.value ?? '',
        timestamp: iso(version.timestamp),
        sourceType: version.change === 0 ? 'IMPORT' : 'CRM_UI',
        sourceId: version.change === 0 ? 'import:1' : 'userId:9300000',
        updatedByUserId: 9_300_000,
      }));
      return key + byteText(JSON.stringify(items));
    })
    .join(',');
}
