import type { FaultRule } from '../http/faults.js';
import type { Services } from '../http/listener.js';
import type { Lag, Latency } from '../http/settings.js';
import type { Command } from './commands.js';
import { field, partOf } from './input.js';

/** Changes of how the sandbox behaves, by the name in the path. */
export const CONTROLS: Readonly<Record<string, Command>> = {
  faults(body, { faults }) {
    faults.set(rules(body));
    return faults.list();
  },
  'faults/add'(body, { faults }) {
    for (const rule of rules(body)) faults.add(rule);
    return faults.list();
  },
  limits(body, { limits }) {
    return Object.assign(limits.settings, partOf(body, limits.settings));
  },
  lag(body, { switches }) {
    switches.set({ indexLagMs: duration(body) as Lag });
    return switches.now;
  },
  latency(body, { switches }) {
    switches.set({ latencyMs: duration(body) as Latency });
    return switches.now;
  },
  settings(body, { switches }) {
    switches.set(partOf(body, switches.now));
    return switches.now;
  },
  rules(body, { portal }) {
    return Object.assign(portal.rules, partOf(body, portal.rules));
  },
  scopes(body, { access }) {
    const { scopes } = body;
    if (scopes !== 'all' && !Array.isArray(scopes)) throw new Error('scopes must be "all" or a list of scopes');
    access.setScopes(scopes);
    return { scopes };
  },
  'tokens/expire'(_, { access }) {
    access.expireTokens();
    return {};
  },
  'cursors/expire'(_, { switches }) {
    switches.expireCursors();
    return {};
  },
  clock(body, { portal }) {
    portal.clock.advance(field(body, 'advanceMs', 'number'));
    return { now: new Date(portal.clock.now()).toISOString() };
  },
  'calls/reset'(_, { calls }) {
    calls.reset();
    return {};
  },
};

/** `{rules: […]}`, or one rule. */
function rules(body: Record<string, unknown>): FaultRule[] {
  const list = Array.isArray(body.rules) ? body.rules : [body];
  for (const rule of list) if (rule?.fault?.type === undefined) throw new Error('each rule needs a fault with a type');
  return list as FaultRule[];
}

/** `{ms}` for all alike, or the random form: `{maxMs, seed?}` for lags, `{minMs, maxMs, seed?}` for latencies. */
function duration(body: Record<string, unknown>): unknown {
  return typeof body.ms === 'number' ? body.ms : { ...body, maxMs: field(body, 'maxMs', 'number') };
}

/** All that is in force, for `GET /__sandbox/settings`. */
export function settingsOf({ switches, limits, faults, portal, access }: Services): unknown {
  return {
    settings: switches.now,
    limits: limits.settings,
    rules: portal.rules,
    faults: faults.list(),
    oauth: { clientId: access.options.clientId, refreshToken: access.refreshToken },
    now: new Date(portal.clock.now()).toISOString(),
  };
}
