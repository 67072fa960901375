import { setMaxListeners } from 'node:events';
import hubspot from '@hubspot/api-client';
import { type CallActivity, currentStream, observed, tell } from '../../activity.js';
import type { Credentials } from '../../config/source.js';
import {
  asHubflakeError,
  DailyLimitError,
  HubflakeError,
  RequestError,
  StoppedError,
  UnavailableError,
} from '../../errors.js';
import { LinkedAbort } from '../../linked-abort.js';
import { log } from '../../log.js';
import { proxyFor } from '../../network/proxy.js';
import { type EpochMs, epochNow, type MonotonicMs } from '../../time.js';
import { KeptAnswers } from './answer-cache.js';
import { type FormAnswer, OAuthTokens, type SendForm, StaticToken, scopesIn, type TokenSource } from './auth.js';
import { CALLS, CallCounter, type CallKind } from './calls.js';
import { ServerClock } from './clock.js';
import {
  judge,
  parseRetryAfter,
  passes,
  pauseBefore,
  RETRY,
  type RetryPolicy,
  rateLimitedPause,
  type Verdict,
} from './faults.js';
import { FirstAnswer } from './first-answer.js';
import { MalformedAnswer } from './malformed-answer.js';
import { judgeFailure, LostAnswer, type Route } from './network-failures.js';
import { isReadByPost, paths } from './paths.js';
import { limitHeaders, readBody } from './response-body.js';
import { CallScheduler, type Permit } from './scheduler.js';
import { installTransport } from './transport.js';

export interface Call {
  kind: CallKind;
  path: string;
  /** A query string without its question mark, already encoded. */
  query?: string;
  /** Sent as JSON by POST; without a body the call is a GET. */
  body?: unknown;
  /** The requested data as a noun, for messages: "contacts", "the owners". */
  what: string;
  /** The most attempts when transient faults occur; {@link RETRY} by default. */
  attempts?: number;
  /** Whether there is another path for the same: then a 404 is final though it is a page of HubSpot's edge. */
  hasOtherPath?: boolean;
}

export interface ClientOptions {
  baseUrl: string;
  credentials: Credentials;
  maxInFlight: number;
  burstShare: number;
  dailyReserve: number;
  /** Aborted to stop: pending calls fail at once with a StoppedError. */
  signal?: AbortSignal;
  /** Called with the new refresh token when HubSpot rotates it. */
  onRefreshToken?: (refreshToken: string) => void;
  /** What is different from the usual retry policy. */
  retry?: Partial<RetryPolicy>;
  /** The idle timeout of a call, after which it is retried. */
  silenceMs?: number;
  /** The clock of the rate limits; tests pass a faster one. */
  now?: () => MonotonicMs;
  clock?: ServerClock;
}

interface RawAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

/**
 * The single client for HubSpot. It sends through the `apiRequest` of HubSpot's own client, and adds rate limits, timeouts, retries
 * by kind of fault, a size limit, token renewal, raw bodies, and no redirects.
 */
export class HubSpotClient {
  readonly clock: ServerClock;
  /** The calls of this run, or of this round of a service. */
  calls = new CallCounter();
  /** Tells the rounds of a service apart: what is kept for one of them is kept by this. */
  round: object = {};
  /** What HubSpot says of the portal itself, where a service keeps it from round to round. */
  readonly kept = new KeptAnswers();
  readonly scheduler: CallScheduler;
  readonly retry: RetryPolicy;
  /** The next reset of the daily limit, once it is known. */
  dailyResetsAt: () => EpochMs | undefined = () => undefined;
  readonly #client: hubspot.Client;
  readonly #tokens: TokenSource;
  #stop: LinkedAbort;
  readonly #first: FirstAnswer;
  readonly #route: Route;
  /** HubSpot's host, for observers. */
  readonly #server: string;
  readonly #close: () => Promise<void>;

