import { isHeard, tell } from '../../activity.js';
import type { RecordChange } from '../../protocol/messages.js';

/** Lets observers know of a record's values that are not kept as HubSpot has them. */
export function tellChanges(stream: string, changes: readonly RecordChange[] | null): void {
  if (changes === null || !isHeard('changed')) return;
  for (const { field, change, reason } of changes) tell('changed', { stream, field, change, reason });
}
