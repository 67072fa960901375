import { setMaxListeners } from 'node:events';
import hubspot from '@hubspot/api-client';
import type { Credentials } from '../config/source.js';
import { HubflakeError, RequestError, StoppedError, UnavailableError } from '../errors.js';
import { log } from '../log.js';
import { OAuthTokens, type SendForm, StaticToken, type TokenSource } from './auth.js';
import { BUDGET_OF, CallCounter, type CallKind } from './calls.js';
import { ServerClock } from './clock.js';
import { judge, pauseBefore, RETRY, type Verdict } from './faults.js';
import { CallScheduler, type LimitHeaders, type Permit } from './scheduler.js';
import { installTransport, REDIRECT_REFUSED } from './transport.js';

/** No answer may be larger, once decompressed: more would be a fault, or an attack on our memory. */
const LARGEST_ANSWER_BYTES = 128 * 1024 * 1024;
/** An answer that drips in more slowly than this is given up. */
const LONGEST_ANSWER_MS = 5 * 60_000;

export interface Call {
  kind: CallKind;
  path: string;
  /** A query string without its question mark, already encoded. */
  query?: string;
  /** Sent as JSON by POST; without it the call is a GET. */
  body?: unknown;
  /** What is asked for, as a noun, for messages: "contacts", "the owners". */
  what: string;
}

/** Thrown by a decoder for an answer that says 200 but is not what it should be; the call is sent again. */
export class MalformedAnswer extends Error {}

export interface ClientOptions {
  baseUrl: string;
  credentials: Credentials;
  maxInFlight: number;
  burstShare: number;
  dailyReserve: number;
  /** Aborted to stop: waiting calls end at once, with a StoppedError. */
  signal?: AbortSignal;
  /** Called with a new refresh token, where HubSpot rotates it. */
  onRefreshToken?: (refreshToken: string) => void;
  /** A host that never answered is given up after this many milliseconds. */
  neverReachedMs?: number;
  /** The clock of the budgets, in ms; a test that has no time to wait for them gives one that runs faster. */
  now?: () => number;
}

interface RawAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

/**
 * The one way to HubSpot. It sends through the `apiRequest` of HubSpot's own client, and adds what that does not do: budgets,
 * deadlines, repeats by kind of fault, a bound on the size, no redirects, tokens that are renewed, and bodies as bytes.
 */
export class HubSpotClient {
  readonly clock = new ServerClock();
  readonly calls = new CallCounter();
  readonly scheduler: CallScheduler;
  /** Epoch ms of the next reset of the day's calls, once it is known. */
  dailyResetsAt: () => number | undefined = () => undefined;
  readonly #client: hubspot.Client;
  readonly #tokens: TokenSource;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #neverReachedMs: number;
  readonly #close: () => Promise<void>;
  #everReached = false;
  readonly #startedAt = performance.now();

