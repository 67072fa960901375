import type { PipelineConfig } from '../../config/pipeline.js';
import { HubSpotClient } from '../../hubspot/client/client.js';
import { ServerClock } from '../../hubspot/client/clock.js';
import { withoutRepeats } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import { isUnfinished } from '../../streams/core/stream-state.js';
import type { Portal } from '../../streams/portal.js';
import { groupsOf } from '../../streams/read.js';
import { type MonotonicMs, monotonicNow } from '../../time.js';
import { Connections, openStore } from '../../warehouse/open-store.js';
import type { KeptState, Store } from '../../warehouse/store.js';
import type { Injected } from '../runner/injected.js';
import { type KeptStates, type StreamEnd, type Surroundings, warnOfRefreshToken } from '../sync/surroundings.js';
import type { DescribedFailure } from '../sync/sync-result.js';
import { Looks } from './looks.js';
import { StateMemory } from './state-memory.js';

/** What is wrong with a configuration, such as an unknown property, is so in each round, but logged only this often. */
const SAID_AGAIN_MS = 60 * 60_000;

/** What a service keeps from round to round. */
export class ServiceSurroundings implements Surroundings {
  readonly pace: Looks;
  readonly #config: PipelineConfig;
  readonly #everyMs: number;
  readonly #injected: Injected;
  readonly #now: () => MonotonicMs;
  readonly #connections = new Connections();
  readonly #states = new StateMemory();
  /** By stream that is looked at now and then, the look; all streams of a group have the same. */
  readonly #lookOf = new Map<string, string>();
  /** The looks of this round whose streams had anything new. */
  readonly #changed = new Set<string>();
  /** The looks of this round that have failed, other than in passing. */
  readonly #failed = new Set<string>();
  /** By look of this round, the calls that it took. */
  readonly #looked = new Map<string, number>();
  readonly #read = new Set<string>();
  /** Streams that were left out when they were last read. */
  readonly #leftOut = new Set<string>();
  /** By stream, the failure that was logged last. */
  readonly #failures = new Map<string, string>();
  /** By line that planning logged, when that was. */
  readonly #said = new Map<string, MonotonicMs>();
  #client: HubSpotClient | null = null;

