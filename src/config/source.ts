import { ConfigError } from '../errors.js';
import { isObject } from '../json.js';
import { log, registerSecret } from '../log.js';
import { type Instant, instantOf, timeOf } from '../time.js';
import { hubspotBaseUrl } from './environment.js';
import { refuseIncomplete } from './filters.js';
import type { SourceOptions } from './generated/options.js';
import { validate } from './schema.js';
import { plainToken } from './token.js';

/** Options of source-hubspot that this version ignores, each with why, as a clause. */
const NOT_ACTED_ON = {
  enable_experimental_streams: 'its web analytics streams are not there',
  property_history_lookback_window: 'histories reach back by lookback_window, as their objects do',
};
/** source-hubspot has one option for standard and one for custom objects; here both accept either. */
const ASSOCIATION_OPTIONS = ['association_streams', 'custom_object_association_streams'] as const;
/** source-hubspot's spec says num_worker, its manifest reads num_workers. */
const ALIASES = ['num_workers'];
/** Properties that records have in clear anyway. */
const NEVER_HASHED = ['hs_object_id', 'hs_lastmodifieddate', 'lastmodifieddate', 'hs_merged_object_ids'];
/** Options that the schema does not have, and that are no mistakes. */
export const TOLERATED_IN_SOURCE: readonly string[] = [...Object.keys(NOT_ACTED_ON), ...ALIASES];
const EARLIEST = timeOf('2006-01-01T00:00:00Z');
/** HubSpot's search index lags behind; a shorter lookback would miss changes. */
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

/** One entry of `objects`: which records and properties of a HubSpot object to read. */
export interface ObjectCriteria {
  objectType: string;
  name: string | null;
  /** null: from the beginning. */
  updatedAfter: Instant | null;
  filterGroups: FilterGroup[];
  /** null: all properties. */
  properties: string[] | null;
  excludeProperties: string[];
  /** The properties whose values are replaced by hashes. */
  hashProperties: string[];
  /** null: the same as source-hubspot. */
  associations: string[] | null;
  /** The properties whose past values to read; {@link EVERY_PROPERTY}: all but calculated ones; null: not configured. */
  history: string[] | null;
}

/** In `history`: every property. In files people write `true`, which a platform's form cannot. */
export const EVERY_PROPERTY = '*';

/** One association stream: all associations from the records of one object to those of another. */
export interface AssociationCriteria {
  /** Any of an object's names, as in `object_type`. */
  fromObject: string;
  toObject: string;
  /** The stream's name. */
  name: string;
  /** Its path in the configuration, for messages: `association_streams[0]`. */
  path: string;
}

export type LayoutName = SourceOptions['layout'];
export type DeletesMode = SourceOptions['deletes'];
export type SensitiveMode = SourceOptions['sensitive'];
export type SweepScope = SourceOptions['sweep'];

export interface SourceConfig {
  baseUrl: string;
  credentials: Credentials;
  /** null: from the beginning. */
  startDate: Instant | null;
  /** null: every object that the token may read. */
  objects: ObjectCriteria[] | null;
  associationStreams: AssociationCriteria[];
  /** Names of streams or groups to read besides `objects`. */
  include: string[];
  /** Names of streams or groups to leave out. */
  exclude: string[];
  layout: LayoutName;
  /** Whether histories tell from when to when each value held. */
  validity: boolean;
  deletes: DeletesMode;
  deletesEveryMinutes: number;
  /** 0: there are no sweeps. */
  sweepEveryHours: number;
  sweep: SweepScope;
  /** What to do with properties that the portal marks as sensitive or highly sensitive. */
  sensitive: SensitiveMode;
  /** What hashes are salted with; null: nothing is hashed. */
  hashSalt: string | null;
  /** Whether records tell the local date of what has a time. */
  localDates: boolean;
  lookbackMinutes: number;
  /** How far each round of a service reaches back, as a rule. */
  recentMinutes: number;
  /** Between a service's looks at streams that HubSpot lists whole; 0: it adapts. */
  snapshotsEveryMinutes: number;
  /** The most calls in flight at once. */
  maxInFlight: number;
  burstShare: number;
  dailyReserve: number;
  numbersAsStrings: boolean;
  prefixCollidingCustomObjects: boolean;
  /** The configuration as given, for a CONTROL message that changes one of its values. */
  given: Record<string, unknown>;
}

