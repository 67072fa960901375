import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Portal } from '../portal/portal.js';
import type { Access, Principal } from './access.js';
import { type Answer, html, uncompressed } from './answer.js';
import type { Call, CallLog } from './call.js';
import { ApiError, correlationId, errorAnswer, notFound } from './errors.js';
import type { Faults } from './faults.js';
import type { Limits } from './limits.js';
import type { Match, Router } from './router.js';
import { send, toWire } from './send.js';
import { faultAnswer, strike, truncated } from './strike.js';
import { latencyOf, type Switches } from './switches.js';

/** Everything that has a say in how a call is answered. */
export interface Services {
  readonly portal: Portal;
  readonly access: Access;
  readonly limits: Limits;
  readonly switches: Switches;
  readonly faults: Faults;
  readonly calls: CallLog;
}

/** Answers one kind of call, or throws an ApiError. */
export interface Handler {
  /** What deals with tokens needs no authentication and scopes, and is not counted. */
  readonly open?: boolean;
  /** One of each group must be granted. */
  scopes?(call: Call, services: Services): readonly (readonly string[])[];
  answer(call: Call, services: Services): Answer;
}

/** Called when a call has arrived and before it is answered; what it changes in the portal, the answer shows. */
export type OnCall = (call: Call, n: number) => void | Promise<void>;

/** HubSpot takes no request bodies of this size. */
const MAX_BODY_BYTES = 10 * 1_024 * 1_024;

/** Handles HubSpot's part of the sandbox: everything but the admin door. */
export class Listener {
  constructor(
    readonly services: Services,
    readonly router: Router<Handler>,
    readonly onCall: OnCall | undefined,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { calls, switches, faults } = this.services;
    const url = request.url ?? '/';
    if (url.length > switches.now.urlLimit) {
      request.resume();
      await this.#reply(this.#call(request, url, '', undefined), html(414, 'Request-URI Too Large'), response);
      return;
    }
    const match = this.router.match(request.method ?? 'GET', url.split('?', 1)[0] as string);
    const call = this.#call(request, url, await readBody(request), match);
    await this.onCall?.(call, call.n);
    const wait = latencyOf(switches.now.latencyMs, call);
    if (wait > 0) await sleep(wait);

    const fault = faults.next(call);
    const instead = fault === undefined ? undefined : faultAnswer(fault, correlationId(call.n));
    const answer = instead ?? this.#answer(call, match?.route.handler);
    if (fault === undefined || instead !== undefined) await this.#reply(call, answer, response);
    else if (fault.type === 'truncated') await this.#reply(call, truncated(answer), response);
    else {
      const plain = uncompressed(answer);
      const wire = await toWire(plain, this.#date(), call.gzip);
      calls.note(call, strike(response, fault, plain, wire), 0);
    }
  }

  #answer(call: Call, handler: Handler | undefined): Answer {
    let headers: Record<string, string> = {};
    try {
      if (handler === undefined) throw notFound();
      if (handler.open !== true) {
        const principal: Principal = this.services.access.authenticate(call.headers.authorization);
        headers = this.services.limits.admit(call.kind, principal, this.services.switches.now.dailyHeaders);
        this.services.access.require(handler.scopes?.(call, this.services) ?? []);
      }
      const answer = handler.answer(call, this.services);
      return { ...answer, headers: { ...headers, ...answer.headers } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const answer = errorAnswer(error, correlationId(call.n));
      return { ...answer, headers: { ...headers, ...answer.headers } };
    }
  }

  #call(request: IncomingMessage, url: string, body: string, match: Match<Handler> | undefined): Call {
    const [path = '/', ...rest] = url.split('?');
    const named = match?.params.type ?? match?.params.from;
    const objectType = named === undefined ? undefined : this.services.portal.types.find(named)?.name;
    return {
      n: this.services.calls.next(),
      at: this.services.portal.clock.now(),
      kind: match?.route.kind ?? 'unknown',
      method: request.method ?? 'GET',
      url,
      path,
      query: rest.join('?'),
      params: match?.params ?? {},
      objectType,
      headers: request.headers,
      gzip: this.services.switches.now.gzip && /\bgzip\b/.test(String(request.headers['accept-encoding'])),
      body,
    };
  }

  async #reply(call: Call, answer: Answer, response: ServerResponse): Promise<void> {
    const wire = await toWire(answer, this.#date(), call.gzip);
    send(response, wire);
    this.services.calls.note(call, wire.status, wire.body.length);
  }

  /** The clients' only sight of HubSpot's clock; whole seconds. */
  #date(): string {
    return new Date(this.services.portal.clock.now()).toUTCString();
  }
}

/** @throws ApiError 413 for more than 10 MiB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new ApiError(413, { message: 'Request entity too large' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
