import { AsyncLocalStorage } from 'node:async_hooks';
import { type Channel, channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import { log } from './log.js';
import type { EpochMs } from './time.js';

/**
 * What a run does, for whoever observes it: reports, metrics, traces, progress. Each kind of activity is published on the tracing channel
 * `hubflake:<kind>` of Node's diagnostics channels: `start` before it, `asyncEnd` behind it, `error` where it threw, each with the same
 * object, to which the activity adds what it learns on the way. The rooms that work know nothing of observers.
 */
export interface Activities {
  /** A command other than a sync, from its configuration on. */
  command: { name: string };
  /** A sync, or a round of a service. */
  sync: { pipeline: string };
  /** Reading a stream, or those that are read together. */
  stream: StreamActivity;
  /** A phase of reading CRM records. */
  phase: { stream: string; phase: Phase };
  /** One attempt of a call to HubSpot, from when it waits for the limits. */
  call: CallActivity;
  /** Waiting before a call is repeated. */
  pause: { stream: string | null; what: string; why: string; milliseconds: number };
  /** A batch on its way into its table. */
  batch: BatchActivity;
}

export type Phase = 'load' | 'changes' | 'archived' | 'backfill' | 'sweep';

export interface StreamActivity {
  streams: readonly string[];
  /** Those that could not be finished, once all have ended. */
  failures?: readonly { stream: string; code: string }[];
}

export interface CallActivity {
  /** The stream on whose behalf it is made, the first of those that are read together; null: of none, or it is not tracked. */
  stream: string | null;
  /** As the summary of a run counts it. */
  kind: string;
  budget: string;
  /** What is asked for, as a noun. */
  what: string;
  method: 'GET' | 'POST';
  /** The host that is asked. */
  server: string;
  /** How many attempts of the same call there were before. */
  attemptsBefore: number;
  /** When it began to wait for the limits. */
  queuedAt: EpochMs;
  /** When it left, behind waiting for the limits; missing: it did not. */
  sentAt?: EpochMs;
  /** HubSpot's status; missing: it did not answer. */
  status?: number;
  /** Bytes of the answer's body, as it is without compression. */
  bytes?: number;
  /** Whether it is made again. */
  isRepeated?: boolean;
}

export interface BatchActivity {
  stream: string;
  table: string;
  rows: number;
  /** Bytes of its files, compressed where the warehouse wants it so. */
  bytes: number;
  /** When records were modified, in epoch ms: those of the batch that an increment has found, or as many of them as are kept. */
  modifiedAt: readonly number[];
  inserted?: number;
  updated?: number;
  marked?: number;
  /** Whether it is committed; missing: it is not. */
  isCommitted?: boolean;
}

export type ActivityKind = keyof Activities;

/** What is so at a moment, without a duration. Each kind is published on the channel `hubflake:<kind>`. */
export interface Facts {
  limits: LimitsFact;
  /** A call leaves now, behind waiting for the limits: the object of its activity. */
  sent: CallActivity;
  /** Records of a stream that were handed on, to stdout or to the warehouse's loader. */
  records: { stream: string; count: number };
  /** How many records HubSpot says are to be read of a stream in this run. */
  expected: { stream: string; rows: number };
  /** A value of a stream that could not be kept as HubSpot has it, in Airbyte's terms: NULLED or TRUNCATED, and why. */
  changed: { stream: string; field: string; change: string; reason: string };
  /** Columns that a table got which was there already. */
  columns: { stream: string; table: string; columns: readonly string[] };
  /** A stream that is left out. @param scopes those that the token lacks; empty: there is another reason */
  leftOut: { stream: string; why: string; scopes: readonly string[] };
  /** How long after they were modified in HubSpot records of a stream were committed. */
  freshness: { stream: string; seconds: number };
}

/** HubSpot's limits as an answer states them; null: it does not. */
export interface LimitsFact {
  /** Calls an interval, and how many of them are left in the present one. */
  max: number | null;
  remaining: number | null;
  intervalMs: number | null;
  /** Calls a day, and how many are left today. */
  dailyMax: number | null;
  dailyRemaining: number | null;
}

export type FactKind = keyof Facts;

const factChannels: Readonly<Record<FactKind, Channel>> = {
  limits: channel('hubflake:limits'),
  sent: channel('hubflake:sent'),
  records: channel('hubflake:records'),
  expected: channel('hubflake:expected'),
  changed: channel('hubflake:changed'),
  columns: channel('hubflake:columns'),
  leftOut: channel('hubflake:leftOut'),
  freshness: channel('hubflake:freshness'),
};

const channels: { readonly [K in ActivityKind]: TracingChannel<unknown, Activities[K]> } = {
  command: tracingChannel('hubflake:command'),
  sync: tracingChannel('hubflake:sync'),
  stream: tracingChannel('hubflake:stream'),
  phase: tracingChannel('hubflake:phase'),
  call: tracingChannel('hubflake:call'),
  pause: tracingChannel('hubflake:pause'),
  batch: tracingChannel('hubflake:batch'),
};

/** Does `body`, and lets observers know. @param activity what it is, and learns on the way */
export function observed<K extends ActivityKind, T>(
  kind: K,
  activity: Activities[K],
  body: () => Promise<T>,
): Promise<T> {
  const channel: TracingChannel<unknown, Activities[K]> = channels[kind];
  return channel.tracePromise(body, activity);
}

/** What an observer wants to hear of one kind of activity. All are called with the same object. */
export interface Observer<A> {
  start?(activity: A): void;
  /** It ended, also where it failed. */
  end?(activity: A): void;
  failed?(activity: A, error: unknown): void;
}

/** Observes a kind of activity until the returned function is called. */
export function observe<K extends ActivityKind>(kind: K, observer: Observer<Activities[K]>): () => void {
  const subscribers = {
    start: (activity: Activities[K]) => attempt(() => observer.start?.(activity)),
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (activity: Activities[K]) => attempt(() => observer.end?.(activity)),
    error: (activity: Activities[K] & { error: unknown }) => attempt(() => observer.failed?.(activity, activity.error)),
  };
  const channel: TracingChannel<unknown, Activities[K]> = channels[kind];
  channel.subscribe(subscribers);
  return () => channel.unsubscribe(subscribers);
}

/** An observer that throws must not end the run: Node would turn its error into an uncaught exception. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    log.debug(`An observer failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

/**
 * Within each activity of a kind from now on, `store` has the value that `valueIn` returns at its start.
 *
 * @returns ends that, for activities that start later
 */
export function within<K extends ActivityKind, V>(
  kind: K,
  store: AsyncLocalStorage<V>,
  valueIn: (activity: Activities[K]) => V,
): () => void {
  const { start }: TracingChannel<unknown, Activities[K]> = channels[kind];
  start.bindStore(store, valueIn);
  return () => void start.unbindStore(store);
}

/** Lets observers know of a fact. */
export function tell<K extends FactKind>(kind: K, fact: Facts[K]): void {
  if (isHeard(kind)) factChannels[kind].publish(fact);
}

/** Whether somebody wants to know of a kind of facts, where to find them out takes time. */
export function isHeard(kind: FactKind): boolean {
  return factChannels[kind].hasSubscribers;
}

/** Calls `listener` with each fact of a kind until the returned function is called. */
export function hear<K extends FactKind>(kind: K, listener: (fact: Facts[K]) => void): () => void {
  // Only `tell` publishes there.
  const onMessage = (message: unknown) => attempt(() => listener(message as Facts[K]));
  factChannels[kind].subscribe(onMessage);
  return () => void factChannels[kind].unsubscribe(onMessage);
}

/** Made once somebody asks for it, as it takes time in every promise of the process. */
let streams: AsyncLocalStorage<string> | null = null;

/** From now on, {@link currentStream} tells on whose behalf something is done. */
export function trackStreams(): void {
  streams ??= new AsyncLocalStorage();
}

/** Does `body` on behalf of a stream. */
export function onBehalfOf<T>(stream: string, body: () => Promise<T>): Promise<T> {
  return streams ? streams.run(stream, body) : body();
}

/** The stream on whose behalf this is done; null: none, or it is not tracked. */
export function currentStream(): string | null {
  return streams?.getStore() ?? null;
}
