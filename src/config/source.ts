import { ConfigError } from '../errors.js';
import { log, registerSecret } from '../log.js';
import { hubspotBaseUrl } from './environment.js';
import { validate } from './schema.js';
import { plainToken } from './token.js';

/** Source options that exist in source-hubspot, and that this version does not act on. */
const NOT_ACTED_ON = ['enable_experimental_streams', 'property_history_lookback_window'];
/** source-hubspot divides association streams by whether a custom object is among the two; here either takes any object. */
const ASSOCIATION_OPTIONS = ['association_streams', 'custom_object_association_streams'];
/** source-hubspot's own misspelling: its spec says num_worker, its manifest reads num_workers. */
const ALIASES = ['num_workers'];
const EARLIEST_MS = Date.parse('2006-01-01T00:00:00Z');
/** HubSpot's search shows changes late; less than this would lose them. */
const LEAST_LOOKBACK_MINUTES = 10;

export type Credentials =
  | { kind: 'token'; accessToken: string }
  | { kind: 'oauth'; clientId: string; clientSecret: string; refreshToken: string };

export interface Filter {
  propertyName: string;
  operator: string;
  value?: string;
  highValue?: string;
  values?: string[];
}

export interface FilterGroup {
  filters: Filter[];
}

/** One entry of `objects`: what to read of one HubSpot object. */
export interface ObjectCriteria {
  objectType: string;
  name: string | null;
  /** An instant, ISO 8601 in UTC; null: from the beginning. */
  updatedAfter: string | null;
  filterGroups: FilterGroup[];
  /** null: all properties. */
  properties: string[] | null;
  excludeProperties: string[];
  /** null: those of source-hubspot. */
  associations: string[] | null;
}

/** One association stream: everything that connects the records of one object with those of another, in this direction. */
export interface AssociationCriteria {
  /** The objects by any name that HubSpot or a stream knows. */
  fromObject: string;
  toObject: string;
  /** The stream's name. */
  name: string;
  /** Where it stands in the configuration, for messages: `association_streams[0]`. */
  path: string;
}

export type LayoutName = 'airbyte' | 'columns';
export type DeletesMode = 'off' | 'mark' | 'cdc';
export type SensitiveMode = 'exclude' | 'include';

export interface SourceConfig {
  baseUrl: string;
  credentials: Credentials;
  /** An instant, ISO 8601 in UTC; null: from the beginning. */
  startDate: string | null;
  /** null: everything that the token may read. */
  objects: ObjectCriteria[] | null;
  associationStreams: AssociationCriteria[];
  layout: LayoutName;
  deletes: DeletesMode;
  deletesEveryMinutes: number;
  /** What becomes of properties that the portal marks as sensitive or highly sensitive. */
  sensitive: SensitiveMode;
  lookbackMinutes: number;
  /** Most calls in flight. */
  maxInFlight: number;
  burstShare: number;
  dailyReserve: number;
  numbersAsStrings: boolean;
  prefixCollidingCustomObjects: boolean;
  /** The configuration as it was given, for a CONTROL message that changes one value of it. */
  given: Record<string, unknown>;
}

/** Checks a source configuration and gives it its defaults. Throws a ConfigError that lists every mistake. */
export function parseSourceConfig(value: unknown): SourceConfig {
  const given = structuredClone(value) as Record<string, unknown>;
  const config = structuredClone(value) as Record<string, unknown>;
  nameTheCredentials(config);
  const options = [...NOT_ACTED_ON, ...ALIASES];
  if (isObject(config) && config.num_worker === undefined) config.num_worker = config.num_workers ?? undefined;
  if (isObject(config))
    for (const key of Object.keys(config)) if (config[key] === null || config[key] === '') delete config[key];
  if (isObject(config) && config.num_worker === undefined) delete config.num_worker;
  validate('source', config, 'source configuration', options);
  for (const option of NOT_ACTED_ON) {
    const set = config[option];
    const isSet = Array.isArray(set) ? set.length > 0 : set !== undefined && set !== false;
    if (isSet) log.warn(`The option ${option} is not acted on by this version of hubflake.`);
  }
  if (config.first_load === 'fast')
    log.warn('first_load: "fast" has no effect any more: long lists are read fast anyway.');
  return {
    baseUrl: hubspotBaseUrl(),
    credentials: parseCredentials(config.credentials as Record<string, string>),
    startDate: parseInstant(config.start_date, 'start_date'),
    objects: parseObjects(config.objects as Record<string, unknown>[] | undefined),
    associationStreams: ASSOCIATION_OPTIONS.flatMap((option) => parseAssociations(config[option], option)),
    layout: config.layout as LayoutName,
    deletes: config.deletes as DeletesMode,
    deletesEveryMinutes: config.deletes_every as number,
    sensitive: config.sensitive as SensitiveMode,
    lookbackMinutes: effectiveLookback(config.lookback_window as number),
    maxInFlight: config.num_worker as number,
    burstShare: config.burst_share as number,
    dailyReserve: config.daily_reserve as number,
    numbersAsStrings: config.treat_numbers_and_booleans_as_strings as boolean,
    prefixCollidingCustomObjects: config.prefix_colliding_custom_objects as boolean,
    given,
  };
}

