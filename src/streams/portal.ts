import { tell } from '../activity.js';
import type { SourceConfig } from '../config/source.js';
import { ConfigError, HubflakeError, MissingScopesError, RequestError } from '../errors.js';
import { readDisabledObjects } from '../hubspot/api/metadata.js';
import type { ObjectRow } from '../hubspot/api/object-row.js';
import type { ObjectType } from '../hubspot/api/object-types.js';
import { listPage } from '../hubspot/api/objects.js';
import type { HubSpotClient } from '../hubspot/client/client.js';
import { isRefusal, isUnknownObject } from '../hubspot/client/error-kinds.js';
import { log } from '../log.js';
import type { JsonObject } from '../protocol/messages.js';
import { type Access, accessTo, scopeTexts } from './access.js';
import { CHAINS, type ChainLimits } from './core/chain-limits.js';
import { KnownObjects } from './core/known-objects.js';
import { type Pace, SINGLE_RUN } from './core/pace.js';
import { ParentIds } from './core/parent-ids.js';
import type { PortalFacts, Stream, StreamDeclaration, StreamPlan } from './core/stream.js';
import type { LocalDates } from './layouts/local-dates.js';
import { identifyPortal, localDatesOf, readCustomTypes } from './portal-account.js';
import { adviseOnStreams } from './privacy/copies.js';
import { declaredStreams } from './registry.js';
import { mayBeCustom } from './selection/custom-objects.js';
import { planStreams } from './selection/plan-streams.js';
import { nothingLeft } from './selection/plans.js';

/** A stream that is not offered, and why. */
export interface Unreadable {
  name: string;
  /** The missing scopes; empty: there is another reason. */
  scopes: readonly string[];
  /** Whether the configuration names it, rather than it merely being discoverable. */
  asked: boolean;
  /** The lowest subscription of HubSpot that has it; null: every one may. */
  tier: string | null;
  /** The reason, as a sentence without its full stop. */
  why: string;
}

/** What is different from the usual. */
export interface PortalOptions {
  /** The streams that are not CRM objects. */
  declared?: readonly StreamDeclaration[] | undefined;
  chains?: ChainLimits | undefined;
  pace?: Pace | undefined;
  /** Whether every stream is planned that there is to choose from, as for a catalog. */
  offersAll?: boolean;
}

/** What a token's portal offers: its streams, and which of them are readable. Each fact is requested once. */
export class Portal implements PortalFacts {
  readonly client: HubSpotClient;
  readonly config: SourceConfig;
  readonly parents: ParentIds;
  readonly chains: ChainLimits;
  readonly pace: Pace;
  readonly #streams = new Map<string, Promise<Stream>>();
  known = new KnownObjects([]);
  readonly #firstRows = new Map<string, Promise<ObjectRow | undefined>>();
  #plans: readonly StreamPlan[] = [];
  #scopes: Promise<readonly string[] | null> | null = null;
  #disabled: Promise<ReadonlySet<string>> | null = null;
  id: number | null = null;
  localDates: LocalDates | null = null;
  readonly unreadable: Unreadable[] = [];
  /** The minimum number of calls for what was requested here. */
  leastCalls = 0;

  private constructor(client: HubSpotClient, config: SourceConfig, chains: ChainLimits, pace: Pace) {
    this.client = client;
    this.config = config;
    this.chains = chains;
    this.pace = pace;
    this.parents = new ParentIds(client);
  }

