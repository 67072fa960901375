/**
 * The only logger. Rooms call `log.info(…)`; the running command decides by {@link configureLog} where lines go (LOG messages on
 * stdout, or text on stderr). Every line is redacted first, so that no secret registered by {@link registerSecret} reaches a sink.
 */

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LEVELS)[number];
export const LOG_LEVELS: readonly LogLevel[] = LEVELS;

/** What a line is about, as far as who logs it knows. */
export interface LogDetails {
  stream?: string;
  /** The code of an error. */
  code?: string;
}

export type LogSink = (level: LogLevel, message: string, details: LogDetails) => void;

/** Shorter strings are not redacted: replacing every "a" in a log would hide more than it protects. */
const SHORTEST_SECRET = 6;
const secrets = new Set<string>();

let threshold = LEVELS.indexOf('info');
let sink: LogSink = (level, message) => {
  process.stderr.write(`${level.toUpperCase()} ${message}\n`);
};

/** Sets where log lines go, and the level from which on they are logged. */
export function configureLog(options: { sink?: LogSink; level?: LogLevel }): void {
  if (options.sink) sink = options.sink;
  if (options.level) threshold = LEVELS.indexOf(options.level);
}

/** Replaces `secret` by `****` in every later log line and error text. */
export function registerSecret(secret: string | undefined): void {
  if (secret !== undefined && secret.length >= SHORTEST_SECRET) secrets.add(secret);
}

/** Replaces every registered secret in `text`, including its percent-encoded and JSON-quoted forms. */
export function redact(text: string): string {
  let result = text;
  for (const secret of secrets) {
    for (const form of new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])) {
      if (result.includes(form)) result = result.replaceAll(form, '****');
    }
  }
  return result;
}

/** Called with each line before the sink: with all warnings and errors, and with what is logged besides. */
const listeners = new Set<LogSink>();

/** Has `listener` hear of every line that is logged, and of warnings and errors that are not, until the returned function is called. */
export function listenToLog(listener: LogSink): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Whether a warning, or a line of a lower level, need not be logged again. */
let isKnown: (line: string) => boolean = () => false;

/** While `body` runs, warnings and lines of less weight that `known` knows are logged as debug lines. Who listens hears them as they are. */
export async function withoutRepeats<T>(known: (line: string) => boolean, body: () => Promise<T>): Promise<T> {
  isKnown = known;
  try {
    return await body();
  } finally {
    isKnown = () => false;
  }
}

function write(level: LogLevel, message: string, details: LogDetails = {}): void {
  const rank = LEVELS.indexOf(level);
  const isLogged = rank <= threshold;
  if (!isLogged && (rank > LEVELS.indexOf('warn') || listeners.size === 0)) return;
  const line = redact(message);
  for (const listener of listeners) listener(level, line, details);
  if (!isLogged) return;
  const isRepeat = rank >= LEVELS.indexOf('warn') && rank < LEVELS.indexOf('debug') && isKnown(line);
  if (!isRepeat) sink(level, line, details);
  else if (threshold >= LEVELS.indexOf('debug')) sink('debug', line, details);
}

export const log = {
  fatal: (message: string, details?: LogDetails) => write('fatal', message, details),
  error: (message: string, details?: LogDetails) => write('error', message, details),
  warn: (message: string, details?: LogDetails) => write('warn', message, details),
  info: (message: string, details?: LogDetails) => write('info', message, details),
  debug: (message: string, details?: LogDetails) => write('debug', message, details),
  trace: (message: string, details?: LogDetails) => write('trace', message, details),
};

/**
 * Diverts what packages log to the console to stderr: stdout is reserved for messages, or for what a command prints. Snowflake's
 * driver logs with winston, which writes to the console if DEBUG is set.
 */
export function divertConsole(): void {
  // biome-ignore lint/suspicious/noConsole: it is only pointed elsewhere
  for (const name of ['log', 'info', 'debug', 'dir'] as const) console[name] = console.error;
}
