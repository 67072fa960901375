import { readPipeline } from '../config/pipeline-file.js';
import { ConfigError } from '../errors.js';
import { log } from '../log.js';
import { showProgress } from '../observing/progress/show-progress.js';
import { outcomeOfSync } from '../observing/report/outcomes/sync-outcome.js';
import { withReport } from '../observing/report/with-report.js';
import { namesIn } from './runner/named-streams.js';
import { configPath } from './runner/options.js';
import type { TextIo } from './runner/text-command.js';
import { textTable } from './runner/text-table.js';
import { runSync } from './sync/run-sync.js';
import type { SyncResult } from './sync/sync-result.js';

export interface SyncOptions {
  config?: string;
  json?: boolean;
  /** Streams to reload from scratch, each text a comma-separated list. */
  refresh?: readonly string[];
  /** Where a page about it is written; a service writes it anew behind each round. */
  report?: string;
  /** Runs as a service, in rounds of this interval. */
  every?: string;
  /** Where a service shows its health, metrics and report. */
  listen?: string;
}

/**
 * `hubflake sync`: loads HubSpot directly into the tables of a pipeline. Exit code 1 when a stream failed, 4 when another run of
 * the pipeline is in progress. With `--every` it goes on until it is stopped, or something is wrong that no round can mend.
 */
export async function sync({ print, stop, ...injected }: TextIo, options: SyncOptions): Promise<number> {
  const config = readPipeline(configPath(options));
  const refresh = namesIn('--refresh', options.refresh, 'to load anew') ?? [];
  if (options.every !== undefined) {
    const { serve } = await import('./service/serve.js');
    const { every, listen, report, json = false } = options;
    return serve({ print, stop, ...injected }, { config, refresh, every, listen, report, json });
  }
  if (options.listen !== undefined) throw new ConfigError('--listen is for a service. Add --every, as in --every 60s.');
  const about = { command: 'sync', pipeline: config.name } as const;
  const run = async () => {
    const endProgress = await showProgress();
    return runSync(config, stop.signal, refresh, injected).finally(endProgress);
  };
  const result = await withReport(options.report, about, run, outcomeOfSync);
  print(options.json ? JSON.stringify(result) : describeSync(result));
  for (const { stream, message, code } of result.errors) log.error(`${stream}: ${message} [${code}]`, { stream, code });
  return result.errors.length > 0 ? 1 : 0;
}

/** The result of a sync as text: a row per table that received records, and a line of totals. */
export function describeSync(result: SyncResult): string {
  const { streams, calls, seconds } = result;
  const busy = streams.filter((each) => each.records > 0);
  // Few streams have records that take rows away.
  const removes = busy.some(({ removed }) => removed > 0);
  const rows = busy.map(({ table, records, inserted, updated, marked, removed, complete }) => [
    table,
    records,
    inserted,
    updated,
    marked,
    ...(removes ? [removed] : []),
    complete ? 'complete' : 'not complete',
  ]);
  const heads = ['table', 'records', 'inserted', 'updated', 'marked', ...(removes ? ['removed'] : []), 'status'];
  const quiet = streams.length - busy.length;
  const records = busy.reduce((sum, each) => sum + each.records, 0);
  return [
    busy.length > 0 ? textTable(heads, rows) : 'Nothing new.',
    ...(quiet > 0 && busy.length > 0 ? [`(${quiet} more streams had nothing new)`] : []),
    `${records.toLocaleString('en')} records in ${seconds.toFixed(1)} s; ${calls.total.toLocaleString('en')} calls to HubSpot, where ${calls.least.toLocaleString('en')} are the least possible.`,
  ].join('\n');
}