  /** Throws a ConfigError if an environment variable for a proxy is not a valid URL. */
  constructor(options: ClientOptions) {
    this.#server = new URL(options.baseUrl).hostname;
    this.#route = { url: options.baseUrl, proxy: proxyFor(options.baseUrl) };
    const dispatcher = installTransport(options.maxInFlight, this.#route.proxy, options.silenceMs);
    this.#close = () => dispatcher.destroy();
    this.#stop = stopBy(options.signal);
    this.clock = options.clock ?? new ServerClock();
    this.retry = { ...RETRY, ...options.retry };
    this.#first = new FirstAnswer(this.retry.neverReachedMs);
    this.#client = new hubspot.Client({ basePath: options.baseUrl });
    this.scheduler = new CallScheduler({
      ...options,
      dailyResetsAt: () => this.dailyResetsAt(),
      hubspotNow: () => this.clock.now(),
    });
    const { credentials } = options;
    this.#tokens =
      credentials.kind === 'token'
        ? new StaticToken(credentials.accessToken, (token) => this.#scopesOf(token))
        : new OAuthTokens(credentials, this.#sendForm, this.#pause, options.onRefreshToken ?? (() => undefined));
  }

  /** The token's scopes; null if HubSpot does not say. One call with few retries. */
  tokenScopes(): Promise<readonly string[] | null> {
    return this.#tokens.scopes();
  }

  /** Begins the next round of a service: what was learned of HubSpot and its limits stays. @param signal stops the round */
  beginRound(signal: AbortSignal): void {
    this.calls = new CallCounter();
    this.round = {};
    this.#stop.release();
    this.#stop = stopBy(signal);
  }

  /** Closes the connections. Pending calls fail with a StoppedError instead of being retried. */
  async close(): Promise<void> {
    this.#stop.release();
    this.#stop.abort();
    await this.#close();
  }

  /**
   * Makes a call and decodes its body. Retries after transient faults, also when `decode` finds the response malformed. Throws
   * CredentialsError, MissingScopesError, DailyLimitError, RequestError, UnavailableError or StoppedError.
   */
  async call<T>(call: Call, decode: (body: Buffer) => T): Promise<T> {
    let faults = 0;
    let rateLimited = 0;
    let renewed = false;
    const { kind, what } = call;
    const method = methodOf(call);
    for (let attemptsBefore = 0; ; attemptsBefore += 1) {
      const about = { kind: kind.name, budget: kind.budget, what, method, server: this.#server, attemptsBefore };
      const activity: CallActivity = { stream: currentStream(), queuedAt: epochNow(), ...about };
      const outcome = await observed('call', activity, async () => {
        const result = await this.#attempt(call, decode, activity);
        if ('verdict' in result) activity.isRepeated = result.verdict.action !== 'fail';
        return result;
      });
      if ('value' in outcome) return outcome.value;
      const { verdict, token } = outcome;
      switch (verdict.action) {
        case 'fail':
          throw verdict.error;
        case 'endDay':
          this.scheduler.endDay(verdict.error);
          throw verdict.error;
        case 'renewToken':
          if (renewed || !this.#tokens.refused(token)) throw verdict.error;
          renewed = true;
          break;
        case 'backOff':
          rateLimited += 1;
          if (rateLimited >= this.retry.rateLimitedAttempts) throw this.#givenUp(call.what, verdict.why);
          this.#backOff(call, verdict, rateLimitedPause(this.retry, rateLimited, verdict.pauseMs));
          break;
        case 'repeat':
          faults += 1;
          if (faults >= (call.attempts ?? this.retry.attempts)) throw this.#givenUp(call.what, verdict.why);
          await this.#pause(faults, verdict.why, call.what, verdict.leastPauseMs);
      }
      this.calls.repeated();
    }
  }

  async #scopesOf(tokenKey: string): Promise<readonly string[] | null> {
    const what = "the token's scopes";
    const call = { kind: CALLS.tokenInfo, path: paths.tokenInfo(), body: { tokenKey }, what, attempts: 2 };
    try {
      return await this.call(call, scopesIn);
    } catch (error) {
      if (error instanceof StoppedError || error instanceof DailyLimitError) throw error;
      log.debug(`HubSpot does not say which scopes the token has: ${asHubflakeError(error).message}`);
      return null;
    }
  }

  async #attempt<T>(
    call: Call,
    decode: (body: Buffer) => T,
    activity: CallActivity,
  ): Promise<{ value: T } | { verdict: Verdict; token: string }> {
    const permit = await this.scheduler.acquire(call.kind.budget, this.#stop.signal);
    let token = '';
    let answer: RawAnswer;
    try {
      // The token is obtained last, since waiting for the rate limit may outlast a token.
      token = await this.#tokens.token();
      this.calls.sent(call.kind);
      activity.sentAt = epochNow();
      tell('sent', activity);
      answer = await this.#orStopped(this.#send(call, token, permit));
    } catch (error) {
      permit.done();
      if (error instanceof HubflakeError) throw error;
      return { verdict: this.#judgeFailure(error), token };
    }
    this.#first.came = true;
    const { status, headers, body } = answer;
    Object.assign(activity, { status, bytes: body.length });
    if (status === 404 && call.hasOtherPath)
      throw new RequestError(`HubSpot does not know ${call.path} (404).`, status);
    if (status < 200 || status > 299) {
      const day = { now: this.clock.now(), resetsAt: this.dailyResetsAt() };
      return { verdict: judge({ status, retryAfter: headers.get('retry-after'), body }, call.what, day), token };
    }
    try {
      return { value: decode(body) };
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      const why = `HubSpot's answer for ${call.what} is damaged (${error.message})`;
      return { verdict: { action: 'repeat', why }, token };
    }
  }

  #backOff(call: Call, { burst, why }: Extract<Verdict, { action: 'backOff' }>, pauseMs: number): void {
    log.info(`${why}; continuing in ${Math.ceil(pauseMs / 1000)} s.`);
    const budget = call.kind.budget;
    this.scheduler.backOff(budget, pauseMs);
    if (burst && budget !== 'burst') this.scheduler.backOff('burst', pauseMs);
  }

  /**
   * Waits before the next attempt of a call that met a transient fault. Throws an UnavailableError when there should be none.
   *
   * @param attempt the number of attempts so far
   */
  readonly #pause = async (attempt: number, why: string, what: string, leastPauseMs = 0): Promise<void> => {
    const pauseMs = Math.max(pauseBefore(this.retry, attempt), leastPauseMs);
    if (attempt >= this.retry.attempts || this.#first.isTooLate(pauseMs)) throw this.#givenUp(what, why);
    log.info(`${why}; trying again in ${(pauseMs / 1000).toFixed(1)} s.`);
    const pause = { stream: currentStream(), what, why, milliseconds: pauseMs };
    await observed('pause', pause, () => this.sleep(pauseMs));
  };

  async #send(call: Call, token: string, permit: Permit): Promise<RawAnswer> {
    if (call.body !== undefined && !isReadByPost(call.path)) throw new Error(`A POST to ${call.path} may write.`);
    const request = this.#client.apiRequest({
      method: methodOf(call),
      path: call.query ? `${call.path}?${call.query}` : call.path,
      authType: 'none',
      headers: { Authorization: `Bearer ${token}`, 'Accept-Encoding': 'gzip' },
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const response = await this.#first.of(request);
    this.clock.observe(response.headers.get('date'));
    const limits = limitHeaders(response.headers);
    // A rejected call keeps its place until its body says why, so that others do not start too early.
    if (response.ok) permit.answered(limits, call.kind.service);
    const body = await readBody(response, call.what);
    permit.answered(limits, call.kind.service);
    permit.done();
    tell('limits', limits);
    return { status: response.status, headers: response.headers, body };
  }

  readonly #sendForm: SendForm = async (path, form) => {
    try {
      return await this.#orStopped(this.#answerToForm(path, form));
    } catch (error) {
      if (error instanceof HubflakeError) throw error;
      const verdict = this.#judgeFailure(error);
      throw 'error' in verdict ? verdict.error : new LostAnswer(verdict.why);
    }
  };

  #judgeFailure(error: unknown): Verdict {
    this.#first.failure = error;
    return judgeFailure(error, this.#route);
  }

  async #answerToForm(path: string, form: Record<string, string>): Promise<FormAnswer> {
    const request = this.#client.apiRequest({
      method: 'POST',
      path,
      authType: 'none',
      defaultJson: false,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    const response = await this.#first.of(request);
    const body = await readBody(response, 'an access token');
    this.clock.observe(response.headers.get('date'));
    this.#first.came = true;
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after')) ?? 0;
    return { status: response.status, body, passes: passes(response.status), retryAfterMs };
  }

  #givenUp(what: string, why: string): UnavailableError {
    const { proxy } = this.#route;
    const advice = this.#first.came
      ? 'Run it again later; it goes on where it stopped.'
      : `Check the network, ${proxy ? `${proxy.variable}, NO_PROXY` : 'the proxy settings'} and HUBSPOT_BASE_URL.`;
    return new UnavailableError(`${why}, also after repeated tries for ${what}. ${advice}`);
  }

  /** HubSpot's client takes no signal, so a stop abandons the call instead of cancelling it. */
  #orStopped<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    if (signal.aborted) {
      // The abandoned call fails when the connections are closed, and nobody awaits it.
      promise.catch(() => undefined);
      return Promise.reject(new StoppedError('Stopped on request.'));
    }
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => reject(new StoppedError('Stopped on request.'));
      signal.addEventListener('abort', onAbort, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }

  /** Resolves after so many milliseconds. Throws a StoppedError if it is stopped before. */
  sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    return this.#orStopped(slept).finally(() => clearTimeout(timer));
  }
}

function stopBy(signal: AbortSignal | undefined): LinkedAbort {
  const stop = new LinkedAbort(signal);
  // Every pending call listens to the signal; that is not a leak to warn of.
  setMaxListeners(0, stop.signal);
  return stop;
}

function methodOf({ body }: Call): 'GET' | 'POST' {
  return body === undefined ? 'GET' : 'POST';
}
