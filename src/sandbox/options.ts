import type { AccessOptions } from './http/access.js';
import type { FaultRule } from './http/faults.js';
import type { LimitSettings } from './http/limits.js';
import type { OnCall } from './http/listener.js';
import type { Settings } from './http/settings.js';
import type { Account } from './portal/account.js';
import type { CollectionOptions } from './portal/collection.js';
import type { PortalRules } from './portal/rules.js';
import type { SampleOptions } from './sample/build.js';

/** What a sandbox can be told; everything has a default that suits a newcomer. */
export interface SandboxOptions
  extends Partial<Settings>,
    Partial<PortalRules>,
    Partial<SampleOptions>,
    Partial<AccessOptions> {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly portalId?: number;
  /** The account's IANA time zone, whose midnight resets the daily limit. */
  readonly timeZone?: string;
  /** Epoch milliseconds; the machine's clock by default. Limits, lags and timestamps follow it. */
  readonly clock?: () => number;
  readonly limits?: Partial<LimitSettings> | 'off';
  readonly faults?: readonly FaultRule[];
  /** Called with each call before it is answered. */
  readonly onCall?: OnCall;
  /** Collections besides those that every portal has. */
  readonly collections?: readonly CollectionOptions[];
  /** Megabytes of list pages kept as bytes. */
  readonly cacheMb?: number;
}

export const DEFAULT_ACCESS: AccessOptions = {
  token: 'pat-na1-sandbox',
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-secret',
  refreshToken: 'sandbox-refresh',
  expiresInSeconds: 1_800,
  rotateRefreshToken: false,
  scopes: 'all',
  malformedTokenStatus: 401,
};

export const DEFAULT_RULES: PortalRules = {
  mergeChain: 'full',
  // HubSpot's changelog, "Updated merge functionality for contacts and companies": these two merge into a record with a new id
  // like all other objects; what is read under the old ids is the new record.
  mergeInto: 'new-record',
  restoreBumps: false,
  recycleBinMs: Number.POSITIVE_INFINITY,
  historyCap: { contacts: 45, others: 20 },
};

export const DEFAULT_SAMPLE: SampleOptions = { seed: 1, counts: {}, extraProperties: {}, hubContacts: 130 };

export const DEFAULT_CACHE_MB = 256;

/** The account details of the sandbox's portal. */
export function accountOf(options: SandboxOptions): Account {
  return {
    portalId: options.portalId ?? 48_000_111,
    accountType: 'STANDARD',
    timeZone: options.timeZone ?? 'America/New_York',
    companyCurrency: 'USD',
    additionalCurrencies: ['EUR', 'JPY'],
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  };
}

/** Those of `options` that `defaults` knows, and the defaults for the rest. */
export function choose<T extends object>(defaults: T, options: Partial<T>): T {
  const chosen = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof T)[]) {
    if (options[name] !== undefined) chosen[name] = options[name];
  }
  return chosen;
}
