import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { plan } from '../../src/commands/plan.js';
import { usualLine } from '../../src/commands/runner/protocol-commands.js';
import { StopRequest } from '../../src/commands/runner/stop.js';
import { sync } from '../../src/commands/sync.js';
import { asHubflakeError, exitCodeOf } from '../../src/errors.js';
import { configureLog, log } from '../../src/log.js';
import { encodeError, encodeLog } from '../../src/protocol/encode.js';
import type { LogMessageLevel } from '../../src/protocol/messages.js';
import { MessageOutput } from '../../src/protocol/output.js';
import { hubflake, type Outcome, type RunOptions } from './command.js';

/**
 * A command line in this process, for tests that are not about the process: `read`, `check` and `discover`, `sync` and `plan`, a
 * second of both cores less than `hubflake()` takes. One at a time. What only a process can do is left to one: other commands,
 * variables of the environment besides `HUBSPOT_BASE_URL`, and all that is done to a process or piped into it.
 */
export async function hubflakeHere(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const run = runner(args);
  const { environment = {}, cwd: _, ...others } = options;
  const isPlain = Object.keys(environment).every((name) => name === 'HUBSPOT_BASE_URL');
  if (!run || !isPlain || Object.keys(others).length > 0) return hubflake(args, options);

  const before = process.env.HUBSPOT_BASE_URL;
  const dispatcher = getGlobalDispatcher();
  if (environment.HUBSPOT_BASE_URL !== undefined) process.env.HUBSPOT_BASE_URL = environment.HUBSPOT_BASE_URL;
  const stop = new StopRequest();
  try {
    const { code, stdout, stderr } = await run(stop);
    return { code, signal: null, stdout, stderr, lines: stdout.split('\n').filter((line) => line !== '') };
  } finally {
    await stop.finish();
    configureLog({ level: 'error', sink: () => undefined });
    // The client of HubSpot has put its own in its place, and closed that.
    setGlobalDispatcher(dispatcher);
    if (before === undefined) delete process.env.HUBSPOT_BASE_URL;
    else process.env.HUBSPOT_BASE_URL = before;
  }
}

type Run = (stop: StopRequest) => Promise<{ code: number; stdout: string; stderr: string }>;

function runner(args: readonly string[]): Run | null {
  const usual = usualLine(args);
  if (usual) return args[0] === 'write' ? null : (stop) => speakProtocol(usual, stop);
  const [name, ...rest] = args;
  const given: { config?: string; json?: boolean; refresh?: string } = {};
  for (let at = 0; at < rest.length; at += 1) {
    const option = rest[at];
    const value = rest[at + 1];
    if (option === '--json') given.json = true;
    else if ((option === '--config' || option === '--refresh') && value !== undefined) {
      given[option.slice(2) as 'config' | 'refresh'] = value;
      at += 1;
    } else return null;
  }
  if (name === 'sync') return (stop) => speakToPeople((io) => sync(io, given), stop);
  if (name === 'plan' && given.refresh === undefined) return (stop) => speakToPeople((io) => plan(io, given), stop);
  return null;
}

/** As `runProtocolCommand`, into a file. */
async function speakProtocol({ command, given }: NonNullable<ReturnType<typeof usualLine>>, stop: StopRequest) {
  const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
  const path = join(folder, 'stdout');
  const file = openSync(path, 'w');
  try {
    const output = new MessageOutput(file);
    const { logLevel: level } = given;
    configureLog({
      level,
      sink: (lineLevel, message) => output.write(encodeLog(lineLevel.toUpperCase() as LogMessageLevel, message)),
    });
    let code: number;
    try {
      code = await command.run({ output, stop }, given);
    } catch (caught) {
      const error = asHubflakeError(caught);
      code = exitCodeOf(error);
      output.write(encodeError(error, Date.now(), undefined, level === 'debug' || level === 'trace'));
    }
    await output.close();
    return { code, stdout: readFileSync(path, 'utf8'), stderr: '' };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As `runPeopleCommand`. */
async function speakToPeople(body: (io: Parameters<typeof sync>[0]) => Promise<number>, stop: StopRequest) {
  const out: string[] = [];
  const err: string[] = [];
  configureLog({ level: 'info', sink: (level, message) => err.push(`${level.toUpperCase()} ${message}\n`) });
  let code: number;
  try {
    code = await body({ print: (text) => void out.push(`${text}\n`), stop });
  } catch (caught) {
    const error = asHubflakeError(caught);
    log.error(`${error.message} [${error.code}]`);
    code = exitCodeOf(error);
  }
  return { code, stdout: out.join(''), stderr: err.join('') };
}
