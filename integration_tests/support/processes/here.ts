import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import type { Option } from '../../../src/commands/runner/command.js';
import { Given } from '../../../src/commands/runner/given.js';
import type { ProtocolIo } from '../../../src/commands/runner/protocol-command.js';
import { PROTOCOL_COMMANDS } from '../../../src/commands/runner/protocol-commands.js';
import { StopRequest } from '../../../src/commands/runner/stop.js';
import type { TextIo } from '../../../src/commands/runner/text-command.js';
import { TEXT_COMMANDS } from '../../../src/commands/runner/text-commands.js';
import { asHubflakeError, exitCodeOf } from '../../../src/errors.js';
import { configureLog, log } from '../../../src/log.js';
import { encodeError, encodeLog } from '../../../src/protocol/encode.js';
import { MessageOutput } from '../../../src/protocol/output.js';
import { epochNow } from '../../../src/time.js';
import { hubflake, type Outcome, type RunOptions } from './command.js';

/**
 * A command line in this process, for tests that are not about the process: `read`, `check` and `discover`, `sync`, `plan`, `compare` and `verify`, a
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

/** The commands that are run in this process. */
const HERE = ['check', 'discover', 'read', 'sync', 'plan', 'compare', 'verify'];

function runner([name = '', ...rest]: readonly string[]): Run | null {
  const protocol = PROTOCOL_COMMANDS.get(name);
  const command = protocol ?? TEXT_COMMANDS.get(name);
  const given = command && HERE.includes(name) ? parse(rest, command.options) : null;
  if (!given) return null;
  if (protocol) return (stop) => speakProtocol((io) => protocol.run(io, given), given, stop);
  return (stop) => speakText((io) => TEXT_COMMANDS.get(name)?.run(io, given) ?? Promise.resolve(1), stop);
}

/** null: a form of command line that is left to a process. */
function parse(args: readonly string[], options: Record<string, Option>): Given | null {
  const values: Record<string, unknown> = {};
  for (let at = 0; at < args.length; at += 1) {
    const name = (args[at] ?? '').replace(/^--/, '');
    const type = name === 'log-level' ? 'string' : options[name]?.type;
    if (type === undefined || name === args[at] || Object.hasOwn(values, name)) return null;
    if (type === 'boolean') values[name] = true;
    else {
      at += 1;
      if (args[at] === undefined) return null;
      values[name] = args[at];
    }
  }
  return new Given(values);
}

/** As `runProtocolCommand`, into a file. */
async function speakProtocol(body: (io: ProtocolIo) => Promise<number>, given: Given, stop: StopRequest) {
  const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
  const path = join(folder, 'stdout');
  const file = openSync(path, 'w');
  try {
    const output = new MessageOutput(file);
    const { logLevel: level } = given;
    configureLog({
      level,
      sink: (lineLevel, message) => output.write(encodeLog(lineLevel, message)),
    });
    let code: number;
    try {
      code = await body({ output, stop });
    } catch (caught) {
      const error = asHubflakeError(caught);
      code = exitCodeOf(error);
      output.write(encodeError(error, epochNow(), undefined, level === 'debug' || level === 'trace'));
    }
    await output.close();
    return { code, stdout: readFileSync(path, 'utf8'), stderr: '' };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As `runTextCommand`. */
async function speakText(body: (io: TextIo) => Promise<number>, stop: StopRequest) {
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