/** People leave credentials_title out when they write a configuration by hand; what else is there says which it is. */
function nameTheCredentials(config: unknown): void {
  if (!isObject(config) || !isObject(config.credentials)) return;
  const { credentials } = config;
  if (credentials.credentials_title !== undefined) return;
  if (credentials.access_token !== undefined) credentials.credentials_title = 'Private App Credentials';
  else if (credentials.refresh_token !== undefined) credentials.credentials_title = 'OAuth Credentials';
}

function parseCredentials(credentials: Record<string, string>): Credentials {
  const text = (key: string) => {
    const value = plainToken(credentials[key] as string, `credentials.${key}`, 'HubSpot');
    if (value === '') throw new ConfigError(`credentials.${key} is empty. Give the value that HubSpot shows for it.`);
    return value;
  };
  if (credentials.credentials_title === 'OAuth Credentials') {
    const oauth = {
      kind: 'oauth' as const,
      clientId: text('client_id'),
      clientSecret: text('client_secret'),
      refreshToken: text('refresh_token'),
    };
    registerSecret(oauth.clientSecret);
    registerSecret(oauth.refreshToken);
    return oauth;
  }
  const token = { kind: 'token' as const, accessToken: text('access_token') };
  registerSecret(token.accessToken);
  return token;
}

function parseObjects(objects: Record<string, unknown>[] | undefined): ObjectCriteria[] | null {
  if (!objects || objects.length === 0) return null;
  return objects.map((entry, index) => ({
    objectType: (entry.object_type as string).trim(),
    name: (entry.name as string | undefined) ?? null,
    updatedAfter: parseInstant(entry.updated_after, `objects[${index}].updated_after`),
    filterGroups: (entry.filter_groups as FilterGroup[] | undefined) ?? [],
    properties: (entry.properties as string[] | undefined) ?? null,
    excludeProperties: (entry.exclude_properties as string[] | undefined) ?? [],
    associations: (entry.associations as string[] | undefined) ?? null,
  }));
}

/** source-hubspot calls such a stream by its objects' names as they are given. */
function parseAssociations(entries: unknown, option: string): AssociationCriteria[] {
  return ((entries ?? []) as Record<string, string>[]).map((entry, index) => {
    const fromObject = (entry.from_object as string).trim();
    const toObject = (entry.to_object as string).trim();
    const name = entry.stream_name?.trim() || `associations_${fromObject}_${toObject}`;
    return { fromObject, toObject, name, path: `${option}[${index}]` };
  });
}

/** A date or instant as an instant; the form was checked by the schema, the calendar is checked here. */
function parseInstant(value: unknown, path: string): string | null {
  if (value === undefined || value === '') return null;
  const time = Date.parse(value as string);
  const day = (value as string).slice(0, 10);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day) {
    throw new ConfigError(`${path} should be a date of the calendar, but is "${value}".`);
  }
  // Before HubSpot there is nothing, and its search fails for instants near 1970.
  return time < EARLIEST_MS ? null : new Date(time).toISOString();
}

function effectiveLookback(minutes: number): number {
  if (minutes >= LEAST_LOOKBACK_MINUTES) return minutes;
  log.info(
    `lookback_window is ${minutes} minutes; ${LEAST_LOOKBACK_MINUTES} are used, because HubSpot's search shows changes late.`,
  );
  return LEAST_LOOKBACK_MINUTES;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
