import type { SourceConfig } from '../config/source.js';
import {
  asHubflakeError,
  ConfigError,
  CredentialsError,
  DailyLimitError,
  HubflakeError,
  InternalError,
  MissingScopesError,
  RequestError,
  StoppedError,
} from '../errors.js';
import { readAssociations } from '../hubspot/associations.js';
import type { HubSpotClient } from '../hubspot/client.js';
import { nextMidnight, readAccount, readCustomSchemas } from '../hubspot/metadata.js';
import type { ObjectRow } from '../hubspot/object-row.js';
import { CUSTOM_SCHEMAS_SCOPE, customObjectType, type ObjectType } from '../hubspot/object-types.js';
import { listPage } from '../hubspot/objects.js';
import { log } from '../log.js';
import { defineStream, type StreamDefinition } from './definition.js';
import { KnownObjects } from './known-objects.js';
import { mayBeCustom, planStreams, type StreamPlan } from './selection.js';
import { scopesOf } from './stream-scopes.js';

/** A stream that is not offered, and why. */
export interface Unreadable {
  name: string;
  /** The scopes of which one is missing; empty where the portal does not have the object at all. */
  scopes: readonly string[];
  /** Whether the configuration names it, rather than it merely being discoverable. */
  asked: boolean;
  /** What is wrong, where it is more than a scope or an object that is not there. */
  why?: string;
}

/** What a token's portal has, as far as a command needs to know it: each question is asked once. */
export class Portal {
  readonly #client: HubSpotClient;
  readonly #config: SourceConfig;
  readonly #definitions = new Map<string, Promise<StreamDefinition>>();
  #known = new KnownObjects([]);
  readonly #firstRows = new Map<string, Promise<ObjectRow | undefined>>();
  #plans: readonly StreamPlan[] = [];
  /** The portal's id; null where HubSpot does not tell this token. */
  id: number | null = null;
  readonly unreadable: Unreadable[] = [];
  /** The fewest calls in which HubSpot gives what was asked of it here. */
  leastCalls = 0;

  private constructor(client: HubSpotClient, config: SourceConfig) {
    this.#client = client;
    this.#config = config;
  }

  /**
   * Asks whose portal it is, and for its custom objects where one of `streamNames` may be one (null: all streams). Throws
   * CredentialsError where the token is refused, ConfigError where the streams contradict each other.
   */
  static async open(
    client: HubSpotClient,
    config: SourceConfig,
    streamNames: readonly string[] | null,
  ): Promise<Portal> {
    const portal = new Portal(client, config);
    // By itself: of a token that is refused, or a day that is used up, it takes no second call to know.
    await portal.#readAccount();
    if (mayBeCustom(config, streamNames)) {
      const custom = await portal.#readCustomTypes();
      const isPassing = custom instanceof HubflakeError && custom.kind === 'transient_error';
      // Where every stream is wanted, those of the custom objects would be missing without a word.
      if (isPassing && streamNames === null && !config.objects) throw custom;
      portal.#known = new KnownObjects(custom);
    }
    portal.#plans = planStreams(config, portal.#known);
    return portal;
  }

  /** The names of all streams the configuration asks for, readable or not. */
  get streamNames(): string[] {
    return this.#plans.map((plan) => plan.name);
  }

  /** Whether the configuration names the stream, rather than it merely being discoverable. */
  asks(name: string): boolean {
    return this.#config.objects !== null || this.#config.associationStreams.some((each) => each.name === name);
  }

