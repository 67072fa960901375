import { type DailyLimitError, StoppedError } from '../../errors.js';
import { type EpochMs, epochNow, LONG_AGO, type MonotonicMs, monotonicMs, monotonicNow } from '../../time.js';
import type { Budget } from './calls.js';
import { DailyQuota } from './daily-quota.js';
import { RollingWindow, type SentCall } from './rolling-window.js';

/** HubSpot's rate-limit headers; null for those that are missing. */
export interface LimitHeaders {
  max: number | null;
  remaining: number | null;
  intervalMs: number | null;
  dailyRemaining: number | null;
}

/** A call's permission to be sent. */
export interface Permit {
  /**
   * The response has started: HubSpot has counted the call. Its body may still take a while.
   *
   * @param service HubSpot's service that responded: each has its own daily counter
   */
  answered(headers: LimitHeaders, service: string): void;
  /** The call has ended, successfully or not, and makes room for another one. */
  done(): void;
}

interface Waiter {
  budget: Budget;
  resolve: (permit: Permit) => void;
  reject: (error: unknown) => void;
}

/** Assumed until the first header: HubSpot's lowest limit, that of free accounts. */
const FIRST_LIMIT = { max: 100, intervalMs: 10_000 };
/** HubSpot limits search to five requests per second and account, shared by all its apps. */
const SEARCHES = 5;
const SEARCH_INTERVAL_MS = 1000;
/** After a rejection, one search less per second is sent; one more again for each of these periods without a rejection. */
const SEARCH_RECOVERY_MS = 10_000;
/** Below this share of the burst limit, there is room for more concurrency. */
const BUSY_SHARE = 0.5;
/** When HubSpot reports no remaining calls (others share the limit), one call at a time probes at this interval. */
const PROBE_PAUSE_MS = 1000;

/**
 * Schedules all calls of a token. A call waits until it is within the concurrency limit, the daily limit, and its budget: HubSpot's
 * rolling burst limit, or its search rate. Calls of one budget start in FIFO order, so that none starves; an exhausted budget does
 * not block the others.
 */
export class CallScheduler {
  readonly #maxInFlight: number;
  readonly #burstShare: number;
  readonly #now: () => MonotonicMs;
  readonly #quota: DailyQuota;
  readonly #waiting: Waiter[] = [];
  readonly #bursts = new RollingWindow();
  readonly #searches = new RollingWindow();
  /** Calls that have not ended. */
  #inFlight = 0;
  /** Those of them that HubSpot may not have counted yet. */
  #uncounted = 0;
  #answered = 0;
  #burstLimit = { ...FIRST_LIMIT };
  /** Until when HubSpot has asked to send nothing, by budget. */
  readonly #blockedUntil: Record<Budget, MonotonicMs> = { burst: LONG_AGO, search: LONG_AGO, exempt: LONG_AGO };
  #isProbing = false;
  /** The most calls by others that a response of the last interval revealed, and when. */
  #others = { calls: 0, at: LONG_AGO };
  /** When a call last had to wait for the burst limit. */
  #burstFullAt = LONG_AGO;
  #searchesAllowed = SEARCHES;
  #searchesChangedAt = LONG_AGO;
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param options.dailyResetsAt the next reset of the daily limit, once it is known
   * @param options.hubspotNow HubSpot's time
   */
  constructor(options: {
    maxInFlight: number;
    burstShare: number;
    dailyReserve: number;
    dailyResetsAt?: () => EpochMs | undefined;
    now?: () => MonotonicMs;
    hubspotNow?: () => EpochMs;
  }) {
    this.#maxInFlight = options.maxInFlight;
    this.#burstShare = options.burstShare;
    this.#now = options.now ?? monotonicNow;
    const resetsAt = options.dailyResetsAt ?? (() => undefined);
    this.#quota = new DailyQuota(options.dailyReserve, resetsAt, options.hubspotNow ?? epochNow);
  }