  /**
   * Requests the portal's id, and its custom objects if one of `streamNames` may be one (null: all streams). Throws a
   * CredentialsError if the token is refused, a ConfigError if streams conflict.
   */
  static async open(
    client: HubSpotClient,
    config: SourceConfig,
    streamNames: readonly string[] | null,
    {
      declared = declaredStreams(config.layout),
      chains = CHAINS,
      pace = SINGLE_RUN,
      offersAll = false,
    }: PortalOptions = {},
  ): Promise<Portal> {
    const portal = new Portal(client, config, chains, pace);
    // Before any other call, so that a refused token or an exhausted daily limit takes only one.
    const identity = await portal.#kept(
      'account',
      () => identifyPortal(client),
      ({ obstacle }) => obstacle === null || !config.localDates,
    );
    portal.id = identity.id;
    portal.localDates = localDatesOf(identity, config);
    if (mayBeCustom(config, streamNames, declared)) {
      const isTransient = (found: unknown) => found instanceof HubflakeError && found.kind === 'transient_error';
      const custom = await portal.#kept(
        'custom objects',
        () => readCustomTypes(client),
        (found) => !isTransient(found),
      );
      // Otherwise a read of all streams would silently lack the custom objects.
      if (isTransient(custom) && streamNames === null && !config.objects) throw custom;
      portal.known = new KnownObjects(custom);
    }
    portal.#plans = planStreams(config, portal.known, declared, offersAll ? 'all' : (streamNames ?? 'default'));
    if (!offersAll) adviseOnStreams(streamNames ?? portal.streamNames, portal);
    return portal;
  }

  /** The names of all streams the configuration asks for, readable or not. */
  get streamNames(): string[] {
    return this.#plans.map((plan) => plan.name);
  }

  /** What a stream is read from, where others may be read from the same. */
  sourcesOf(name: string): readonly unknown[] {
    return this.#planOf(name)?.sources ?? [];
  }

  /** Whether HubSpot is asked for what changed of a stream, in about one call. */
  hasChangeFeed(name: string): boolean {
    return this.#planOf(name)?.hasChangeFeed === true;
  }

  /** Whether a stream has an object's records, one by one. */
  hasRecords(name: string): boolean {
    return this.#planOf(name)?.hasRecords === true;
  }

  /** Whether the configuration names the stream, rather than it merely being discoverable. */
  isConfigured(name: string): boolean {
    const { objects, associationStreams, include } = this.config;
    if (include.includes(name) || associationStreams.some((each) => each.name === name)) return true;
    return objects !== null && this.#planOf(name)?.isByGroup !== true;
  }

  /** A stream; undefined: there is none of this name. Throws if it is unavailable. */
  async stream(name: string): Promise<Stream | undefined> {
    const plan = this.#planOf(name);
    if (!plan) {
      if (!this.config.objects) this.known.refuseIfCustom(`"${name}" is no standard stream`);
      return undefined;
    }
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = plan.open(this);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /**
   * The streams that the token may read. Others are left out and noted in {@link unreadable}. For streams that are merely
   * discoverable, the token's scopes decide, if HubSpot reports them; configured streams, and those that scopes do not decide, are
   * probed by reading one record. Throws if a probe fails for another reason.
   */
  async readableNames(): Promise<string[]> {
    const readable = await Promise.all(this.#plans.map((plan) => this.#isReadable(plan)));
    return this.streamNames.filter((_, index) => readable[index]);
  }

  /** Whether the token's scopes exclude a discoverable stream; notes it if so. */
  async isOutOfScope(name: string): Promise<boolean> {
    const plan = this.#planOf(name);
    const access = plan && !this.isConfigured(name) ? await this.#accessTo(plan) : { is: 'unknown' as const };
    if (access.is === 'refused') this.#noteScopes(name, access.missing);
    return access.is === 'refused';
  }

  /**
   * Whether `error` means that the stream is unavailable in this portal or to this token; notes it if so. Only known responses of
   * HubSpot count: any other error fails the stream.
   */
  async noteUnreadable(name: string, error: unknown): Promise<boolean> {
    if (error instanceof MissingScopesError) {
      this.#noteScopes(name, error.scopes.length > 0 ? [error.scopes.join(' or ')] : this.#likelyScopes(name));
      return true;
    }
    if (isUnknownObject(error)) {
      this.#note(name, [], `this portal does not have it (HubSpot: ${error.said})`);
      return true;
    }
    if (!isRefusal(error, [400, 403, 404]) || !(await this.#isSwitchedOff(name))) return false;
    this.#note(name, [], `it is switched off in this portal's object library (HubSpot: ${error.said})`);
    return true;
  }

  /** A stream's error; one for want of a scope says as well from which subscription on HubSpot has it. */
  explained(name: string, error: HubflakeError): HubflakeError {
    const tier = this.#planOf(name)?.tier;
    if (!(error instanceof MissingScopesError) || tier === undefined) return error;
    return new MissingScopesError(`${error.message} HubSpot offers ${name} from ${tier} on.`, error.scopes, {
      cause: error,
    });
  }

  /** Notes a stream that is left out for another reason, with a warning. */
  leaveOut(name: string, error: HubflakeError): void {
    log.warn(`${name} is left out: ${error.message}`);
    tell('leftOut', { stream: name, why: error.message, scopes: [] });
    this.unreadable.push({ name, scopes: [], tier: null, asked: this.isConfigured(name), why: error.message });
  }

  /** The error to report if no stream can be read. */
  nothingReadable(): HubflakeError {
    if (this.#plans.length === 0) return nothingLeft();
    const other = this.unreadable.find((each) => each.scopes.length === 0);
    if (other) return new ConfigError(`${other.name} cannot be read: ${other.why}.`);
    const scopes = [...new Set(this.unreadable.flatMap((each) => each.scopes))];
    return new MissingScopesError(
      `The token may not read anything that is configured. Add scopes to it: ${scopes.join(', ') || 'crm.objects.contacts.read, for example'}.`,
      scopes,
    );
  }

  /** A sentence for each of the streams whose deletions cannot be seen. @param streams with their states, if any */
  hiddenDeletions(streams: readonly { name: string; state: JsonObject | null }[]): string[] {
    return streams.flatMap(({ name, state }) => {
      const why = this.#planOf(name)?.hiddenDeletions(state) ?? null;
      return why === null ? [] : [`Deletions of ${name} cannot be seen: ${why}.`];
    });
  }

  async #isReadable(plan: StreamPlan): Promise<boolean> {
    const access: Access = this.isConfigured(plan.name) ? { is: 'unknown' } : await this.#accessTo(plan);
    if (access.is === 'granted') return true;
    if (access.is === 'refused') {
      this.#noteScopes(plan.name, access.missing);
      return false;
    }
    try {
      await plan.probe(this);
      return true;
    } catch (error) {
      if (await this.noteUnreadable(plan.name, error)) return false;
      // HubSpot refused definitely, but for an unknown reason.
      const isDefinite = error instanceof RequestError || (error instanceof ConfigError && error === plan.obstacle);
      if (!isDefinite) throw error;
      this.leaveOut(plan.name, error);
      return false;
    }
  }

  #planOf(name: string): StreamPlan | undefined {
    return this.#plans.find((each) => each.name === name);
  }

  async #accessTo(plan: StreamPlan): Promise<Access> {
    const scopes = await this.tokenScopes();
    return scopes === null ? { is: 'unknown' } : accessTo(plan, scopes);
  }

  tokenScopes(): Promise<readonly string[] | null> {
    this.#scopes ??= this.#kept('scopes', () => this.client.tokenScopes());
    return this.#scopes;
  }

  /** An answer of HubSpot about the portal, which a service keeps. Counts the call if it is asked for now. */
  async #kept<T>(what: string, ask: () => Promise<T>, isLasting?: (answer: T) => boolean): Promise<T> {
    const { answer, isNew } = await this.client.kept.get(what, ask, isLasting);
    if (isNew) this.leastCalls += 1;
    return answer;
  }

  /** Whether the stream's object is disabled in the portal; only requested when HubSpot refuses an object for an unknown reason. */
  async #isSwitchedOff(name: string): Promise<boolean> {
    const typeId = this.#planOf(name)?.objectTypeId ?? null;
    if (typeId === null) return false;
    this.#disabled ??= readDisabledObjects(this.client).catch(() => new Set<string>());
    return (await this.#disabled).has(typeId);
  }

  firstRow(type: ObjectType): Promise<ObjectRow | undefined> {
    let row = this.#firstRows.get(type.name);
    if (!row) {
      const request = { type, properties: [], associations: [], archived: false, after: null, limit: 1 };
      row = listPage(this.client, request).then(({ rows }) => rows[0]);
      this.#firstRows.set(type.name, row);
    }
    return row;
  }

  #likelyScopes(name: string): string[] {
    return scopeTexts(this.#planOf(name)?.scopes ?? []);
  }

  #noteScopes(name: string, scopes: readonly string[]): void {
    const tier = this.#planOf(name)?.tier ?? null;
    const from = tier === null ? '' : `, which HubSpot offers from ${tier} on`;
    this.#note(name, scopes, `the token lacks the scope ${scopes.join(', and ') || 'that it needs'}${from}`, tier);
  }

  #note(name: string, scopes: readonly string[], why: string, tier: string | null = null): void {
    if (this.unreadable.some((each) => each.name === name)) return;
    this.unreadable.push({ name, scopes, tier, asked: this.isConfigured(name), why });
    log.info(`${name} is left out: ${why}.`);
    tell('leftOut', { stream: name, why, scopes });
  }
}
