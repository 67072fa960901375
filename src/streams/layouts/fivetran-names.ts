import type { ObjectType } from '../../hubspot/api/object-types.js';
import { log } from '../../log.js';

/**
 * The names that Fivetran's connector gives to the columns of properties, as its dbt package and public projects on its tables show them:
 * `property_`, and the internal name in snake case, in which digits are words of their own (`address2` is `property_address_2`).
 */
export function propertyColumn(property: string): string {
  const words = property
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/([a-z])(?=\d)/g, '$1_')
    .replace(/(\d)(?=[a-z])/g, '$1_')
    .replace(/[^a-z0-9_]/g, '_')
    .replace(/_+/g, '_');
  return `property_${words.replace(/^_/, '')}`;
}

/** Columns that are no `property_…`, by property: of deals. */
const OF_DEALS: Readonly<Record<string, string>> = {
  pipeline: 'deal_pipeline_id',
  dealstage: 'deal_pipeline_stage_id',
  hubspot_owner_id: 'owner_id',
};

/**
 * Each property's column. Of two that would share one, the second gets a number, which is said.
 *
 * @param object the object's name
 * @param reserved columns that are no properties
 */
export function propertyColumns(object: string, properties: readonly string[], reserved: readonly string[]): string[] {
  const taken = new Set(reserved);
  return properties.map((property) => {
    const wanted = (object === 'deals' ? OF_DEALS[property] : undefined) ?? propertyColumn(property);
    let name = wanted;
    for (let number = 2; taken.has(name); number += 1) name = `${wanted}_${number}`;
    taken.add(name);
    if (name !== wanted) {
      log.warn(`The property ${property} of ${object} is in the column ${name}: another one is called ${wanted}.`);
    }
    return name;
  });
}

/** The tables of engagements, by object, with the type that they have in `engagement`. */
export const ENGAGEMENTS: Readonly<Record<string, { table: string; type: string }>> = {
  calls: { table: 'engagement_call', type: 'CALL' },
  emails: { table: 'engagement_email', type: 'EMAIL' },
  meetings: { table: 'engagement_meeting', type: 'MEETING' },
  notes: { table: 'engagement_note', type: 'NOTE' },
  tasks: { table: 'engagement_task', type: 'TASK' },
  communications: { table: 'engagement_communication', type: 'COMMUNICATION' },
};

/** The table of an object: its name in the singular, of a custom object as it is. */
export function tableOf(object: ObjectType): string {
  const engagement = ENGAGEMENTS[object.name];
  if (engagement) return engagement.table;
  // Fivetran's `users` are the people who can log in.
  if (object.name === 'users') return 'crm_user';
  return oneOf(object);
}

/** What one record of an object is called. In lower case, as dbt looks for tables in DuckDB; Snowflake's are in capitals anyway. */
function oneOf({ stream, custom }: ObjectType): string {
  return (custom ? stream : singular(stream)).toLowerCase();
}

/** The singular of a plural that HubSpot uses for an object. */
export function singular(plural: string): string {
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`;
  if (/(?:x|ss)es$/.test(plural)) return plural.slice(0, -2);
  return plural.endsWith('s') && !plural.endsWith('ss') ? plural.slice(0, -1) : plural;
}

/** The column with the id of an object's record, in its own table. */
export function idColumn(object: string): string {
  if (object === 'deals') return 'deal_id';
  return Object.hasOwn(ENGAGEMENTS, object) ? 'engagement_id' : 'id';
}

/** The column with the id of an object's record, in other tables. */
export function referenceColumn(object: ObjectType): string {
  return Object.hasOwn(ENGAGEMENTS, object.name) ? 'engagement_id' : `${oneOf(object)}_id`;
}
