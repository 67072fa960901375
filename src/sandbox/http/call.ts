import type { IncomingHttpHeaders } from 'node:http';

/** What a call asks for, whichever version of the path it uses. */
export type CallKind =
  | 'list'
  | 'get'
  | 'batchRead'
  | 'search'
  | 'associations'
  | 'associationLabels'
  | 'properties'
  | 'schemas'
  | 'owners'
  | 'pipelines'
  | 'account'
  | 'usage'
  | 'recordCounts'
  | 'enablement'
  | 'dealSplits'
  | 'collection'
  | 'token'
  | 'tokenInfo'
  | 'unknown';

/** One call of the API as the sandbox sees it. */
export interface Call {
  /** Its number since the start, from 1. */
  readonly n: number;
  /** The portal's time of arrival, epoch ms. */
  readonly at: number;
  readonly kind: CallKind;
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** What the `:names` in the route's path stand for, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The plural name of the object type in the path. */
  readonly objectType: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Whether the answer may be compressed. */
  readonly gzip: boolean;
  readonly body: string;
}

/** One line of the log of calls. */
export interface CallRecord {
  readonly n: number;
  readonly at: string;
  readonly kind: CallKind;
  readonly objectType: string | undefined;
  readonly method: string;
  readonly url: string;
  /** 0 where the connection was closed or left silent. */
  readonly status: number;
  readonly bytes: number;
}

export interface CallCounts {
  readonly total: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byObjectType: Readonly<Record<string, number>>;
  readonly bytes: number;
}

const KEPT = 1_000;
const URL_KEPT = 400;

/** Counts the calls and keeps the last thousand. */
export class CallLog {
  #last = 0;
  #entries: CallRecord[] = [];
  #counts = emptyCounts();

  /** The number of the next call; numbers go on through a reset, so that they stay unique. */
  next(): number {
    return ++this.#last;
  }

  note(call: Call, status: number, bytes: number): void {
    const counts = this.#counts;
    counts.total++;
    counts.bytes += bytes;
    add(counts.byKind, call.kind);
    add(counts.byStatus, String(status));
    if (call.objectType !== undefined) add(counts.byObjectType, call.objectType);
    const { n, kind, objectType, method } = call;
    const url = call.url.length > URL_KEPT ? `${call.url.slice(0, URL_KEPT)}…` : call.url;
    this.#entries.push({ n, at: new Date(call.at).toISOString(), kind, objectType, method, url, status, bytes });
    if (this.#entries.length > 2 * KEPT) this.#entries = this.#entries.slice(-KEPT);
  }

  counts(): CallCounts {
    return structuredClone(this.#counts);
  }

  /** The last calls, oldest first. */
  last(count = KEPT): readonly CallRecord[] {
    return this.#entries.slice(-Math.min(count, KEPT));
  }

  reset(): void {
    this.#counts = emptyCounts();
    this.#entries = [];
  }
}

function emptyCounts() {
  return {
    total: 0,
    byKind: {} as Record<string, number>,
    byStatus: {} as Record<string, number>,
    byObjectType: {} as Record<string, number>,
    bytes: 0,
  };
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