  constructor(options: ClientOptions) {
    const dispatcher = installTransport(options.maxInFlight);
    this.#close = () => dispatcher.destroy();
    this.#signal = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
    // Every waiting call listens for the stop; there is no leak to warn of.
    setMaxListeners(0, this.#signal);
    this.#neverReachedMs = options.neverReachedMs ?? RETRY.neverReachedMs;
    this.#client = new hubspot.Client({ basePath: options.baseUrl });
    this.scheduler = new CallScheduler({ ...options, dailyResetsAt: () => this.dailyResetsAt() });
    const { credentials } = options;
    this.#tokens =
      credentials.kind === 'token'
        ? new StaticToken(credentials.accessToken)
        : new OAuthTokens(credentials, this.#sendForm, options.onRefreshToken ?? (() => undefined));
  }

  /** Ends the connections. Calls still under way end with a StoppedError, instead of being repeated without connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#close();
  }

  /**
   * Makes a call and decodes its body. Faults that pass are waited out and the call repeated, also when `decode` finds the
   * answer malformed. Throws CredentialsError, MissingScopesError, DailyLimitError, RequestError, UnavailableError or
   * StoppedError.
   */
  async call<T>(call: Call, decode: (body: Buffer) => T): Promise<T> {
    let faults = 0;
    let rateLimited = 0;
    let renewed = false;
    for (;;) {
      const token = await this.#tokens.token();
      const outcome = await this.#attempt(call, token, decode);
      if ('value' in outcome) return outcome.value;
      const { verdict } = outcome;
      if (verdict.action === 'fail') throw verdict.error;
      if (verdict.action === 'renewToken') {
        if (renewed || !this.#tokens.refused(token)) throw verdict.error;
        renewed = true;
      } else if (verdict.action === 'backOff') {
        rateLimited += 1;
        if (rateLimited >= RETRY.rateLimitedAttempts) throw this.#givenUp(call, verdict.why);
        log.info(`${verdict.why}; going on in ${Math.ceil(verdict.pauseMs / 1000)} s.`);
        this.scheduler.backOff(BUDGET_OF[call.kind], verdict.pauseMs);
      } else {
        faults += 1;
        const pauseMs = Math.max(pauseBefore(faults), verdict.leastPauseMs ?? 0);
        if (faults >= RETRY.attempts || this.#neverReached(pauseMs)) throw this.#givenUp(call, verdict.why);
        log.info(`${verdict.why}; trying again in ${(pauseMs / 1000).toFixed(1)} s.`);
        await this.#sleep(pauseMs);
      }
      this.calls.repeated();
    }
  }

  async #attempt<T>(
    call: Call,
    token: string,
    decode: (body: Buffer) => T,
  ): Promise<{ value: T } | { verdict: Verdict }> {
    const permit = await this.scheduler.acquire(BUDGET_OF[call.kind], this.#signal);
    let answer: RawAnswer;
    try {
      this.calls.sent(call.kind);
      answer = await this.#orStopped(this.#send(call, token, permit));
    } catch (error) {
      permit.done();
      if (error instanceof HubflakeError) throw error;
      return { verdict: judgeFailure(error) };
    }
    this.#everReached = true;
    if (answer.status < 200 || answer.status > 299) {
      const retryAfter = answer.headers.get('retry-after');
      return {
        verdict: judge({ status: answer.status, retryAfter, body: answer.body }, call.what, this.dailyResetsAt),
      };
    }
    try {
      return { value: decode(answer.body) };
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      return { verdict: { action: 'repeat', why: `HubSpot's answer for ${call.what} is damaged (${error.message})` } };
    }
  }

  async #send(call: Call, token: string, permit: Permit): Promise<RawAnswer> {
    const response = await this.#client.apiRequest({
      method: call.body === undefined ? 'GET' : 'POST',
      path: call.query ? `${call.path}?${call.query}` : call.path,
      authType: 'none',
      headers: { Authorization: `Bearer ${token}` },
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const body = await readBody(response, call.what);
    this.clock.observe(response.headers.get('date'));
    permit.done(limitHeaders(response.headers));
    return { status: response.status, headers: response.headers, body };
  }

  readonly #sendForm: SendForm = async (path, form) => {
    const response = await this.#orStopped(
      this.#client.apiRequest({
        method: 'POST',
        path,
        authType: 'none',
        defaultJson: false,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      }),
    );
    this.clock.observe(response.headers.get('date'));
    return { status: response.status, body: await readBody(response, 'an access token') };
  };

  /** Whether no answer ever came, and after another pause it would be too late to go on hoping. */
  #neverReached(pauseMs: number): boolean {
    return !this.#everReached && performance.now() - this.#startedAt + pauseMs > this.#neverReachedMs;
  }

  #givenUp(call: Call, why: string): UnavailableError {
    const advice = this.#everReached
      ? 'Run it again later; it goes on where it stopped.'
      : 'Check the network, the proxy settings and HUBSPOT_BASE_URL.';
    return new UnavailableError(`${why}, also after repeated tries for ${call.what}. ${advice}`);
  }

  /** HubSpot's client takes no signal, so a stop leaves the call behind instead of ending it. */
  #orStopped<T>(promise: Promise<T>): Promise<T> {
    const signal = this.#signal;
    if (signal.aborted) {
      // What is left behind fails when the connections end, and nobody waits for it.
      promise.catch(() => undefined);
      return Promise.reject(new StoppedError('Stopped on request.'));
    }
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => reject(new StoppedError('Stopped on request.'));
      signal.addEventListener('abort', onAbort, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }

  #sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    return this.#orStopped(slept).finally(() => clearTimeout(timer));
  }
}

/** Reads a body whole, in pieces, so that one that is too large is cut off instead of filling the memory. */
async function readBody(response: Response, what: string): Promise<Buffer> {
  const reader = response.body?.getReader();
  if (!reader) return Buffer.alloc(0);
  const startedAt = performance.now();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done)
      return chunks.length === 1
        ? Buffer.from((chunks[0] as Uint8Array).buffer, (chunks[0] as Uint8Array).byteOffset, size)
        : Buffer.concat(chunks, size);
    chunks.push(value);
    size += value.length;
    if (size > LARGEST_ANSWER_BYTES) {
      await reader.cancel();
      throw new RequestError(
        `HubSpot's answer for ${what} is larger than ${LARGEST_ANSWER_BYTES / 1024 / 1024} MiB, which no page should be. Fetch fewer properties (objects[].properties), and report it.`,
        response.status,
      );
    }
    if (performance.now() - startedAt > LONGEST_ANSWER_MS) {
      await reader.cancel();
      throw new Error('the answer came in too slowly');
    }
  }
}

function limitHeaders(headers: Headers): LimitHeaders {
  const number = (name: string) => {
    const value = headers.get(name);
    return value === null || value === '' || Number.isNaN(Number(value)) ? null : Number(value);
  };
  return {
    max: number('x-hubspot-ratelimit-max'),
    remaining: number('x-hubspot-ratelimit-remaining'),
    intervalMs: number('x-hubspot-ratelimit-interval-milliseconds'),
    dailyRemaining: number('x-hubspot-ratelimit-daily-remaining'),
  };
}

/** What a call without an answer means. Node wraps what undici says as the cause of a "fetch failed". */
function judgeFailure(error: unknown): Verdict {
  let fault = error as { code?: string; message?: string; cause?: unknown };
  while (typeof fault.cause === 'object' && fault.cause !== null) fault = fault.cause;
  if (fault.code === REDIRECT_REFUSED) {
    const message = `${fault.message}, which is refused so that the token goes nowhere else. Check HUBSPOT_BASE_URL and the proxy.`;
    return { action: 'fail', error: new RequestError(message, 302) };
  }
  return { action: 'repeat', why: `HubSpot could not be reached (${fault.code ?? fault.message ?? String(error)})` };
}
