import { type DailyLimitError, StoppedError } from '../../errors.js';
import { type EpochMs, epochNow, LONG_AGO, type MonotonicMs, monotonicMs, monotonicNow } from '../../time.js';
import type { Budget } from './calls.js';
import { DailyQuota } from './daily-quota.js';
import { RollingWindow, type SentCall } from './rolling-window.js';

/** What HubSpot's rate-limit headers said, where they said it. */
export interface LimitHeaders {
  max: number | null;
  remaining: number | null;
  intervalMs: number | null;
  dailyRemaining: number | null;
}

/** The place of one call within the budgets. */
export interface Permit {
  /**
   * An answer has begun to come: HubSpot has counted the call. Its body may still take a while.
   *
   * @param service the one of HubSpot's services that has answered: each has its own count of the day
   */
  answered(headers: LimitHeaders, service: string): void;
  /** The call is over, answered or failed, and another one may be on its way in its place. */
  done(): void;
}

interface Waiter {
  budget: Budget;
  resolve: (permit: Permit) => void;
  reject: (error: unknown) => void;
}

/** Until the first header says otherwise: the smallest limit that HubSpot has, that of its free accounts. */
const FIRST_LIMIT = { max: 100, intervalMs: 10_000 };
/** HubSpot: search is limited to five requests a second per account, whichever apps make them. */
const SEARCHES = 5;
const SEARCH_INTERVAL_MS = 1000;
/** After a refusal, one search a second less is sent; one more again when none was refused for this long. */
const SEARCH_RECOVERY_MS = 10_000;
/** With less of the burst limit used, there is room for more calls beside each other. */
const FULL = 0.5;
/** When HubSpot says that nothing remains (others use the same limit), one call at a time asks again this often. */
const LEAN_PAUSE_MS = 1000;

/**
 * The one owner of all calls of a token. A call waits here until it fits the number in flight, what is left of the day, and its
 * budget: HubSpot's rolling burst limit, or its search rate. Waiting calls of one budget start in the order they came, so that
 * none starves; a budget that is used up does not hold up the others.
 */
export class CallScheduler {
  readonly #maxInFlight: number;
  readonly #burstShare: number;
  readonly #now: () => MonotonicMs;
  readonly #quota: DailyQuota;
  readonly #waiting: Waiter[] = [];
  readonly #bursts = new RollingWindow();
  readonly #searches = new RollingWindow();
  /** Calls that are not over. */
  #inFlight = 0;
  /** Those of them that HubSpot may not have counted yet. */
  #onTheirWay = 0;
  #answered = 0;
  #burstLimit = { ...FIRST_LIMIT };
  /** By budget, until when HubSpot has asked to send nothing. */
  readonly #blockedUntil: Record<Budget, MonotonicMs> = { burst: LONG_AGO, search: LONG_AGO, exempt: LONG_AGO };
  #lean = false;
  /** The most calls of others that an answer of the last interval told of, and when. */
  #others = { calls: 0, at: LONG_AGO };
  /** When a call last had to wait for the burst limit. */
  #burstFullAt = LONG_AGO;
  #searchesAllowed = SEARCHES;
  #searchesChangedAt = LONG_AGO;
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param options.dailyResetsAt the next reset of the day's calls, once it is known
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
   * Resolves when the call may be sent. Rejects with a StoppedError once `signal` is aborted, and with a DailyLimitError when
   * the day's calls, or all but the configured reserve, are used up.
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
   * HubSpot answered 429 to a call of `budget`: nobody sends one of that budget for `pauseMs`. Search is also asked less often
   * from then on.
   */
  backOff(budget: Budget, pauseMs: number): void {
    const now = this.#now();
    // Calls that were on their way together are refused together; that is one refusal.
    const isNews = this.#blockedUntil[budget] <= now;
    this.#windowOf(budget)?.distrust();
    this.#block(budget, now, pauseMs);
    if (budget === 'burst') this.#lean = true;
    if (budget === 'search' && isNews) {
      this.#searchesAllowed = Math.max(1, this.#searchesAllowed - 1);
      this.#searchesChangedAt = monotonicMs(now + pauseMs);
    }
  }