  /** The definition of a stream, or undefined where there is none of this name. Throws why it cannot be had. */
  async define(name: string): Promise<StreamDefinition | undefined> {
    const plan = this.#plans.find((each) => each.name === name);
    if (!plan) {
      if (!this.#config.objects) this.#known.refuseIfCustom(`"${name}" is no standard stream`);
      return undefined;
    }
    let definition = this.#definitions.get(name);
    if (!definition) {
      definition = defineStream(this.#client, this.#config, plan, this.#known);
      this.#definitions.set(name, definition);
    }
    return definition;
  }

  /**
   * Tries to read one record of each stream. Those that the token may not read, or that the portal does not have, are left out
   * and noted in {@link unreadable}.
   */
  async readableNames(): Promise<string[]> {
    const readable = await Promise.all(this.#plans.map((plan) => this.#isReadable(plan)));
    return this.streamNames.filter((_, index) => readable[index]);
  }

  /** Whether `error` says that the stream cannot be had with this token in this portal; then notes it. */
  noteUnreadable(name: string, error: unknown): boolean {
    if (error instanceof MissingScopesError) {
      this.#note(name, error.scopes.length > 0 ? error.scopes : this.#likelyScopes(name));
      return true;
    }
    // HubSpot answers 400 or 404 for objects that the portal's products do not include.
    if (error instanceof RequestError && (error.status === 400 || error.status === 404)) {
      this.#note(name, []);
      return true;
    }
    return false;
  }

  async #isReadable(plan: StreamPlan): Promise<boolean> {
    try {
      if (plan.kind === 'object') await this.#readOne(plan.type.name);
      else await this.#tryToRead(plan.name);
      return true;
    } catch (error) {
      if (this.noteUnreadable(plan.name, error)) return false;
      if (plan.kind !== 'missing' || !(error instanceof ConfigError)) throw error;
      this.unreadable.push({ name: plan.name, scopes: [], asked: true, why: error.message });
      log.warn(error.message);
      return false;
    }
  }

  #readOne(objectType: string): Promise<ObjectRow | undefined> {
    let row = this.#firstRows.get(objectType);
    if (!row) {
      const request = { objectType, properties: [], associations: [], archived: false, after: null, limit: 1 };
      row = listPage(this.#client, request).then(({ rows }) => rows[0]);
      this.#firstRows.set(objectType, row);
    }
    return row;
  }

  async #tryToRead(name: string): Promise<void> {
    const definition = await this.define(name);
    if (definition?.kind === 'snapshot') await definition.read(this.#client);
    if (definition?.kind !== 'associations') return;
    const { from, to } = definition;
    const first = await this.#readOne(from.name);
    if (first) await readAssociations(this.#client, from.name, to.name, [first.id]);
  }

  #likelyScopes(name: string): string[] {
    const plan = this.#plans.find((each) => each.name === name);
    return plan ? scopesOf(plan, this.#known.custom) : [];
  }

  #note(name: string, scopes: readonly string[]): void {
    if (this.unreadable.some((each) => each.name === name)) return;
    this.unreadable.push({ name, scopes, asked: this.asks(name) });
    if (scopes.length > 0) log.info(`${name} is left out: the token lacks the scope ${scopes.join(' or ')}.`);
    else log.debug(`${name} is left out: this portal does not have it.`);
  }

  async #readAccount(): Promise<void> {
    this.leastCalls += 1;
    try {
      const account = await readAccount(this.#client);
      if (Number.isFinite(account.portalId)) this.id = account.portalId;
      const { timeZone } = account;
      if (timeZone) this.#client.dailyResetsAt = () => nextMidnight(timeZone, this.#client.clock.now());
    } catch (error) {
      // At the end of the day's calls, each stream says so itself.
      const isTolerable = [MissingScopesError, RequestError, DailyLimitError].some((kind) => error instanceof kind);
      if (!isTolerable) throw error;
      log.debug(`HubSpot does not say whose portal this is: ${asHubflakeError(error).message}`);
    }
  }

  /** The custom objects, or why they are not known: then only the streams that need them fail. */
  async #readCustomTypes(): Promise<readonly ObjectType[] | HubflakeError> {
    this.leastCalls += 1;
    try {
      return (await readCustomSchemas(this.#client)).map(customObjectType);
    } catch (caught) {
      const error = asHubflakeError(caught);
      const endsAll = [ConfigError, CredentialsError, InternalError, StoppedError].some(
        (kind) => error instanceof kind,
      );
      if (endsAll) throw error;
      const isRefused = error instanceof MissingScopesError || error instanceof RequestError;
      if (isRefused) log.info(`Custom objects are left out: the token lacks the scope ${CUSTOM_SCHEMAS_SCOPE}.`);
      else log.warn(`Which custom objects there are could not be learned: ${error.message}`);
      return error;
    }
  }
}
