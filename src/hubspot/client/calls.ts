/** HubSpot's rate limits, to which calls are charged. */
export type Budget = 'burst' | 'search' | 'exempt';

/** What HubSpot's limits, and our own counts, know of a call. */
export interface CallKind {
  /** The name under which the summary of a run counts it. */
  readonly name: string;
  readonly budget: Budget;
  /** Which of HubSpot's services answers, as far as their counts of the day were seen to differ. */
  readonly service: string;
}

/** The kind of a call that is charged to the ten-second limit, as most are. */
export function burstCall(name: string, service: string): CallKind {
  return { name, service, budget: 'burst' };
}

/**
 * HubSpot exempts search, batch reads of associations and their types from the ten-second limit; search has a limit of its own of five per
 * second and account.
 */
export const CALLS = {
  account: burstCall('account', 'account'),
  associationTypes: { name: 'associationTypes', service: 'objects', budget: 'exempt' },
  associations: { name: 'associations', service: 'objects', budget: 'exempt' },
  batchRead: burstCall('batchRead', 'objects'),
  dealSplits: burstCall('dealSplits', 'objects'),
  enablement: burstCall('enablement', 'metadata'),
  list: burstCall('list', 'objects'),
  owners: burstCall('owners', 'owners'),
  pipelines: burstCall('pipelines', 'metadata'),
  properties: burstCall('properties', 'metadata'),
  schemas: burstCall('schemas', 'metadata'),
  search: { name: 'search', service: 'objects', budget: 'search' },
  tokenInfo: burstCall('tokenInfo', 'account'),
} as const satisfies Record<string, CallKind>;

/** Counts the calls that were sent, retries included, for the summary of a sync. */
export class CallCounter {
  readonly #sent = new Map<string, number>();
  #repeated = 0;

  sent({ name }: CallKind): void {
    this.#sent.set(name, (this.#sent.get(name) ?? 0) + 1);
  }

  repeated(): void {
    this.#repeated += 1;
  }

  /** Calls by kind, how many of all were retries, and the total. */
  summary(): { byKind: Record<string, number>; repeats: number; total: number } {
    const byKind = Object.fromEntries([...this.#sent].sort(([a], [b]) => a.localeCompare(b)));
    return { byKind, repeats: this.#repeated, total: [...this.#sent.values()].reduce((sum, n) => sum + n, 0) };
  }
}
