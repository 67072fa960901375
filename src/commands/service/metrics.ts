import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { hear, observe } from '../../activity.js';
import type { SyncResult } from '../sync/sync-result.js';
import type { Health } from './health.js';

/** Seconds. */
const FRESHNESS_BUCKETS = [5, 10, 15, 30, 60, 90, 120, 300, 900, 3600];
const ROUND_BUCKETS = [1, 2, 5, 10, 30, 60, 300, 900, 3600];

/** The metrics of a service, as Prometheus reads them. Their names and labels are an interface: docs/monitoring.md. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #endings: readonly (() => void)[];
  readonly #rounds = this.#counter('hubflake_rounds_total', 'Rounds, by how they ended', ['status']);
  readonly #records = this.#counter('hubflake_records_total', 'Records that were read', ['stream']);
  readonly #rows = this.#counter('hubflake_rows_total', 'Rows that were changed', ['stream', 'change']);
  readonly #errors = this.#counter('hubflake_errors_total', 'Failures of streams', ['stream', 'code']);
  readonly #calls = this.#counter('hubflake_calls_total', 'Attempts of calls to HubSpot', ['kind']);
  readonly #retries = this.#counter('hubflake_call_retries_total', 'Attempts that were made again', ['kind']);
  readonly #waits = this.#counter('hubflake_wait_seconds_total', 'Seconds of waiting for limits and repeats', ['of']);
  readonly #seconds = this.#histogram('hubflake_round_seconds', 'How long rounds took', [], ROUND_BUCKETS);
  readonly #freshness = this.#histogram(
    'hubflake_freshness_seconds',
    'From the modification of a record to its commit',
    ['stream'],
    FRESHNESS_BUCKETS,
  );
  readonly #behind = this.#gauge(
    'hubflake_behind_seconds',
    'Since the last round that did not fail began, or the process',
  );
  readonly #late = this.#gauge(
    'hubflake_late_streams',
    'Streams that fail, or are still being loaded, for more than three intervals',
  );
  readonly #callsLeft = this.#gauge('hubflake_daily_calls_left', "HubSpot's calls that are left today");

  /** @param health how the service is now @param callsLeft null: not known */
  constructor(
    readonly health: () => Health,
    readonly callsLeft: () => number | null,
  ) {
    collectDefaultMetrics({ register: this.#registry });
    this.#endings = [
      observe('call', {
        end: ({ kind, queuedAt, sentAt, isRepeated }) => {
          if (sentAt === undefined) return;
          this.#calls.inc({ kind });
          this.#waits.inc({ of: 'limits' }, Math.max(0, sentAt - queuedAt) / 1000);
          if (isRepeated) this.#retries.inc({ kind });
        },
      }),
      observe('pause', { end: ({ milliseconds }) => this.#waits.inc({ of: 'repeats' }, milliseconds / 1000) }),
      hear('freshness', ({ stream, seconds }) => this.#freshness.observe({ stream }, seconds)),
    ];
  }

  /** The content type, and the text of all metrics. */
  async text(): Promise<{ type: string; text: string }> {
    const { behindSeconds, late } = this.health();
    this.#behind.set(behindSeconds ?? process.uptime());
    this.#late.set(late.length);
    const left = this.callsLeft();
    // A gauge is 0 until it is set, which would say that none are left.
    if (left === null) this.#callsLeft.remove();
    else this.#callsLeft.set(left);
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  ended({ streams, errors, seconds }: SyncResult): void {
    const isComplete = errors.length === 0 && streams.every(({ complete }) => complete);
    this.#rounds.inc({ status: isComplete ? 'complete' : 'incomplete' });
    this.#seconds.observe(seconds);
    for (const { stream, records, inserted, updated, marked, removed } of streams) {
      if (records > 0) this.#records.inc({ stream }, records);
      for (const [change, rows] of Object.entries({ inserted, updated, marked, removed })) {
        if (rows > 0) this.#rows.inc({ stream, change }, rows);
      }
    }
    for (const { stream, code } of errors) this.#errors.inc({ stream, code });
  }

  failed(): void {
    this.#rounds.inc({ status: 'failed' });
  }

  close(): void {
    for (const end of this.#endings) end();
    this.#registry.clear();
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labelNames: string[], buckets: number[]): Histogram {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.#registry] });
  }
}
