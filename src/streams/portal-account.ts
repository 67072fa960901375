import type { SourceConfig } from '../config/source.js';
import {
  asHubflakeError,
  ConfigError,
  CredentialsError,
  DailyLimitError,
  type HubflakeError,
  InternalError,
  MissingScopesError,
  RequestError,
  StoppedError,
} from '../errors.js';
import { nextMidnight, readAccount, readCustomSchemas } from '../hubspot/api/metadata.js';
import { CUSTOM_SCHEMAS_SCOPE, customObjectType, type ObjectType } from '../hubspot/api/object-types.js';
import type { HubSpotClient } from '../hubspot/client/client.js';
import { log } from '../log.js';
import { LocalDates } from './layouts/local-dates.js';

/** Whose portal a token is for. */
export interface PortalIdentity {
  /** null: HubSpot does not report it. */
  id: number | null;
  /** An IANA name; null: HubSpot does not report it. */
  timeZone: string | null;
  /** Why HubSpot does not report them; null: it does. */
  obstacle: HubflakeError | null;
}

/** Requests the portal's id and time zone, by which it sets the client's daily reset. */
export async function identifyPortal(client: HubSpotClient): Promise<PortalIdentity> {
  try {
    const { portalId, timeZone } = await readAccount(client);
    if (timeZone) client.dailyResetsAt = () => nextMidnight(timeZone, client.clock.now());
    return { id: Number.isFinite(portalId) ? portalId : null, timeZone, obstacle: null };
  } catch (error) {
    // If the daily limit is exhausted, each stream reports that itself.
    const isTolerable = [MissingScopesError, RequestError, DailyLimitError].some((kind) => error instanceof kind);
    if (!isTolerable) throw error;
    const obstacle = asHubflakeError(error);
    log.debug(`HubSpot does not say whose portal this is: ${obstacle.message}`);
    return { id: null, timeZone: null, obstacle };
  }
}

/** The local dates of a portal; null: none are wanted. Throws a ConfigError if its time zone is not known, or what kept it from being told. */
export function localDatesOf(
  { timeZone, obstacle }: PortalIdentity,
  { localDates }: Pick<SourceConfig, 'localDates'>,
): LocalDates | null {
  if (!localDates) return null;
  if (obstacle !== null) throw obstacle;
  if (timeZone !== null && timeZone !== '') return new LocalDates(timeZone);
  throw new ConfigError(
    "local_dates: HubSpot does not tell the portal's time zone, without which there are no local dates. Leave local_dates out.",
  );
}

/** The custom objects, or why they are unknown: then only the streams that need them fail. */
export async function readCustomTypes(client: HubSpotClient): Promise<readonly ObjectType[] | HubflakeError> {
  try {
    return (await readCustomSchemas(client)).map(customObjectType);
  } catch (caught) {
    const error = asHubflakeError(caught);
    const endsAll = [ConfigError, CredentialsError, InternalError, StoppedError].some((kind) => error instanceof kind);
    if (endsAll) throw error;
    if (error instanceof MissingScopesError)
      log.info(`Custom objects are left out: the token lacks the scope ${CUSTOM_SCHEMAS_SCOPE}.`);
    else log.warn(`The custom objects could not be listed: ${error.message}`);
    return error;
  }
}