/** Validates a source configuration and fills in its defaults. Throws a ConfigError that lists every mistake. */
export function parseSourceConfig(value: unknown): SourceConfig {
  const given = isObject(value) ? structuredClone(value) : {};
  const document = structuredClone(value);
  if (isObject(document)) normaliseSource(document);
  const options = validate('source', document, 'source configuration', TOLERATED_IN_SOURCE);
  for (const [option, why] of Object.entries(NOT_ACTED_ON)) {
    const set = given[option];
    const isSet = Array.isArray(set) ? set.length > 0 : (set ?? '') !== '' && set !== false;
    if (isSet) log.warn(`The option ${option} is not acted on: ${why}.`);
  }
  if (options.first_load === 'fast')
    log.warn('first_load: "fast" has no effect any more: long lists are read fast anyway.');
  refuseNames(options);
  return {
    baseUrl: hubspotBaseUrl(),
    credentials: parseCredentials(options.credentials),
    startDate: parseInstant(options.start_date, 'start_date'),
    objects: parseObjects(options.objects),
    associationStreams: ASSOCIATION_OPTIONS.flatMap((option) => parseAssociations(options[option], option)),
    include: options.include,
    exclude: options.exclude,
    layout: options.layout,
    validity: options.validity,
    deletes: options.deletes,
    deletesEveryMinutes: options.deletes_every,
    sweepEveryHours: options.sweep_every,
    sweep: options.sweep,
    sensitive: options.sensitive,
    hashSalt: parseSalt(options),
    localDates: options.local_dates,
    lookbackMinutes: effectiveLookback(options.lookback_window),
    recentMinutes: options.recent,
    snapshotsEveryMinutes: options.snapshots_every,
    maxInFlight: options.num_worker,
    burstShare: options.burst_share,
    dailyReserve: options.daily_reserve,
    numbersAsStrings: options.treat_numbers_and_booleans_as_strings,
    prefixCollidingCustomObjects: options.prefix_colliding_custom_objects,
    given,
  };
}

/** Throws a ConfigError where an object has a name of its own in a layout that has names for all. */
export function refuseNames({ layout, objects }: SourceOptions): void {
  const index = layout === 'fivetran' ? (objects?.findIndex(({ name }) => name !== undefined) ?? -1) : -1;
  if (index < 0) return;
  throw new ConfigError(
    `objects[${index}].name: in the layout "fivetran" tables have the names that Fivetran gives them. Leave it out, or choose another layout.`,
  );
}

/**
 * Resolves the alias of num_worker, trims the salt, removes unset options, which platforms pass as null or '', infers credentials_title, and makes lists of
 * `history: true` and `false`.
 */
export function normaliseSource(config: Record<string, unknown>): void {
  if (config.num_worker === undefined) config.num_worker = config.num_workers;
  // A secret that is mounted as a file often ends in a line break, with which no one else would come to the same hashes.
  if (typeof config.hash_salt === 'string') config.hash_salt = config.hash_salt.trim();
  for (const [key, value] of Object.entries(config)) {
    if (value === null || value === undefined || value === '') delete config[key];
  }
  for (const entry of Array.isArray(config.objects) ? config.objects : []) {
    if (isObject(entry) && typeof entry.history === 'boolean') entry.history = entry.history ? [EVERY_PROPERTY] : [];
  }
  nameTheCredentials(config);
}

/** Infers the credentials_title, which people leave out of configurations written by hand, from the other options. */
function nameTheCredentials({ credentials }: Record<string, unknown>): void {
  if (!isObject(credentials) || credentials.credentials_title !== undefined) return;
  if (credentials.access_token !== undefined) credentials.credentials_title = 'Private App Credentials';
  else if (credentials.refresh_token !== undefined) credentials.credentials_title = 'OAuth Credentials';
}

