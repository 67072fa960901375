import type { PipelineConfig } from '../../config/pipeline.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { log } from '../../log.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import { type Pace, SINGLE_RUN } from '../../streams/core/pace.js';
import type { Portal } from '../../streams/portal.js';
import { openStore } from '../../warehouse/open-store.js';
import type { KeptState, Store } from '../../warehouse/store.js';
import { withHubSpot } from '../runner/hubspot-session.js';
import type { Injected } from '../runner/injected.js';
import type { DescribedFailure } from './sync-result.js';

/** By stream, what a pipeline has kept. */
export type KeptStates = ReadonlyMap<string, KeptState>;

/** How a stream's reading ended. */
export interface StreamEnd {
  /** Records that were read. */
  records: number;
  mode: SyncMode;
  /** Attempts of calls to HubSpot. */
  calls: number;
  failure: DescribedFailure | null;
  /** The token may not read it, and it was merely discovered. */
  isLeftOut: boolean;
}

/** What a sync works with. A service keeps some of it from round to round. */
export interface Surroundings {
  readonly pace: Pace;
  openStore(): Promise<Store>;
  /** Hands a client to `body`. @param signal stops its calls */
  withClient<T>(signal: AbortSignal, body: (client: HubSpotClient) => Promise<T>): Promise<T>;
  /** Runs what opens the portal and plans the sync. */
  planning<T>(body: () => Promise<T>): Promise<T>;
  /** The states to go on from. @param kept what the warehouse has */
  recall(kept: KeptStates): KeptStates;
  /**
   * Which streams are read this time; null: all are.
   *
   * @param states those to go on from
   * @param withoutTable the streams whose tables are gone
   */
  chosen(
    portal: Portal,
    names: readonly string[],
    states: KeptStates,
    withoutTable: ReadonlySet<string>,
  ): ReadonlySet<string> | null;
  /**
   * Takes the states of the streams that were read to their ends, or paused.
   *
   * @param kept what the warehouse had before
   * @param areKept whether it has these states now
   */
  remember(kept: KeptStates, closing: ReadonlyMap<string, JsonObject>, areKept: boolean): void;
  /** Takes how a stream's reading ended. */
  ended(stream: string, end: StreamEnd): void;
  /** Whether a failure is to be logged also in a sync that brings no records. */
  isNews(failure: DescribedFailure): boolean;
}

/** The surroundings of a single sync. */
export function ofOneSync(config: PipelineConfig, { timeouts }: Injected): Surroundings {
  return {
    pace: SINGLE_RUN,
    openStore: () => openStore(config.destination, config.name, 'write', timeouts),
    withClient: (signal, body) => withHubSpot(config.source, { signal, onRefreshToken: warnOfRefreshToken }, body),
    planning: (body) => body(),
    recall: (kept) => kept,
    chosen: () => null,
    remember: () => undefined,
    ended: () => undefined,
    isNews: () => true,
  };
}

export function warnOfRefreshToken(): void {
  log.warn(
    'HubSpot issued a new refresh token; the one in the configuration may stop working. Install the app anew to get a token to keep.',
  );
}
