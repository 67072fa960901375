import type { PipelineConfig } from '../../config/pipeline.js';
import { log } from '../../log.js';
import { ReportFile } from '../../observing/report/report-file.js';
import type { TextIo } from '../runner/text-command.js';
import type { SyncResult } from '../sync/sync-result.js';
import { parseInterval } from './interval.js';
import { runService } from './run-service.js';
import { parseAddress } from './web.js';

/** Rounds that bring nothing are told of in a line each hour, so that logs show that the service lives. */
const SUMMARY_MS = 60 * 60_000;

/** What `sync --every` was asked for. */
export interface ServeOptions {
  config: PipelineConfig;
  refresh: readonly string[];
  every: string;
  listen: string | undefined;
  report: string | undefined;
  json: boolean;
}

/** `hubflake sync --every`: syncs in rounds until it is stopped. Returns the exit code of an orderly end. */
export async function serve({ print, stop, ...injected }: TextIo, options: ServeOptions): Promise<number> {
  const { config, refresh, json } = options;
  const everyMs = parseInterval(options.every);
  const listen = options.listen === undefined ? null : parseAddress(options.listen);
  const report = options.report === undefined ? null : new ReportFile(options.report);
  const teller = new RoundTeller(json ? print : null);
  log.info(`The pipeline "${config.name}" syncs every ${options.every}, until it is stopped.`);
  const onRound = (result: SyncResult) => teller.tell(result);
  await runService({ config, everyMs, listen, report, refresh, injected, onRound }, stop.signal);
  return 0;
}

/** Tells of rounds: of those that bring something at once, of the others now and then. */
class RoundTeller {
  readonly #print: ((text: string) => void) | null;
  #quiet = { rounds: 0, calls: 0, since: Date.now() };

  /** @param print takes results as JSON; null: they are logged only */
  constructor(print: ((text: string) => void) | null) {
    this.#print = print;
  }

  tell(result: SyncResult): void {
    const { streams, errors, calls, seconds } = result;
    const busy = streams.filter(({ records }) => records > 0);
    if (busy.length + errors.length > 0) this.#print?.(JSON.stringify(result));
    for (const { stream, message, code } of errors) log.error(`${stream}: ${message} [${code}]`, { stream, code });
    if (busy.length > 0) {
      const counts = busy.map(({ stream, records }) => `${stream} ${records.toLocaleString('en')}`).join(', ');
      log.info(`${counts}: in ${seconds.toFixed(1)} s, by ${calls.total.toLocaleString('en')} calls.`);
    } else if (errors.length === 0) this.#tellQuiet(calls.total);
  }

  #tellQuiet(calls: number): void {
    this.#quiet.rounds += 1;
    this.#quiet.calls += calls;
    const { rounds, since } = this.#quiet;
    if (Date.now() - since < SUMMARY_MS) return;
    log.info(`Nothing new in ${rounds} rounds, by ${this.#quiet.calls.toLocaleString('en')} calls.`);
    this.#quiet = { rounds: 0, calls: 0, since: Date.now() };
  }
}
