import type { Item } from '../../../hubspot/api/endpoint.js';
import type { Instant } from '../../../time.js';
import type { PortalFacts } from '../../core/stream.js';
import type { Resource } from '../resource.js';
import type { EventOrder, SeenEvent } from './seen-order.js';

/**
 * A collection of events that HubSpot filters by time. Events do not change, so a window need not be read again, except for events
 * that HubSpot returns late.
 */
export interface WindowResource extends Resource {
  key: string;
  cursor: string;
  /**
   * The query for events from one instant on, and before another. Where HubSpot does not say whether it includes the
   * ends, it is a millisecond longer: an event of that millisecond may come twice, as the same row.
   */
  window(from: Instant, to: Instant): Readonly<Record<string, string>>;
  /** In which order HubSpot answers the events of a window. Where it holds, a window with too many pages is divided while it is read. */
  order: EventOrder;
  /** The length of the first window; windows grow while there are few events, and shrink where there are many. */
  sliceDays: number;
  /** How late HubSpot may return events: each read begins this much earlier, or by the configured lookback if that is longer. */
  overlapMinutes: number;
  /** How many days HubSpot keeps events; null: forever, or not documented. */
  keptDays: number | null;
  /** The values of a parameter, where HubSpot answers the events of one value alone: each is read by windows of its own. */
  partitions?: { parameter: string; values(portal: PortalFacts): Promise<readonly string[]> };
  /** What tells one of HubSpot's events from others, and when it happened, where that is not the key and the cursor of a record. */
  seen?: (event: Item) => SeenEvent;
}