/** The credentials of a valid configuration, registered as secrets. Throws a ConfigError for one that cannot be a token. */
export function parseCredentials(credentials: SourceOptions['credentials']): Credentials {
  const text = (key: string, given: string) => {
    const value = plainToken(given, `credentials.${key}`, 'HubSpot');
    if (value === '') throw new ConfigError(`credentials.${key} is empty. Give the value that HubSpot shows for it.`);
    return value;
  };
  if (credentials.credentials_title === 'Private App Credentials') {
    const accessToken = text('access_token', credentials.access_token);
    registerSecret(accessToken);
    return { kind: 'token', accessToken };
  }
  const clientId = text('client_id', credentials.client_id);
  const clientSecret = text('client_secret', credentials.client_secret);
  const refreshToken = text('refresh_token', credentials.refresh_token);
  registerSecret(clientSecret);
  registerSecret(refreshToken);
  return { kind: 'oauth', clientId, clientSecret, refreshToken };
}

function parseObjects(objects: SourceOptions['objects'] = []): ObjectCriteria[] | null {
  if (objects.length === 0) return null;
  return objects.map((entry, index) => ({
    objectType: entry.object_type.trim(),
    name: entry.name ?? null,
    updatedAfter: parseInstant(entry.updated_after, `objects[${index}].updated_after`),
    filterGroups: complete(entry.filter_groups ?? [], `objects[${index}].filter_groups`),
    properties: entry.properties ?? null,
    excludeProperties: entry.exclude_properties ?? [],
    hashProperties: hashable(entry.hash_properties ?? [], `objects[${index}].hash_properties`),
    associations: entry.associations ?? null,
    history: entry.history ?? null,
  }));
}

/** Throws a ConfigError for a filter that HubSpot could not apply. */
function complete(groups: FilterGroup[], path: string): FilterGroup[] {
  refuseIncomplete(groups, path);
  return groups;
}

/** Throws a ConfigError for a property without which rows could not be told apart, put in order or followed through merges. */
function hashable(names: string[], path: string): string[] {
  const [index, name] = [...names.entries()].find(([, each]) => NEVER_HASHED.includes(each)) ?? [];
  if (name === undefined) return names;
  throw new ConfigError(
    `${path}[${index}]: "${name}" cannot be hashed, as records also have it as their id, time or merges. Take it out of the list.`,
  );
}

/** Throws a ConfigError where something is to be hashed and there is no salt. */
function parseSalt({ hash_salt: salt, objects = [], sensitive }: SourceOptions): string | null {
  if (salt !== undefined) {
    registerSecret(salt);
    return salt;
  }
  const index = objects.findIndex(({ hash_properties: names = [] }) => names.length > 0);
  const what = index >= 0 ? `objects[${index}].hash_properties` : 'sensitive: "hash"';
  if (index < 0 && sensitive !== 'hash') return null;
  throw new ConfigError(
    `hash_salt is missing, without which ${what} cannot hash. Give a long random text, such as \`openssl rand -hex 32\` makes, and keep it: with another one all hashes change.`,
  );
}

/** By default a stream's name has the objects' names as given, as in source-hubspot. */
function parseAssociations(entries: SourceOptions['association_streams'], option: string): AssociationCriteria[] {
  return entries.map((entry, index) => {
    const fromObject = entry.from_object.trim();
    const toObject = entry.to_object.trim();
    const name = entry.stream_name?.trim() || `associations_${fromObject}_${toObject}`;
    return { fromObject, toObject, name, path: `${option}[${index}]` };
  });
}

/** Parses a date or instant whose form the schema has checked. Throws a ConfigError for one that is not in the calendar. */
export function parseInstant(value: string | undefined, path: string): Instant | null {
  if (value === undefined || value === '') return null;
  const time = timeOf(value);
  const day = value.slice(0, 10);
  if (Number.isNaN(time) || instantOf(time).slice(0, 10) !== day) {
    throw new ConfigError(`${path} should be a date of the calendar, but is "${value}".`);
  }
  // There are no records from before HubSpot existed, and its search fails for instants near 1970.
  return time < EARLIEST ? null : instantOf(time);
}

function effectiveLookback(minutes: number): number {
  if (minutes >= LEAST_LOOKBACK_MINUTES) return minutes;
  log.info(
    `lookback_window is ${minutes} minutes; ${LEAST_LOOKBACK_MINUTES} are used, because HubSpot's search shows changes late.`,
  );
  return LEAST_LOOKBACK_MINUTES;
}
