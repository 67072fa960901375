import { readPipeline } from '../config/pipeline-file.js';
import { DIFFERENT_EXIT_CODE } from '../errors.js';
import { log } from '../log.js';
import { outcomeOfVerify } from '../observing/report/outcomes/verify-outcome.js';
import { withReport } from '../observing/report/with-report.js';
import { namesIn } from './runner/named-streams.js';
import { configPath } from './runner/options.js';
import type { TextIo } from './runner/text-command.js';
import { textTable } from './runner/text-table.js';
import type { StreamVerification } from './verify/comparison.js';
import { runVerify, type VerifyResult } from './verify/run-verify.js';

/**
 * `hubflake verify`: whether the tables of a pipeline equal HubSpot. Exit code 0: they do; 3: differences remain; 1: it could not be found out.
 *
 * @param options.streams the streams to compare, each text a comma-separated list
 */
export async function verify(
  { print, stop, ...injected }: TextIo,
  options: {
    config?: string;
    streams?: readonly string[];
    deep?: boolean;
    repair?: boolean;
    json?: boolean;
    report?: string;
  },
): Promise<number> {
  const config = readPipeline(configPath(options));
  const streams = namesIn('--streams', options.streams, 'to verify');
  const chosen = { streams, isDeep: options.deep === true, repairs: options.repair === true };
  const about = { command: 'verify', pipeline: config.name } as const;
  const run = () => runVerify(config, chosen, stop.signal, injected);
  const result = await withReport(options.report, about, run, outcomeOfVerify);
  print(options.json ? JSON.stringify(result) : describeVerification(result, chosen.repairs));
  for (const { stream, message, code } of result.errors) log.error(`${stream}: ${message} [${code}]`, { stream, code });
  if (result.streams.some((each) => differencesLeft(each) > 0)) return DIFFERENT_EXIT_CODE;
  return result.errors.length > 0 ? 1 : 0;
}

/** How many differences there are that were not mended. */
function differencesLeft({ missing, stale, ghosts, mended }: StreamVerification): number {
  return missing + stale + ghosts - mended;
}

/** A verification as text: a row a stream, and what is to be said below. @param repairs whether what could be mended was */
export function describeVerification(
  { streams, skipped, calls, seconds, errors }: VerifyResult,
  repairs: boolean,
): string {
  const rows = streams.map((each) => [
    each.table,
    each.portal,
    each.rows,
    each.missing,
    each.stale,
    each.ghosts,
    each.pending,
    each.mended,
    `${each.calls.toLocaleString('en')} (${each.least.toLocaleString('en')})`,
  ]);
  const heads = ['table', 'in HubSpot', 'rows', 'missing', 'stale', 'ghosts', 'to come', 'mended', 'calls (least)'];
  const left = streams.reduce((sum, each) => sum + differencesLeft(each), 0);
  const counted = streams.filter(({ isProved }) => !isProved).map(({ table }) => table);
  const verdict =
    left > 0
      ? `${left.toLocaleString('en')} ${left === 1 ? 'difference remains' : 'differences remain'}.${repairs ? '' : ` --repair mends ${left === 1 ? 'it' : 'them'}.`}`
      : errors.length > 0
        ? 'What could be compared is equal.'
        : 'The tables equal HubSpot.';
  return [
    ...(streams.length > 0 ? [textTable(heads, rows)] : []),
    ...streams.flatMap(({ table, notes }) => notes.map((note) => `${table}: ${note}.`)),
    `${verdict} ${calls.total.toLocaleString('en')} calls to HubSpot in ${seconds.toFixed(1)} s.`,
    ...(skipped.length > 0
      ? [`Not compared, as they have no records to count: ${skipped.join(', ')}. --deep compares them.`]
      : []),
    ...(counted.length > 0
      ? [
          `Of ${counted.join(', ')}, most records were counted and not compared (docs/verify.md): --deep compares every value.`,
        ]
      : []),
  ].join('\n');
}
