import { type CallActivity, hear, type LimitsFact, observe } from '../../activity.js';
import { type EpochMs, epochMs, epochNow } from '../../time.js';
import { BURST_SECONDS, BurstWindow } from '../burst-window.js';
import { RollingCount } from '../rolling-count.js';
import { BusyTime } from './busy-time.js';
import type { ReportTable } from './report-data.js';
import type { Timeline } from './timeline.js';

interface KindTally {
  calls: number;
  repeated: number;
  failed: number;
  waitedMs: number;
  answeredMs: number;
  bytes: number;
}

/** Counts the calls of a run, and how they keep to HubSpot's limits. */
export class CallTally {
  readonly answering = new BusyTime();
  readonly waiting = new BusyTime();
  readonly pausing = new BusyTime();
  readonly window = new BurstWindow();
  calls = 0;
  repeats = 0;
  quota: { max: number | null; left: number } | null = null;
  readonly #timeline: Timeline;
  readonly #kinds = new Map<string, KindTally>();
  readonly #byStream = new Map<string, number>();
  /** When each pause that has not ended began. */
  readonly #pausedAt = new WeakMap<object, EpochMs>();
  readonly #searches = new RollingCount(1);
  /** Up to when the timeline says how many calls were in the window. */
  #tracedTo = epochNow();
  readonly #ends: readonly (() => void)[];

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.#ends = [
      observe('call', { start: ({ queuedAt }) => this.waiting.start(queuedAt), end: (call) => this.#ended(call) }),
      observe('pause', {
        start: (pause) => {
          this.#pausedAt.set(pause, epochNow());
          this.pausing.start(epochNow());
        },
        end: (pause) => this.#spent('pausing', this.pausing, this.#pausedAt.get(pause) ?? epochNow()),
      }),
      hear('sent', (call) => this.#sent(call)),
      hear('limits', (limits) => this.#learned(limits)),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  callsOf(stream: string): number {
    return this.#byStream.get(stream) ?? 0;
  }

  /** A row a kind of calls. */
  table(): ReportTable {
    const rows = [...this.#kinds].sort(([, a], [, b]) => b.calls - a.calls);
    return {
      heading: 'Calls to HubSpot',
      about:
        'Repeated: HubSpot refused or failed temporarily, and the same was asked again. Times are the average of a call.',
      columns: [
        { label: 'asked for', is: 'text' },
        { label: 'calls', is: 'number' },
        { label: 'repeated', is: 'number' },
        { label: 'failed', is: 'number' },
        { label: 'waited, ms', is: 'number' },
        { label: 'answered, ms', is: 'number' },
        { label: 'MB', is: 'number' },
      ],
      rows: rows.map(([kind, { calls, repeated, failed, waitedMs, answeredMs, bytes }]) => [
        kind,
        calls,
        repeated,
        failed,
        Math.round(waitedMs / calls),
        Math.round(answeredMs / calls),
        Math.round(bytes / 10_000) / 100,
      ]),
    };
  }

  /** The timeline, with how the calls of the last burst have left the window since. */
  tracedTo(now: EpochMs): Timeline {
    const end = Math.min(now, this.#tracedTo + BURST_SECONDS * 1000);
    for (let at = this.#tracedTo + 1000; at <= end; at += 1000) {
      this.#timeline.peak('burst', epochMs(at), this.window.own(epochMs(at)));
      this.#tracedTo = epochMs(at);
    }
    return this.#timeline;
  }

  #sent(call: CallActivity): void {
    const now = epochNow();
    this.#spent('waiting', this.waiting, call.queuedAt);
    this.answering.start(now);
    this.calls += 1;
    this.#timeline.add('calls', now, 1);
    if (call.stream !== null) this.#byStream.set(call.stream, this.callsOf(call.stream) + 1);
    if (call.attemptsBefore > 0) this.repeats += 1;
    if (call.budget === 'burst') {
      this.tracedTo(now);
      this.window.sent(now);
      this.#timeline.peak('burst', now, this.window.own(now));
      this.#tracedTo = now;
    }
    if (call.budget === 'search') {
      this.#searches.add(now);
      this.#timeline.peak('searches', now, this.#searches.countAt(now));
    }
  }

  #ended(call: CallActivity): void {
    const { sentAt } = call;
    if (sentAt === undefined) {
      this.#spent('waiting', this.waiting, call.queuedAt);
      return;
    }
    const now = epochNow();
    this.#spent('answering', this.answering, sentAt);
    const tally = this.#tallyOf(call.kind);
    tally.calls += 1;
    tally.waitedMs += Math.max(0, sentAt - call.queuedAt);
    tally.answeredMs += Math.max(0, now - sentAt);
    tally.bytes += call.bytes ?? 0;
    if (call.isRepeated) tally.repeated += 1;
    else if (call.status === undefined || call.status >= 400) tally.failed += 1;
  }

  #learned(limits: LimitsFact): void {
    this.window.learn(limits, epochNow());
    const { dailyMax, dailyRemaining } = limits;
    if (dailyRemaining !== null) this.quota = { max: dailyMax ?? this.quota?.max ?? null, left: dailyRemaining };
  }

  #spent(series: 'answering' | 'waiting' | 'pausing', busy: BusyTime, startedAt: EpochMs): void {
    const now = epochNow();
    busy.end(startedAt, now);
    this.#timeline.spread(series, startedAt, now);
  }

  #tallyOf(kind: string): KindTally {
    const none = { calls: 0, repeated: 0, failed: 0, waitedMs: 0, answeredMs: 0, bytes: 0 };
    const tally = this.#kinds.get(kind) ?? none;
    this.#kinds.set(kind, tally);
    return tally;
  }
}
