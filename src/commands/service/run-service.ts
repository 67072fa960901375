import { setTimeout as sleepFor } from 'node:timers/promises';
import { observe } from '../../activity.js';
import type { PipelineConfig } from '../../config/pipeline.js';
import {
  asHubflakeError,
  ConfigError,
  CredentialsError,
  DailyLimitError,
  type HubflakeError,
  StoppedError,
  WarehouseBusyError,
  WarehouseConfigError,
} from '../../errors.js';
import { log } from '../../log.js';
import { showProgress } from '../../observing/progress/show-progress.js';
import { outcomeOfSync } from '../../observing/report/outcomes/sync-outcome.js';
import { renderReport } from '../../observing/report/render-report.js';
import { ReportCollector } from '../../observing/report/report-collector.js';
import { type ReportFile, whyOf } from '../../observing/report/report-file.js';
import { type MonotonicMs, monotonicNow } from '../../time.js';
import { VERSION } from '../../version.js';
import type { Injected } from '../runner/injected.js';
import { runJob } from '../sync/run-sync.js';
import type { SyncResult } from '../sync/sync-result.js';
import { HealthLog } from './health.js';
import { Metrics } from './metrics.js';
import { ServiceSurroundings } from './service-surroundings.js';
import { type Address, WebServer } from './web.js';

/** After failed rounds, the next one waits longer each time, up to this. */
const LONGEST_BACKOFF_MS = 15 * 60_000;
/** Where the day's calls are used up, the next round is at their reset, or after this: more may be granted. */
const LONGEST_DAY_PAUSE_MS = 60 * 60_000;
/** Somebody else writes, or has the DuckDB file open, which is mostly over soon: the first pause then. */
const BUSY_PAUSE_MS = 2_000;
const DAILY_LIMIT = 'HF-DAILY-LIMIT';

export interface ServiceOptions {
  config: PipelineConfig;
  /** From the start of a round to the start of the next one. */
  everyMs: number;
  /** null: nothing is served. */
  listen: Address | null;
  /** Where the report is written behind each round; null: nowhere. */
  report: ReportFile | null;
  /** Streams that the first round loads anew. */
  refresh: readonly string[];
  injected: Injected;
  /** Takes the result of each round. */
  onRound(result: SyncResult): void;
}

/**
 * Syncs a pipeline in rounds, until `signal` is aborted. A round that fails as a whole is logged, and the next one waits longer. Throws what no
 * round can mend: errors of the configuration, and refused credentials.
 */
export async function runService(options: ServiceOptions, signal: AbortSignal): Promise<void> {
  const service = new Service(options);
  try {
    await service.open();
    await service.run(signal);
  } finally {
    await service.close();
  }
}

class Service {
  readonly #options: ServiceOptions;
  readonly #surroundings: ServiceSurroundings;
  readonly #health: HealthLog;
  readonly #metrics: Metrics;
  /** null: nobody would see it. */
  readonly #report: ReportCollector | null;
  readonly #now: () => MonotonicMs;
  readonly #sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly #endings: readonly (() => void)[];
  #web: WebServer | null = null;
  /** Rounds that have failed as a whole since the last one that did not. */
  #failures = 0;
  #rounds = 0;
  /** Whether the report was written behind the last round. */
  #isReportWritten = true;

  constructor(options: ServiceOptions) {
    const { config, everyMs, injected } = options;
    this.#options = options;
    this.#now = injected.time?.monotonic ?? monotonicNow;
    this.#sleep = injected.time?.sleep ?? sleepUntilStopped;
    this.#surroundings = new ServiceSurroundings(config, everyMs, injected);
    this.#health = new HealthLog(everyMs);
    const about = { command: 'sync', pipeline: config.name, version: VERSION } as const;
    this.#report = options.listen || options.report ? new ReportCollector(about) : null;
    this.#endings = [
      observe('pause', { start: ({ why }) => this.#health.repeats(why) }),
      observe('call', {
        end: ({ status, isRepeated }) => {
          if (status !== undefined && !isRepeated) this.#health.repeats(null);
        },
      }),
    ];
    this.#metrics = new Metrics(
      () => this.#health.at(this.#now()),
      () => this.#surroundings.callsLeftToday,
    );
  }

