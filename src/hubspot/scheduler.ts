import { performance } from 'node:perf_hooks';
import { DailyLimitError, StoppedError } from '../errors.js';
import type { Budget } from './calls.js';

/** What HubSpot's rate-limit headers said, where they said it. */
export interface LimitHeaders {
  max: number | null;
  remaining: number | null;
  intervalMs: number | null;
  dailyRemaining: number | null;
}

/** The place of one call within the budgets; `done` gives it back when the call was answered or failed. */
export interface Permit {
  done(headers?: LimitHeaders): void;
}

interface Waiter {
  budget: Budget;
  resolve: (permit: Permit) => void;
  reject: (error: unknown) => void;
}

/** Until the first header says otherwise: the smallest limit that HubSpot has, that of its free accounts. */
const FIRST_LIMIT = { max: 100, intervalMs: 10_000 };
/**
 * Five searches a second, plus a margin for uneven travel times, so that HubSpot never counts six. HubSpot: search is limited
 * to five requests a second per account.
 */
const SEARCH_SPACING_MS = 210;
const WIDEST_SEARCH_SPACING_MS = 2000;
/** When HubSpot says that nothing remains (others use the same limit), one call at a time asks again this often. */
const LEAN_PAUSE_MS = 1000;

/**
 * The one owner of all calls of a token. A call waits here until it fits the number in flight, and its budget: HubSpot's
 * rolling burst limit, or its search rate. Waiting calls of one budget start in the order they came; a budget that is used up
 * does not hold up the others.
 */
export class CallScheduler {
  readonly #maxInFlight: number;
  readonly #burstShare: number;
  readonly #dailyReserve: number;
  readonly #dailyResetsAt: () => number | undefined;
  readonly #now: () => number;
  readonly #waiting: Waiter[] = [];
  #inFlight = 0;
  #burstInFlight = 0;
  /** When burst calls of the current window were answered; each counts until one interval later. */
  #burstAnswered: number[] = [];
  #burstLimit = { ...FIRST_LIMIT };
  #burstBlockedUntil = 0;
  #lean = false;
  #nextSearchAt = 0;
  #searchSpacing = SEARCH_SPACING_MS;
  #dailyRemaining: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: {
    maxInFlight: number;
    burstShare: number;
    dailyReserve: number;
    dailyResetsAt?: () => number | undefined;
    now?: () => number;
  }) {
    this.#maxInFlight = options.maxInFlight;
    this.#burstShare = options.burstShare;
    this.#dailyReserve = options.dailyReserve;
    this.#dailyResetsAt = options.dailyResetsAt ?? (() => undefined);
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Resolves when the call may be sent. Rejects with a StoppedError once `signal` is aborted, and with a DailyLimitError when
   * only the configured reserve of the day's calls is left.
   */
  acquire(budget: Budget, signal: AbortSignal): Promise<Permit> {
    if (signal.aborted) return Promise.reject(stopped());
    if (this.#dailyRemaining !== null && this.#dailyReserve > 0 && this.#dailyRemaining <= this.#dailyReserve) {
      return Promise.reject(this.#dailyReserveReached());
    }
    return new Promise<Permit>((resolve, reject) => {
      const waiter: Waiter = {
        budget,
        resolve: (permit) => {
          signal.removeEventListener('abort', onAbort);
          resolve(permit);
        },
        reject,
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

  /** HubSpot answered 429: no call of that budget for `pauseMs`. Search is also asked less often from then on. */
  backOff(budget: Budget, pauseMs: number): void {
    const until = this.#now() + pauseMs;
    if (budget === 'search') {
      this.#nextSearchAt = Math.max(this.#nextSearchAt, until);
      this.#searchSpacing = Math.min(this.#searchSpacing * 1.5, WIDEST_SEARCH_SPACING_MS);
    } else {
      this.#burstBlockedUntil = Math.max(this.#burstBlockedUntil, until);
      this.#lean = true;
    }
  }

  #startWaiting(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    let soonest = Number.POSITIVE_INFINITY;
    const blocked = new Set<Budget>();
    for (let i = 0; i < this.#waiting.length && this.#inFlight < this.#maxInFlight; ) {
      const waiter = this.#waiting[i] as Waiter;
      const wait = blocked.has(waiter.budget) ? Number.POSITIVE_INFINITY : this.#waitFor(waiter.budget);
      if (wait <= 0) {
        this.#waiting.splice(i, 1);
        waiter.resolve(this.#start(waiter.budget));
      } else {
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
    if (budget === 'exempt') return 0;
    if (budget === 'search') return this.#nextSearchAt - now;
    if (this.#burstBlockedUntil > now) return this.#burstBlockedUntil - now;
    if (this.#lean && this.#burstInFlight > 0) return Number.POSITIVE_INFINITY;
    const { intervalMs } = this.#burstLimit;
    this.#burstAnswered = this.#burstAnswered.filter((time) => time > now - intervalMs);
    if (this.#burstInFlight + this.#burstAnswered.length < this.#allowed()) return 0;
    const oldest = this.#burstAnswered[0];
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest + intervalMs - now;
  }

  #allowed(): number {
    return Math.max(1, Math.floor(this.#burstLimit.max * this.#burstShare));
  }

  #start(budget: Budget): Permit {
    this.#inFlight += 1;
    if (budget === 'burst') this.#burstInFlight += 1;
    if (budget === 'search') this.#nextSearchAt = Math.max(this.#nextSearchAt, this.#now()) + this.#searchSpacing;
    let finished = false;
    return {
      done: (headers) => {
        if (finished) return;
        finished = true;
        this.#inFlight -= 1;
        // HubSpot counted the call some time before its answer came, so counting from the answer on is never too short.
        if (budget === 'burst') {
          this.#burstInFlight -= 1;
          this.#burstAnswered.push(this.#now());
        }
        if (headers) this.#learn(headers);
        this.#startWaiting();
      },
    };
  }

  #learn(headers: LimitHeaders): void {
    if (headers.dailyRemaining !== null) this.#dailyRemaining = headers.dailyRemaining;
    if (headers.max !== null && headers.max > 0) this.#burstLimit.max = headers.max;
    if (headers.intervalMs !== null && headers.intervalMs > 0) this.#burstLimit.intervalMs = headers.intervalMs;
    if (headers.remaining === null) return;
    // Others use the same limit: what remains is less than what is already on its way.
    const exhausted = headers.remaining <= this.#burstInFlight;
    if (exhausted) this.#burstBlockedUntil = Math.max(this.#burstBlockedUntil, this.#now() + LEAN_PAUSE_MS);
    this.#lean = exhausted;
  }

  #dailyReserveReached(): DailyLimitError {
    const resetsAt = this.#dailyResetsAt();
    return new DailyLimitError(
      `Only ${this.#dailyRemaining} calls of the portal's day are left, and ${this.#dailyReserve} are kept for others ` +
        `(daily_reserve). ${resetsAtText(resetsAt)}`,
      resetsAt,
    );
  }
}

/** When a sync that met the daily limit can go on, as a sentence. */
export function resetsAtText(resetsAt: number | undefined): string {
  const when = resetsAt === undefined ? 'after midnight in the time zone of the portal' : `from ${iso(resetsAt)} on`;
  return `The state is saved; the next run goes on ${when}.`;
}

function iso(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

function stopped(): StoppedError {
  return new StoppedError('Stopped on request.');
}
