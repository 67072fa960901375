import { fraction } from '../portal/random.js';
import type { Call, CallKind } from './call.js';
import type { RatePolicy } from './errors.js';

/** What can go wrong with a call. */
export type Fault =
  /** An HTML page of this status, as a proxy writes it: 500, 502, 503, 504, 524 … */
  | { type: 'status'; status: number; retryAfterSeconds?: number }
  /** HubSpot's own JSON error of this status. */
  | { type: 'error'; status: number; message?: string; category?: string; retryAfterSeconds?: number }
  /**
   * A refusal by the proxy in front of HubSpot, in plain text, as of 2026-10-07 (as live answers show): `Invalid request`
   * for a call that is answered the next time.
   */
  | { type: 'edge'; status: 400 | 403 | 404; text?: string; contentType?: string }
  /** The connection is closed before an answer. */
  | { type: 'reset' }
  /** The connection is closed in the middle of the body that was announced. */
  | { type: 'resetInBody' }
  /** Status 200, and the JSON ends in the middle, as if complete. */
  | { type: 'truncated' }
  /** Status 200, and an HTML page. */
  | { type: 'html' }
  /** Status 423, locked. */
  | { type: 'locked' }
  /** Status 477, the account is being migrated. */
  | { type: 'migration'; retryAfterSeconds: number }
  | { type: 'rateLimit'; policy: RatePolicy; retryAfterSeconds?: number }
  | { type: 'unauthorized'; category: 'EXPIRED_AUTHENTICATION' | 'INVALID_AUTHENTICATION' }
  /** Nothing, for as long as the client waits. */
  | { type: 'silence' }
  /** Headers and the first half of the body, then nothing. */
  | { type: 'stall' }
  | { type: 'redirect'; location: string }
  /** The answer, with blanks behind it up to this many bytes; with gzip they cost nothing on the wire. */
  | { type: 'oversized'; bytes: number }
  /** Status 200 and this body, whatever was asked. */
  | { type: 'body'; text: string; contentType?: string };

/** Which calls a fault befalls. Without conditions: every one. */
export interface FaultRule {
  kind?: CallKind | readonly CallKind[];
  /** The plural name of the object type in the path. */
  objectType?: string;
  /** Part of the URL or the body. */
  contains?: string;
  /** The n-th matching call, or several, counted from 1. */
  nth?: number | readonly number[];
  /** Every n-th matching call. */
  every?: number;
  /** The share of matching calls, drawn with `seed`. */
  probability?: number;
  seed?: number;
  /** At most this often. */
  times?: number;
  fault: Fault;
}

interface Armed {
  readonly rule: FaultRule;
  matched: number;
  struck: number;
}

/** Decides which call fails, and how. */
export class Faults {
  #armed: Armed[] = [];

  constructor(rules: readonly FaultRule[] = []) {
    this.set(rules);
  }

  /** Replaces all rules; their counts begin anew. */
  set(rules: readonly FaultRule[]): void {
    this.#armed = rules.map((rule) => ({ rule, matched: 0, struck: 0 }));
  }

  add(rule: FaultRule): void {
    this.#armed.push({ rule, matched: 0, struck: 0 });
  }

  /** The rules in force, and how often each has matched and struck. */
  list(): readonly { rule: FaultRule; matched: number; struck: number }[] {
    return this.#armed.map((armed) => ({ ...armed }));
  }

  /** The fault for this call, if any; the first rule that strikes wins, but all count the call. */
  next(call: Call): Fault | undefined {
    let fault: Fault | undefined;
    for (const armed of this.#armed) {
      if (!concerns(armed.rule, call)) continue;
      armed.matched++;
      if (fault !== undefined || !strikes(armed)) continue;
      armed.struck++;
      fault = armed.rule.fault;
    }
    return fault;
  }
}

function concerns(rule: FaultRule, call: Call): boolean {
  if (rule.kind !== undefined && !(list(rule.kind) as readonly string[]).includes(call.kind)) return false;
  if (rule.objectType !== undefined && rule.objectType !== call.objectType) return false;
  return rule.contains === undefined || call.url.includes(rule.contains) || call.body.includes(rule.contains);
}

function strikes({ rule, matched, struck }: Armed): boolean {
  if (rule.times !== undefined && struck >= rule.times) return false;
  if (rule.nth !== undefined && !(list(rule.nth) as readonly number[]).includes(matched)) return false;
  if (rule.every !== undefined && matched % rule.every !== 0) return false;
  return rule.probability === undefined || fraction(rule.seed ?? 0, matched) < rule.probability;
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}
