import { readPipeline } from '../config/pipeline-file.js';
import { log } from '../log.js';
import { outcomeOfPlan } from '../observing/report/outcomes/plan-outcome.js';
import { withReport } from '../observing/report/with-report.js';
import { configPath } from './runner/options.js';
import type { TextIo } from './runner/text-command.js';
import { textTable } from './runner/text-table.js';
import { runPlan, type SyncForecast } from './sync/run-plan.js';

/** `hubflake plan`: what a sync of the pipeline would do. Exit code 1 when a stream could not be read. */
export async function plan(
  { print, stop, streams: declared }: TextIo,
  options: { config?: string; json?: boolean; sql?: boolean; report?: string },
): Promise<number> {
  const config = readPipeline(configPath(options));
  const about = { command: 'plan', pipeline: config.name } as const;
  const run = () => runPlan(config, stop.signal, declared);
  const forecast = await withReport(options.report, about, run, outcomeOfPlan);
  print(options.json ? JSON.stringify(forecast) : describePlan(forecast, options.sql === true));
  for (const { stream, message, code } of forecast.errors)
    log.error(`${stream}: ${message} [${code}]`, { stream, code });
  return forecast.errors.length > 0 ? 1 : 0;
}

const TABLE = { new: 'created with its first row', changed: 'gets columns', there: 'there' };

/** A plan as text: a row per stream, a line of totals, and on request the SQL statements. */
export function describePlan({ streams, calls, minutes, quota, notes }: SyncForecast, withSql: boolean): string {
  const rows = streams.map((each) => [
    each.table,
    each.destinationSyncMode,
    each.what,
    each.rows ?? '–',
    Object.values(each.calls).reduce((sum, some) => sum + some, 0),
    TABLE[each.tableWillBe],
  ]);
  const share =
    quota === null
      ? 'HubSpot does not say how many are left today'
      : `${((100 * calls.total) / Math.max(1, quota.remaining)).toFixed(2)} % of the ${quota.remaining.toLocaleString('en')} left today`;
  const lines = [
    textTable(['table', 'mode', 'reads', 'rows at most', 'calls', 'the table is'], rows),
    `${calls.total.toLocaleString('en')} calls to HubSpot, ${share}; ${minutes < 1 ? 'less than a minute' : `${Math.ceil(minutes)} minutes`} at its limits.`,
    ...notes,
  ];
  if (!withSql) return [...lines, 'Nothing was changed. --sql shows the statements.'].join('\n');
  const sql = streams.flatMap((each) => [`\n-- ${each.stream}`, ...each.sql.map((statement) => `${statement};`)]);
  return [...lines, ...sql].join('\n');
}
