import { type Found, isArchivedLook, type Pace } from '../../streams/core/pace.js';
import { type MonotonicMs, MS_A_DAY, monotonicMs } from '../../time.js';

const MS_A_MINUTE = 60_000;
/** What HubSpot says of the portal itself is asked for again after so long. */
const FACTS_MS = 15 * MS_A_MINUTE;
/** Lists that are looked at whole: the shortest interval, and the longest, to which it grows while nothing changes. */
const LEAST_MS = 5 * MS_A_MINUTE;
const MOST_MS = 30 * MS_A_MINUTE;
/** The longest where everything else takes most of the calls that a service is to take a day. */
const MOST_SPARING_MS = 240 * MS_A_MINUTE;
/** A fifth of the calls that HubSpot's smallest paid plan gives a day. */
const CALLS_A_DAY = 50_000;
/** A list that takes many calls is looked at so seldom that it takes no more a day. */
const CALLS_A_LIST = 1_000;
/** A look that failed is repeated after so long, then after twice as long each time, up to the shortest interval. */
const REPEAT_MS = MS_A_MINUTE;
/** So many looks a round are always allowed. */
const LEAST_A_ROUND = 5;
/** Every look can have its turn within so long. */
const TURN_MS = 15 * MS_A_MINUTE;
/** First intervals are different parts of the usual one, so that the looks of one round spread over later ones. */
const PARTS = 10;

interface Look {
  dueAt: MonotonicMs;
  intervalMs: number;
  /** How long it waits for its repeat; 0: it did not fail. */
  repeatMs: number;
  /** The calls that it took last. */
  calls: number;
  /** Whether it may take place in this round. */
  isGranted: boolean;
}

/** How a service paces its looks. */
export interface LooksOptions {
  /** Between the starts of two rounds. */
  everyMs: number;
  recentMinutes: number;
  /** Minutes between two looks at a list of items; 0: it adapts. Archived records have an interval of their own. */
  snapshotsEveryMinutes: number;
  now: () => MonotonicMs;
}

/**
 * When a service looks at what HubSpot tells no changes of: each list, and each fact about the portal, has an interval of its own. That of a list
 * doubles while it brings nothing new. No more looks take place in a round than are needed for each to have its turn within 15 minutes,
 * those that have waited longest first.
 */
export class Looks implements Pace {
  readonly recentMinutes: number;
  readonly #options: LooksOptions;
  readonly #looks = new Map<string, Look>();
  /** How long a reading's turn is; null: as long as it takes. */
  turnMs: number | null = null;

  constructor(options: LooksOptions) {
    this.#options = options;
    this.recentMinutes = options.recentMinutes;
  }

  /** Decides which looks may take place in the round that begins. */
  beginRound(): void {
    const now = this.#options.now();
    const looks = [...this.#looks.values()];
    // A look that nobody has taken goes to the end: its stream may be gone.
    for (const look of looks.filter(({ isGranted }) => isGranted))
      Object.assign(look, { isGranted: false, dueAt: now });
    const most = Math.max(LEAST_A_ROUND, Math.ceil((looks.length * this.#options.everyMs) / TURN_MS));
    const due = looks.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
    for (const look of due.slice(0, most)) look.isGranted = true;
  }

  /** One that never took place is due. */
  isDue(look: string): boolean {
    return this.#looks.get(look)?.isGranted ?? true;
  }

  looked(look: string, { hasChanged, calls }: Found): void {
    const fixed = this.#options.snapshotsEveryMinutes * MS_A_MINUTE;
    const { least, most } = fixed > 0 ? { least: fixed, most: fixed } : { least: LEAST_MS, most: this.#mostMs };
    const before = this.#looks.get(look);
    const adapted = hasChanged || !before ? least : Math.min(before.intervalMs * 2, most);
    // A load takes more than the increments behind it.
    const usual = Math.min(calls, before?.calls ?? 0);
    const affordable = fixed > 0 ? fixed : (usual * MS_A_DAY) / CALLS_A_LIST;
    this.#next(look, Math.max(adapted, affordable), { isFirst: before === undefined, calls });
  }

  /** A look has failed: it is repeated soon, since what failed may be mended at any time. */
  failed(look: string): void {
    const { intervalMs, repeatMs, calls } = this.#looks.get(look) ?? { intervalMs: LEAST_MS, repeatMs: 0, calls: 0 };
    const pauseMs = Math.min(repeatMs * 2 || REPEAT_MS, LEAST_MS);
    const dueAt = monotonicMs(this.#options.now() + pauseMs);
    this.#looks.set(look, { dueAt, intervalMs, repeatMs: pauseMs, calls, isGranted: false });
  }

  turn(): () => boolean {
    if (this.turnMs === null) return () => false;
    const endsAt = this.#options.now() + this.turnMs;
    return () => this.#options.now() > endsAt;
  }

  /** Whether HubSpot is to be asked again about the portal. */
  isFactDue(fact: string): boolean {
    const isDue = this.isDue(fact);
    if (isDue) this.#next(fact, FACTS_MS, { isFirst: !this.#looks.has(fact), calls: 1 });
    return isDue;
  }

  /** The longest interval between two looks at a list that HubSpot's calls of the day allow, one call a look, and a search a round for each object. */
  get #mostMs(): number {
    const names = [...this.#looks.keys()];
    const objects = names.filter(isArchivedLook).length;
    const searches = (objects * MS_A_DAY) / this.#options.everyMs;
    const looks = names.length * Math.max(MS_A_DAY / FACTS_MS, MS_A_DAY / MOST_MS);
    return searches + looks <= CALLS_A_DAY ? MOST_MS : MOST_SPARING_MS;
  }

  #next(look: string, intervalMs: number, { isFirst, calls }: { isFirst: boolean; calls: number }): void {
    const part = isFirst ? ((this.#looks.size % PARTS) + 1) / PARTS : 1;
    const dueAt = monotonicMs(this.#options.now() + intervalMs * part);
    this.#looks.set(look, { dueAt, intervalMs, repeatMs: 0, calls, isGranted: false });
  }
}