  /** Throws a ConfigError where nothing can be served at the address. */
  async open(): Promise<void> {
    const { listen } = this.#options;
    if (!listen) return;
    this.#web = await WebServer.listen(listen, {
      health: () => this.#health.at(this.#now()),
      metrics: () => this.#metrics.text(),
      report: () => this.#page(),
    });
    log.info(`Health, metrics and the report are at ${this.#web.url}`);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = this.#now();
      const pauseMs = await this.#round(startedAt, signal);
      this.#writeReport();
      await this.#sleep(Math.max(0, startedAt + pauseMs - this.#now()), signal);
    }
  }

  async close(): Promise<void> {
    await this.#web?.close();
    for (const end of this.#endings) end();
    this.#metrics.close();
    this.#report?.close();
    await this.#surroundings.close();
  }

  #page(): string {
    return this.#report ? renderReport(this.#report.data()) : '';
  }

  /** That the report cannot be written is said once, until it can. */
  #writeReport(): void {
    const { report } = this.#options;
    if (report === null) return;
    try {
      report.write(this.#page());
      this.#isReportWritten = true;
    } catch (error) {
      if (this.#isReportWritten) log.warn(`The report ${report.path} could not be written: ${whyOf(error)}.`);
      this.#isReportWritten = false;
    }
  }

  /** @returns in how many milliseconds from its start on the next round begins */
  async #round(startedAt: MonotonicMs, signal: AbortSignal): Promise<number> {
    const { config, injected, everyMs, onRound } = this.#options;
    const refresh = this.#rounds === 0 ? this.#options.refresh : [];
    this.#surroundings.beginRound();
    this.#health.began(startedAt);
    try {
      const job = { config, refresh, injected, surroundings: this.#surroundings };
      // Only long rounds show anything outside a terminal.
      const endProgress = await showProgress();
      const result = await runJob(job, signal).finally(endProgress);
      this.#rounds += 1;
      this.#failures = 0;
      this.#surroundings.endRound(result.errors);
      this.#health.ended(startedAt, result, this.#surroundings.readStreams);
      this.#metrics.ended(result);
      // A stream that failed in an earlier round, and is not due yet, still fails.
      this.#report?.take(outcomeOfSync({ ...result, errors: this.#health.failures }));
      onRound(result);
      const refused = result.errors.find(({ code }) => code === 'HF-CREDENTIALS');
      if (refused) throw new CredentialsError(refused.message);
      return result.errors.some(({ code }) => code === DAILY_LIMIT) ? await this.#dayEnded() : everyMs;
    } catch (caught) {
      const error = asHubflakeError(caught);
      if (error instanceof StoppedError && signal.aborted) return 0;
      if (isFinal(error)) throw error;
      return this.#failed(error);
    }
  }

  async #failed(error: HubflakeError): Promise<number> {
    this.#failures += 1;
    this.#health.failed({ code: error.code, message: error.message });
    this.#metrics.failed();
    this.#report?.failed(`The last round failed: ${error.message} [${error.code}]`);
    if (error instanceof DailyLimitError) return this.#dayEnded();
    const { everyMs } = this.#options;
    if (error instanceof WarehouseBusyError) {
      const pauseMs = Math.min(everyMs, BUSY_PAUSE_MS * 2 ** (this.#failures - 1));
      log.warn(`The next round is in ${Math.round(pauseMs / 1000)} s: ${error.message}`);
      return pauseMs;
    }
    const pauseMs = Math.max(everyMs, Math.min(everyMs * 2 ** (this.#failures - 1), LONGEST_BACKOFF_MS));
    log.error(
      `The round failed, and the next one is in ${Math.round(pauseMs / 1000)} s: ${error.message} [${error.code}]`,
    );
    return pauseMs;
  }

  /** The day's calls are used up. What was learned of the day's count goes with the client. @returns how long to wait */
  async #dayEnded(): Promise<number> {
    const { everyMs } = this.#options;
    const resetsInMs = this.#surroundings.dayResetsInMs ?? LONGEST_DAY_PAUSE_MS;
    await this.#surroundings.reconnect();
    const pauseMs = Math.max(everyMs, Math.min(resetsInMs, LONGEST_DAY_PAUSE_MS));
    log.warn(
      `HubSpot's calls of the day are used up, so that tables get older. The next round is in ${Math.ceil(pauseMs / 60_000)} minutes.`,
    );
    return pauseMs;
  }
}

/** Whether no later round can do better: a person has to change something. */
function isFinal(error: HubflakeError): boolean {
  return [ConfigError, CredentialsError, WarehouseConfigError].some((kind) => error instanceof kind);
}

/** Rejects never: a stop ends the pause. */
async function sleepUntilStopped(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleepFor(milliseconds, undefined, { signal }).catch(() => undefined);
}