  /** Calls of the day that are left to all apps of the portal; null where HubSpot has not said. */
  get dailyRemaining(): number | null {
    return this.#quota.remaining;
  }

  /** Calls a minute that the burst limit leaves us. */
  get burstAMinute(): number {
    const { max, intervalMs } = this.#burstLimit;
    return (Math.max(1, Math.floor(max * this.#burstShare)) * 60_000) / intervalMs;
  }

  /** Whether more calls beside each other would only wait for the burst limit: one had to in the last interval, and most of it is used still. */
  get isBurstFull(): boolean {
    const now = this.#now();
    if (now - this.#burstFullAt >= this.#burstLimit.intervalMs) return false;
    this.#burstWait(now);
    return this.#bursts.counted >= this.#burstsAllowed * FULL;
  }

  /** HubSpot refused a call because the day's calls are used up: every other one is refused here. */
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
      const obstacle = this.#quota.obstacle(this.#onTheirWay);
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

  /** Milliseconds until a call of `budget` may start; 0 or less: now; infinite: when another one has been answered. */
  #waitFor(budget: Budget): number {
    const now = this.#now();
    if (this.#blockedUntil[budget] > now) return this.#blockedUntil[budget] - now;
    if (budget === 'exempt') return 0;
    if (budget === 'search') return this.#searches.waitFor(this.#searchShare(now), SEARCH_INTERVAL_MS, now);
    if (this.#lean && this.#bursts.inFlight > 0) return Number.POSITIVE_INFINITY;
    return this.#burstWait(now);
  }

  #burstWait(now: MonotonicMs): number {
    return this.#bursts.waitFor(this.#burstsAllowed, this.#burstLimit.intervalMs, now);
  }

  /** How many calls an interval may have of us. */
  get #burstsAllowed(): number {
    const { max } = this.#burstLimit;
    return Math.max(1, Math.min(Math.floor(max * this.#burstShare), max - this.#others.calls));
  }

  /** How many searches a second are sent: fewer while others use the account's limit, too. */
  #searchShare(now: MonotonicMs): number {
    if (this.#searchesAllowed < SEARCHES && now - this.#searchesChangedAt >= SEARCH_RECOVERY_MS) {
      this.#searchesAllowed += 1;
      this.#searchesChangedAt = now;
    }
    return this.#searchesAllowed;
  }

  #start(budget: Budget): Permit {
    this.#inFlight += 1;
    this.#onTheirWay += 1;
    const window = this.#windowOf(budget);
    const call = window?.sent(this.#now());
    const answeredBefore = this.#answered;
    let isArrived = false;
    let isDone = false;
    const arrived = (headers: LimitHeaders | null, service: string) => {
      if (isArrived) return;
      isArrived = true;
      this.#onTheirWay -= 1;
      if (call) window?.answered(call, this.#now(), headers !== null);
      const meanwhile = this.#answered - answeredBefore;
      this.#quota.answered(service, headers?.dailyRemaining ?? null, meanwhile, this.#onTheirWay);
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
    // What HubSpot counts beyond our own calls, others have made: another app, or a command that ended just now. That is the least
    // that they have: while our own leave the interval, some of theirs are hidden.
    const now = this.#now();
    const { max, intervalMs } = this.#burstLimit;
    const { remaining } = headers;
    const counted = remaining === null ? 0 : max - remaining;
    const others = Math.max(0, counted - this.#bursts.countedWith(call, intervalMs));
    if (others >= this.#others.calls || now - this.#others.at >= intervalMs) this.#others = { calls: others, at: now };
    // What remains is less than what is already on its way. Without a word of it, a 429 will tell.
    const exhausted = others > 0 && remaining !== null && remaining <= this.#bursts.inFlight;
    if (exhausted) this.#block('burst', now, LEAN_PAUSE_MS);
    this.#lean = exhausted;
  }
}

function stopped(): StoppedError {
  return new StoppedError('Stopped on request.');
}
