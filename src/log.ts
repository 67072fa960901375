/**
 * The only logger. Rooms call `log.info(…)`; the running command decides by {@link configureLog} where lines go (LOG messages on
 * stdout, or text on stderr). Every line is redacted first, so that no secret registered by {@link registerSecret} reaches a sink.
 */

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LEVELS)[number];
export const LOG_LEVELS: readonly LogLevel[] = LEVELS;

export type LogSink = (level: LogLevel, message: string) => void;

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

function write(level: LogLevel, message: string): void {
  if (LEVELS.indexOf(level) <= threshold) sink(level, redact(message));
}

export const log = {
  fatal: (message: string) => write('fatal', message),
  error: (message: string) => write('error', message),
  warn: (message: string) => write('warn', message),
  info: (message: string) => write('info', message),
  debug: (message: string) => write('debug', message),
  trace: (message: string) => write('trace', message),
};

/**
 * Diverts what packages log to the console to stderr: stdout is reserved for messages, or for what a command prints. Snowflake's
 * driver logs with winston, which writes to the console if DEBUG is set.
 */
export function divertConsole(): void {
  // biome-ignore lint/suspicious/noConsole: it is only pointed elsewhere
  for (const name of ['log', 'info', 'debug', 'dir'] as const) console[name] = console.error;
}
