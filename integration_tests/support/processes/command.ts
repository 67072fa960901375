import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ConfiguredStream, JsonObject, Message } from '../../../src/protocol/messages.js';

const binary = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const hookedMain = fileURLToPath(new URL('hooked-main.mjs', import.meta.url));
const quickModules = fileURLToPath(new URL('quick-modules.cjs', import.meta.url));

/**
 * What Node is given to run the built binary: its packages come from one file, where Jest's global setup has made it.
 *
 * @param environment the variables that a test sets; some of them are hooks
 */
export function commandIn(environment: Record<string, string> = {}): string[] {
  const isHooked = Object.keys(environment).some((name) => HOOKS.includes(name));
  return [...(process.env.HUBFLAKE_MODULES ? ['--require', quickModules] : []), isHooked ? hookedMain : binary];
}

/** Variables that hooked-main.mjs reads. */
const HOOKS = ['HUBFLAKE_CRASH_AT', 'HUBFLAKE_LEASE_SECONDS', 'HUBFLAKE_PAUSES'];

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The lines of stdout. */
  lines: string[];
}

export interface RunOptions {
  /** What comes to its stdin; a stream is piped. */
  input?: string | Buffer | Readable;
  environment?: Record<string, string>;
  cwd?: string;
  /** Where stdout goes instead of into the outcome: for more than fits in memory. */
  output?: NodeJS.WritableStream;
  /** Called with the process, for tests that do something to it. */
  during?: (child: ReturnType<typeof spawn>) => void;
}

/** Runs the built binary as a user would: another process, its stdout a pipe. */
export function hubflake(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(process.execPath, [...commandIn(options.environment), ...args], options);
}

/** Runs a shell command from the project's folder. */
export function shell(command: string, input: string): Promise<Outcome> {
  return run('sh', ['-c', command], { input, cwd: fileURLToPath(new URL('../../..', import.meta.url)) });
}

/** Runs a program, its stdout a pipe. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...options.environment },
      cwd: options.cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    if (options.output) child.stdout.pipe(options.output);
    else child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const stdout = Buffer.concat(out).toString('utf8');
      const lines = stdout.split('\n').filter((line) => line !== '');
      resolve({ code, signal, stdout, stderr: Buffer.concat(err).toString('utf8'), lines });
    });
    // A process that ends early closes its stdin; that is not this side's failure.
    child.stdin.on('error', () => undefined);
    if (options.input instanceof Readable) options.input.pipe(child.stdin);
    else child.stdin.end(options.input ?? '');
    options.during?.(child);
  });
}

/** The messages of a run, parsed. */
export function messages({ lines }: Outcome): Message[] {
  return lines.map((line) => JSON.parse(line) as Message);
}

/** The messages of one type. */
export function ofType<T extends Message['type']>(outcome: Outcome, type: T): Extract<Message, { type: T }>[] {
  return messages(outcome).filter((message): message is Extract<Message, { type: T }> => message.type === type);
}

/** A folder for a test's files, removed at its end. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'hubflake-test-'));

  /** Writes JSON (or, of a string, the text as it is) and returns the path. */
  write(name: string, content: unknown): string {
    const path = join(this.path, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  join(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Configures the streams of a discovered catalog. */
export function configure(
  discovered: Outcome,
  choose: (name: string) => boolean = () => true,
  modes: Partial<ConfiguredStream> = {},
): { streams: ConfiguredStream[] } {
  const [catalog] = ofType(discovered, 'CATALOG');
  const streams = catalog?.catalog.streams ?? [];
  return {
    streams: streams
      .filter((stream) => choose(stream.name))
      .map((stream) => ({
        stream,
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        cursor_field: stream.default_cursor_field ?? null,
        primary_key: stream.source_defined_primary_key ?? null,
        ...modes,
      })),
  };
}

/** The last state of each stream, as a platform hands it to the next run. */
export function lastStates(outcome: Outcome): JsonObject[] {
  const last = new Map<string, JsonObject>();
  for (const { state } of ofType(outcome, 'STATE')) {
    last.set(state.stream?.stream_descriptor.name ?? '', state as unknown as JsonObject);
  }
  return [...last.values()];
}
