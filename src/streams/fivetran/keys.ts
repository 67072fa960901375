import { ENGAGEMENTS } from '../layouts/fivetran-names.js';

/** The keys of the tables of Fivetran's layout, which are those of their streams: `integration_tests/fivetran/keys.test.ts` holds them together. */

const KEYS = new Map<string, readonly string[]>([
  ['deal', ['deal_id']],
  ...Object.values(ENGAGEMENTS).map(({ table }) => [table, ['engagement_id']] as const),
  ['engagement', ['id']],
  ['merged_deal', ['deal_id', 'merged_deal_id']],
  ['contact_merge_audit', ['canonical_vid', 'vid_to_merge']],
  ['ticket_property_history', ['ticket_id', 'name', 'timestamp_instant']],
  ['deal_stage', ['deal_id', '_fivetran_start']],
  ['deal_pipeline', ['pipeline_id']],
  ['deal_pipeline_stage', ['stage_id']],
  ['ticket_pipeline', ['pipeline_id']],
  ['ticket_pipeline_stage', ['pipeline_id', 'stage_id']],
  ['owner', ['owner_id']],
  ['owner_team', ['owner_id', 'team_id']],
  ['users', ['id']],
  ['role', ['id']],
  ['team', ['id']],
  ['team_user', ['team_id', 'user_id']],
  ['property', ['hubspot_object', 'name']],
  ['property_option', ['hubspot_object', 'name', 'value']],
  ['contact_list', ['id']],
  ['contact_list_member', ['contact_list_id', 'contact_id']],
  ['form', ['guid']],
  ['contact_form_submission', ['contact_id', 'conversion_id']],
  ['email_campaign', ['id']],
  ['email_subscription', ['id']],
]);

/** Of associations: the ids of both, the type and who defined it. */
const ASSOCIATION = /^(engagement|deal|ticket)_(company|contact|deal|engagement)$/;

/**
 * The key of a table of Fivetran's layout, by its name and columns in small letters; null where it is not known. The two tables whose key is
 * a hash, `_fivetran_id`, have none that two programs would make alike.
 */
export function fivetranKey(table: string, columns: ReadonlySet<string>): readonly string[] | null {
  const known = KEYS.get(table);
  if (known) return known;
  const [, from, to] = ASSOCIATION.exec(table) ?? [];
  if (from !== undefined) return [`${from}_id`, `${to}_id`, 'type_id', 'category'];
  if (table.endsWith('_property_history')) {
    const id = [...columns].find((column) => /^(?!source_|_).*_id$/.test(column));
    return id === undefined ? null : [id, 'name', 'timestamp'];
  }
  if (/^email_event(_|$)/.test(table)) return ['id'];
  // Any other object, custom ones among them.
  return columns.has('id') && [...columns].some((column) => column.startsWith('property_')) ? ['id'] : null;
}