  /** @param everyMs from the start of a round to the start of the next one */
  constructor(config: PipelineConfig, everyMs: number, injected: Injected) {
    this.#config = config;
    this.#everyMs = everyMs;
    this.#injected = injected;
    const { recentMinutes, snapshotsEveryMinutes } = config.source;
    this.#now = injected.time?.monotonic ?? monotonicNow;
    this.pace = new Looks({ everyMs, recentMinutes, snapshotsEveryMinutes, now: this.#now });
  }

  /** In how many milliseconds HubSpot counts the day's calls anew; null: not known. */
  get dayResetsInMs(): number | null {
    const client = this.#client;
    const at = client?.dailyResetsAt();
    return client === null || at === undefined ? null : Math.max(0, at - client.clock.now());
  }

  /** The streams that were read in this round. */
  get readStreams(): ReadonlySet<string> {
    return this.#read;
  }

  /** HubSpot's calls that are left today; null: not known. */
  get callsLeftToday(): number | null {
    return this.#client?.scheduler.dailyRemaining ?? null;
  }

  beginRound(): void {
    this.pace.beginRound();
    this.#lookOf.clear();
    this.#read.clear();
    this.#changed.clear();
    this.#failed.clear();
    this.#looked.clear();
  }

  openStore(): Promise<Store> {
    const { destination, name } = this.#config;
    return openStore(destination, name, 'write', this.#injected.timeouts, this.#connections);
  }

  async withClient<T>(signal: AbortSignal, body: (client: HubSpotClient) => Promise<T>): Promise<T> {
    if (this.#client === null) {
      this.#client = new HubSpotClient({
        ...this.#config.source,
        ...(this.#injected.time ? { clock: new ServerClock(this.#injected.time.monotonic) } : {}),
        onRefreshToken: warnOfRefreshToken,
      });
      this.#client.kept.isDue = (fact) => this.pace.isFactDue(fact);
    }
    this.#client.beginRound(signal);
    return body(this.#client);
  }

  /** Ends the connections to HubSpot; the next round makes them anew. */
  async reconnect(): Promise<void> {
    await this.#client?.close();
    this.#client = null;
  }

  async close(): Promise<void> {
    await this.reconnect();
    await this.#connections.close();
  }

  planning<T>(body: () => Promise<T>): Promise<T> {
    return withoutRepeats((line) => this.#wasSaid(line), body);
  }

  recall(kept: KeptStates): KeptStates {
    return this.#states.recall(kept);
  }

  remember(kept: KeptStates, closing: ReadonlyMap<string, JsonObject>, areKept: boolean): void {
    this.#states.remember(kept, closing, areKept);
  }

  /**
   * Streams that HubSpot tells the changes of, in each round; others, and those that were left out, when their look is due, or their table or
   * state is gone.
   */
  chosen(
    portal: Portal,
    names: readonly string[],
    states: KeptStates,
    withoutTable: ReadonlySet<string>,
  ): ReadonlySet<string> | null {
    // While everything is loaded for the first time, there is nobody to make way for.
    const isComplete = ({ state }: KeptState) => state !== null && !isUnfinished(state);
    this.pace.turnMs = [...states.values()].some(isComplete) ? this.#everyMs : null;
    const chosen = new Set<string>();
    for (const group of groupsOf(
      portal,
      names.map((name) => ({ name })),
    )) {
      const isSnapshot = (name: string) =>
        !portal.hasChangeFeed(name) || this.#isFullRefresh(name) || this.#leftOut.has(name);
      const [first] = group;
      const look = `stream ${first?.name}`;
      const isLook = group.every(({ name }) => isSnapshot(name));
      if (isLook) for (const { name } of group) this.#lookOf.set(name, look);
      const isUnderWay = group.some(({ name }) => isUnfinished(states.get(name)?.state ?? null));
      const isGone = group.some(({ name }) => withoutTable.has(name) || this.#states.lost.has(name));
      if (isLook && !isUnderWay && !isGone && !this.pace.isDue(look)) continue;
      for (const { name } of group) chosen.add(name);
    }
    return chosen.size === names.length ? null : chosen;
  }

  ended(stream: string, { records, mode, calls, failure, isLeftOut }: StreamEnd): void {
    this.#read.add(stream);
    if (isLeftOut) this.#leftOut.add(stream);
    else this.#leftOut.delete(stream);
    if (failure) this.#states.forget(stream);
    const look = this.#lookOf.get(stream) ?? (isLeftOut ? `stream ${stream}` : undefined);
    // What fails in passing is looked at again in the next round.
    if (failure?.kind === 'transient_error') return;
    this.#states.found(stream);
    if (look === undefined) return;
    if (failure) this.#failed.add(look);
    this.#looked.set(look, (this.#looked.get(look) ?? 0) + calls);
    // A full refresh brings everything each time, whether it has changed or not.
    if (records > 0 && mode === 'incremental') this.#changed.add(look);
  }

  /** To be called when a round is over. */
  endRound(failures: readonly DescribedFailure[]): void {
    for (const [look, calls] of this.#looked) {
      if (this.#failed.has(look)) this.pace.failed(look);
      else this.pace.looked(look, { hasChanged: this.#changed.has(look), calls });
    }
    this.#failures.clear();
    for (const { stream, code } of failures) this.#failures.set(stream, code);
  }

  isNews({ stream, code }: DescribedFailure): boolean {
    return this.#failures.get(stream) !== code;
  }

  #wasSaid(line: string): boolean {
    const now = this.#now();
    const before = this.#said.get(line);
    if (before !== undefined && now - before < SAID_AGAIN_MS) return true;
    this.#said.set(line, now);
    return false;
  }

  #isFullRefresh(name: string): boolean {
    const configured = this.#config.streams?.find((stream) => stream.name === name);
    return configured?.syncMode === 'full_refresh' || configured?.destinationSyncMode === 'overwrite';
  }
}
