import { asHubflakeError } from '../../errors.js';
import { log } from '../../log.js';
import { VERSION } from '../../version.js';
import type { Outcome } from './outcomes/outcome.js';
import { renderReport } from './render-report.js';
import { ReportCollector } from './report-collector.js';
import type { ReportData } from './report-data.js';
import { ReportFile, whyOf } from './report-file.js';

/**
 * Does `body`, and writes a report of it, also where it throws. That a report cannot be written in the end is a warning, since what was
 * done is done.
 *
 * @param path where the report goes; undefined: none is wanted. Throws a ConfigError before anything is done where it cannot be written
 * @param outcomeOf what the report says of a result
 */
export async function withReport<T>(
  path: string | undefined,
  about: Pick<ReportData, 'command' | 'pipeline'>,
  body: () => Promise<T>,
  outcomeOf: (result: T) => Outcome,
): Promise<T> {
  if (path === undefined) return body();
  const file = new ReportFile(path);
  const collector = new ReportCollector({ ...about, version: VERSION });
  try {
    const result = await body();
    collector.take(outcomeOf(result));
    return result;
  } catch (caught) {
    const { code, message } = asHubflakeError(caught);
    collector.failed(`${message} [${code}]`);
    throw caught;
  } finally {
    collector.close();
    write(file, collector.data());
  }
}

function write(file: ReportFile, data: ReportData): void {
  try {
    file.write(renderReport(data));
    log.info(`The report is in ${file.path}.`);
  } catch (error) {
    log.warn(`The report ${file.path} could not be written: ${whyOf(error)}. What was done is not affected by that.`);
  }
}
