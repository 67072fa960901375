import { isObject, memberOf, stringAt } from '../../json.js';
import { type EpochMs, epochMs } from '../../time.js';
import { CALLS } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { paths } from '../client/paths.js';
import { type Endpoint, readItems } from './endpoint.js';
import type { CustomSchema, ObjectType } from './object-types.js';
import { parseAnswer, resultsOf } from './objects.js';

/** A property of an object, as `GET /crm/properties/…` describes it. */
export interface PropertyDefinition {
  name: string;
  label?: string;
  description?: string;
  /** string, enumeration, number, bool, date, datetime, phone_number, json, object_coordinates, or a newer one. */
  type: string;
  /** Whether it is built in, as opposed to the portal's own. */
  hubspotDefined?: boolean;
  /** Whether HubSpot works out its values. */
  calculated?: boolean;
  /** null or missing for many of HubSpot's own. */
  createdAt?: string | null;
}

/** The classes of properties that HubSpot only lists on request. */
export const SENSITIVITIES = ['sensitive', 'highly_sensitive'] as const;
export type Sensitivity = (typeof SENSITIVITIES)[number];

/**
 * The properties of an object in one class. Object streams and those of properties share what HubSpot answers.
 *
 * @param sensitivity the class; null: properties that are not sensitive
 */
export function propertiesEndpoint(type: ObjectType, sensitivity: Sensitivity | null = null): Endpoint {
  return {
    kind: CALLS.properties,
    path: { of: type, at: paths.properties },
    what: `the ${sensitivity === null ? '' : `${sensitivity.replace('_', ' ')} `}properties of ${type.name}`,
    paging: 'none',
    id: null,
    query: sensitivity === null ? {} : { dataSensitivity: sensitivity },
    isShared: true,
    isKept: true,
  };
}

/**
 * The current properties of an object in one class, without archived ones, by name; and the calls that it took.
 *
 * @param sensitivity see {@link propertiesEndpoint}
 */
export async function readProperties(
  client: HubSpotClient,
  type: ObjectType,
  sensitivity: Sensitivity | null = null,
): Promise<{ properties: PropertyDefinition[]; calls: number }> {
  const { items, calls } = await readItems(client, propertiesEndpoint(type, sensitivity));
  const properties = items.flatMap((item: unknown) => (isProperty(item) && isLive(item) ? [item] : []));
  return { properties: properties.sort((a, b) => (a.name < b.name ? -1 : 1)), calls };
}

/** The portal's custom objects. Throws MissingScopesError if the token may not list them. */
export async function readCustomSchemas(client: HubSpotClient): Promise<CustomSchema[]> {
  const call = { kind: CALLS.schemas, path: paths.schemas(), what: 'custom objects' };
  const schemas = await client.call(call, (body) => resultsOf(parseAnswer(body), isCustomSchema));
  return schemas.filter(isLive);
}

function isProperty(value: unknown): value is PropertyDefinition {
  return stringAt(value, 'name') !== undefined;
}

function isCustomSchema(value: unknown): value is CustomSchema {
  return stringAt(value, 'fullyQualifiedName') !== undefined;
}

function isLive(value: unknown): boolean {
  return memberOf(value, 'archived') !== true;
}

/** The type ids of optional objects that are switched off in this portal. */
export async function readDisabledObjects(client: HubSpotClient): Promise<ReadonlySet<string>> {
  const call = { kind: CALLS.enablement, path: paths.enablement(), what: 'the object library', attempts: 2 };
  const answer = await client.call(call, parseAnswer);
  const states = isObject(answer.enablementByObjectTypeId) ? answer.enablementByObjectTypeId : {};
  return new Set(Object.keys(states).filter((typeId) => states[typeId] === false));
}

export interface Account {
  portalId: number;
  /** An IANA name, for example `US/Eastern`. */
  timeZone: string | null;
}

/** The portal that the token belongs to. */
export function readAccount(client: HubSpotClient): Promise<Account> {
  const call = { kind: CALLS.account, path: paths.accountDetails(), what: 'the account' };
  return client.call(call, (body) => {
    const answer = parseAnswer(body);
    return {
      portalId: Number(answer.portalId),
      timeZone: typeof answer.timeZone === 'string' ? answer.timeZone : null,
    };
  });
}

/** The next midnight in `timeZone` after `now`: HubSpot resets the daily limit at midnight in the account's time zone. */
export function nextMidnight(timeZone: string, now: EpochMs): EpochMs | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      hourCycle: 'h23',
    });
  } catch {
    return undefined;
  }
  const part = (time: number) => {
    const values = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
    return ((values.hour ?? 0) * 60 + (values.minute ?? 0)) * 60 + (values.second ?? 0);
  };
  const day = 24 * 60 * 60;
  const guess = now + (day - part(now)) * 1000;
  // If clocks change in between, the estimate is an hour off and is corrected once.
  const off = part(guess);
  const midnight = off === 0 ? guess : guess - (off > day / 2 ? off - day : off) * 1000;
  return epochMs(Math.floor(midnight / 1000) * 1000);
}