  /**
   * Resolves when the call may be sent. Rejects with a StoppedError once `signal` is aborted, and with a DailyLimitError when the
   * daily limit, or all but the configured reserve, is used up.
   */
  acquire(budget: Budget, signal: AbortSignal): Promise<Permit> {
    if (signal.aborted) return Promise.reject(stopped());
    return new Promise<Permit>((resolve, reject) => {
      const leave = () => signal.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        budget,
        resolve: (permit) => {
          leave();
          resolve(permit);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => {
        const index = this.#waiting.indexOf(waiter);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(stopped());
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
      this.#startWaiting();
    });
  }

  /**
   * HubSpot responded 429 to a call of `budget`: no more calls of that budget for `pauseMs`. Searches also become less frequent
   * from then on.
   */
  backOff(budget: Budget, pauseMs: number): void {
    const now = this.#now();
    // Calls in flight at the same time are rejected together, which counts as one rejection.
    const isFirst = this.#blockedUntil[budget] <= now;
    this.#windowOf(budget)?.resetLatency();
    this.#block(budget, now, pauseMs);
    if (budget === 'burst') this.#isProbing = true;
    if (budget === 'search' && isFirst) {
      this.#searchesAllowed = Math.max(1, this.#searchesAllowed - 1);
      this.#searchesChangedAt = monotonicMs(now + pauseMs);
    }
  }

  /** The remaining daily calls of the portal; null if HubSpot has not said. */
  get dailyRemaining(): number | null {
    return this.#quota.remaining;
  }

  /** The calls per minute that the burst limit allows us. */
  get burstAMinute(): number {
    const { max, intervalMs } = this.#burstLimit;
    return (Math.max(1, Math.floor(max * this.#burstShare)) * 60_000) / intervalMs;
  }

  /**
   * Whether more concurrency would only wait for the burst limit: a call had to wait in the last interval, and most of the limit is
   * still used.
   */
  get isBurstFull(): boolean {
    const now = this.#now();
    if (now - this.#burstFullAt >= this.#burstLimit.intervalMs) return false;
    this.#burstWait(now);
    return this.#bursts.counted >= this.#burstsAllowed * BUSY_SHARE;
  }

  /** HubSpot rejected a call because the daily limit is exhausted: every further one is rejected here. */
  endDay(error: DailyLimitError): void {
    this.#quota.refused(error);
    this.#startWaiting();
  }

  #startWaiting(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    let soonest = Number.POSITIVE_INFINITY;
    const blocked = new Set<Budget>();
    for (let i = 0; this.#inFlight < this.#maxInFlight; ) {
      const waiter = this.#waiting[i];
      if (!waiter) break;
      const obstacle = this.#quota.obstacle(this.#uncounted);
      if (obstacle === 'wait') return;
      const wait = blocked.has(waiter.budget) ? Number.POSITIVE_INFINITY : this.#waitFor(waiter.budget);
      if (obstacle !== null) {
        this.#waiting.splice(i, 1);
        waiter.reject(obstacle);
      } else if (wait <= 0) {
        this.#waiting.splice(i, 1);
        waiter.resolve(this.#start(waiter.budget));
      } else {
        if (waiter.budget === 'burst') this.#burstFullAt = this.#now();
        blocked.add(waiter.budget);
        soonest = Math.min(soonest, wait);
        i += 1;
      }
    }
    if (soonest !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#startWaiting(), Math.ceil(soonest));
    }
  }

  /** Milliseconds until a call of `budget` may start; 0 or less: now; infinite: after the next response. */
  #waitFor(budget: Budget): number {
    const now = this.#now();
    if (this.#blockedUntil[budget] > now) return this.#blockedUntil[budget] - now;
    if (budget === 'exempt') return 0;
    if (budget === 'search') return this.#searches.waitFor(this.#searchShare(now), SEARCH_INTERVAL_MS, now);
    if (this.#isProbing && this.#bursts.inFlight > 0) return Number.POSITIVE_INFINITY;
    return this.#burstWait(now);
  }

  #burstWait(now: MonotonicMs): number {
    return this.#bursts.waitFor(this.#burstsAllowed, this.#burstLimit.intervalMs, now);
  }

  /** The most calls of ours per interval. */
  get #burstsAllowed(): number {
    const { max } = this.#burstLimit;
    return Math.max(1, Math.min(Math.floor(max * this.#burstShare), max - this.#others.calls));
  }

  /** The searches to send per second: fewer while others use the account's limit, too. */
  #searchShare(now: MonotonicMs): number {
    if (this.#searchesAllowed < SEARCHES && now - this.#searchesChangedAt >= SEARCH_RECOVERY_MS) {
      this.#searchesAllowed += 1;
      this.#searchesChangedAt = now;
    }
    return this.#searchesAllowed;
  }

  #start(budget: Budget): Permit {
    this.#inFlight += 1;
    this.#uncounted += 1;
    const window = this.#windowOf(budget);
    const call = window?.sent(this.#now());
    const answeredBefore = this.#answered;
    let isArrived = false;
    let isDone = false;
    const arrived = (headers: LimitHeaders | null, service: string) => {
      if (isArrived) return;
      isArrived = true;
      this.#uncounted -= 1;
      if (call) window?.answered(call, this.#now(), headers !== null);
      const meanwhile = this.#answered - answeredBefore;
      this.#quota.answered(service, headers?.dailyRemaining ?? null, meanwhile, this.#uncounted);
      this.#answered += 1;
      if (headers && call && budget === 'burst') this.#learn(headers, call);
    };
    return {
      answered: (headers, service) => {
        arrived(headers, service);
        this.#startWaiting();
      },
      done: () => {
        if (isDone) return;
        isDone = true;
        arrived(null, '');
        this.#inFlight -= 1;
        this.#startWaiting();
      },
    };
  }

  #block(budget: Budget, now: MonotonicMs, pauseMs: number): void {
    this.#blockedUntil[budget] = monotonicMs(Math.max(this.#blockedUntil[budget], now + pauseMs));
  }

  #windowOf(budget: Budget): RollingWindow | null {
    return budget === 'exempt' ? null : budget === 'search' ? this.#searches : this.#bursts;
  }

  #learn(headers: LimitHeaders, call: SentCall): void {
    if (headers.max !== null && headers.max > 0) this.#burstLimit.max = headers.max;
    if (headers.intervalMs !== null && headers.intervalMs > 0) this.#burstLimit.intervalMs = headers.intervalMs;
    // HubSpot's count in excess of our own calls is others' calls: another app, or a command that has just ended. It is a lower
    // bound: our own calls that leave the interval hide some of theirs.
    const now = this.#now();
    const { max, intervalMs } = this.#burstLimit;
    const { remaining } = headers;
    const counted = remaining === null ? 0 : max - remaining;
    const others = Math.max(0, counted - this.#bursts.countedWith(call, intervalMs));
    if (others >= this.#others.calls || now - this.#others.at >= intervalMs) this.#others = { calls: others, at: now };
    // Less remains than is in flight. If the header is missing, a 429 will tell.
    const exhausted = others > 0 && remaining !== null && remaining <= this.#bursts.inFlight;
    if (exhausted) this.#block('burst', now, PROBE_PAUSE_MS);
    this.#isProbing = exhausted;
  }
}

function stopped(): StoppedError {
  return new StoppedError('Stopped on request.');
}
