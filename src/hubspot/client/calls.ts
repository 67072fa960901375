/** HubSpot's rate limits, to which calls are charged. */
export type Budget = 'burst' | 'search' | 'exempt';

/**
 * HubSpot exempts search and batch reads of associations from the ten-second limit; search has a limit of its own of five per
 * second and account.
 */
export const BUDGET_OF = {
  account: 'burst',
  associations: 'exempt',
  batchRead: 'burst',
  dealSplits: 'burst',
  enablement: 'burst',
  list: 'burst',
  owners: 'burst',
  pipelines: 'burst',
  properties: 'burst',
  schemas: 'burst',
  search: 'search',
  tokenInfo: 'burst',
} as const satisfies Record<string, Budget>;

export type CallKind = keyof typeof BUDGET_OF;

/** HubSpot's service behind each kind of call, as far as their daily counters were observed to differ. */
export const SERVICE_OF: Record<CallKind, string> = {
  account: 'account',
  associations: 'objects',
  batchRead: 'objects',
  dealSplits: 'objects',
  enablement: 'metadata',
  list: 'objects',
  owners: 'owners',
  pipelines: 'metadata',
  properties: 'metadata',
  schemas: 'metadata',
  search: 'objects',
  tokenInfo: 'account',
};

/** Counts the calls that were sent, retries included, for the summary of a sync. */
export class CallCounter {
  readonly #sent = new Map<CallKind, number>();
  #repeated = 0;

  sent(kind: CallKind): void {
    this.#sent.set(kind, (this.#sent.get(kind) ?? 0) + 1);
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
