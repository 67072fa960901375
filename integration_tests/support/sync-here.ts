import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { StopRequest } from '../../src/commands/runner/stop.js';
import { sync } from '../../src/commands/sync.js';
import { asHubflakeError, exitCodeOf } from '../../src/errors.js';
import { configureLog, log } from '../../src/log.js';
import type { Outcome } from './command.js';

/**
 * `hubflake sync --json` in this process, for tests that are not about the process: a second of both cores less than `hubflake()`
 * takes. One at a time, and without variables of the environment but `HUBSPOT_BASE_URL`.
 *
 * @param more further arguments: `--refresh contacts`
 */
export async function syncHere(config: string, hubSpotUrl: string, more: readonly string[] = []): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const [option, refresh] = more;
  if (more.length > 2 || (option !== undefined && option !== '--refresh')) throw new Error(`not played here: ${more}`);
  const before = process.env.HUBSPOT_BASE_URL;
  const dispatcher = getGlobalDispatcher();
  process.env.HUBSPOT_BASE_URL = hubSpotUrl;
  configureLog({ level: 'info', sink: (level, message) => err.push(`${level.toUpperCase()} ${message}\n`) });
  const stop = new StopRequest();
  let code: number;
  try {
    const print = (text: string) => void out.push(`${text}\n`);
    code = await sync({ print, stop }, { config, json: true, ...(refresh === undefined ? {} : { refresh }) });
  } catch (caught) {
    const error = asHubflakeError(caught);
    log.error(`${error.message} [${error.code}]`);
    code = exitCodeOf(error);
  } finally {
    await stop.finish();
    // The client of HubSpot has put its own in its place, and closed that.
    setGlobalDispatcher(dispatcher);
    if (before === undefined) delete process.env.HUBSPOT_BASE_URL;
    else process.env.HUBSPOT_BASE_URL = before;
  }
  const stdout = out.join('');
  return { code, signal: null, stdout, stderr: err.join(''), lines: stdout.split('\n').filter((line) => line !== '') };
}
