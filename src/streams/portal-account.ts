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

/** Requests the portal's id, and sets the client's daily reset by its time zone. @returns null: HubSpot does not report it */
export async function identifyPortal(client: HubSpotClient): Promise<number | null> {
  try {
    const { portalId, timeZone } = await readAccount(client);
    if (timeZone) client.dailyResetsAt = () => nextMidnight(timeZone, client.clock.now());
    return Number.isFinite(portalId) ? portalId : null;
  } catch (error) {
    // If the daily limit is exhausted, each stream reports that itself.
    const isTolerable = [MissingScopesError, RequestError, DailyLimitError].some((kind) => error instanceof kind);
    if (!isTolerable) throw error;
    log.debug(`HubSpot does not say whose portal this is: ${asHubflakeError(error).message}`);
    return null;
  }
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
    else log.warn(`Which custom objects there are could not be learned: ${error.message}`);
    return error;
  }
}
