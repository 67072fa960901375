import { eachMember, type Span } from '../../protocol/json/json-scan.js';
import type { RecordChange } from '../../protocol/messages.js';

/**
 * Shortens a record to what a warehouse can load: its longest top-level fields become null, one after the other, until it fits. One
 * longer line would fail the whole batch.
 *
 * @param most bytes, also of the change entries that this adds
 * @returns the data, and a change entry for each field that was nulled, for its own size or for the record's
 */
export function fitRecord(data: Buffer, most: number): { data: Buffer; changes: RecordChange[] } {
  if (data.length <= most) return { data, changes: [] };
  const members: { name: string; value: Span }[] = [];
  eachMember(data, 0, (key, value) => {
    members.push({ name: JSON.parse(data.toString('utf8', key.start, key.end)), value });
  });
  const gone: { value: Span; change: RecordChange }[] = [];
  let length = data.length;
  for (const { name, value } of members.sort((a, b) => size(b.value) - size(a.value))) {
    if (length <= most) break;
    const what = size(value) > most ? 'FIELD' : 'RECORD';
    const change = {
      field: name,
      change: 'NULLED',
      reason: `DESTINATION_${what}_SIZE_LIMITATION`,
    } satisfies RecordChange;
    const gain = size(value) - NULL.length - JSON.stringify(change).length - ','.length;
    if (gain <= 0) break;
    length -= gain;
    gone.push({ value, change });
  }
  gone.sort((a, b) => a.value.start - b.value.start);
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const { value } of gone) {
    pieces.push(data.subarray(copied, value.start), NULL);
    copied = value.end;
  }
  pieces.push(data.subarray(copied));
  return { data: Buffer.concat(pieces), changes: gone.map(({ change }) => change) };
}

const NULL = Buffer.from('null');

function size({ start, end }: Span): number {
  return end - start;
}
