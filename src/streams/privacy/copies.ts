import { standardObject } from '../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { log } from '../../log.js';
import type { PortalFacts } from '../core/stream.js';
import { entryProperties } from './entry-properties.js';
import type { HashedProperties } from './hashed-properties.js';

/**
 * Where HubSpot repeats values, as portals show it; docs/privacy.md lists the same. Other copies, such as those that a portal's workflows make,
 * only its owner knows.
 */

const PREVIEWS = ['hs_body_preview', 'hs_body_preview_html'];
const NAME_OR_EMAIL = 'hs_full_name_or_email';

/** By property, those of the same record that HubSpot works out from it, or keeps beside it. */
export const COPIES: Readonly<Record<string, readonly string[]>> = {
  email: ['hs_additional_emails', 'hs_email_domain', NAME_OR_EMAIL, 'work_email'],
  firstname: [NAME_OR_EMAIL],
  lastname: [NAME_OR_EMAIL],
  phone: [
    'hs_calculated_phone_number',
    'hs_calculated_phone_number_area_code',
    'hs_searchable_calculated_international_phone_number',
    'hs_searchable_calculated_phone_number',
    'hs_whatsapp_phone_number',
  ],
  mobilephone: [
    'hs_calculated_mobile_number',
    'hs_searchable_calculated_international_mobile_number',
    'hs_searchable_calculated_mobile_number',
    'hs_whatsapp_phone_number',
  ],
  domain: ['hs_additional_domains', 'website'],
  website: ['domain'],
  hs_call_body: PREVIEWS,
  hs_communication_body: PREVIEWS,
  hs_email_html: ['hs_email_text', ...PREVIEWS],
  hs_email_text: ['hs_email_html', ...PREVIEWS],
  hs_email_from_email: ['hs_email_headers'],
  hs_email_to_email: ['hs_email_headers'],
  hs_meeting_body: PREVIEWS,
  hs_note_body: PREVIEWS,
  hs_task_body: PREVIEWS,
};

/** Streams that have what people type or write, of contacts among others. */
const WRITTEN = [
  ...['engagements_calls', 'engagements_emails', 'engagements_meetings', 'engagements_notes', 'communications'],
  ...['engagement_call', 'engagement_email', 'engagement_meeting', 'engagement_note', 'engagement_communication'],
  ...['engagements', 'form_submissions', 'contact_form_submission', 'submission_response', 'conversation_messages'],
  ...['feedback_submissions', 'feedback_submission', 'leads', 'lead'],
];
const ADDRESSED = [
  ...['email_events', 'subscription_changes', 'subscription_statuses', 'sequence_enrollments', 'conversation_actors'],
  ...['email_event', 'email_subscription_change', 'marketing_event_participants'],
];

/** By property of contacts, the streams that have its values. */
export const STREAMS: Readonly<Record<string, readonly string[]>> = {
  email: [...ADDRESSED, ...WRITTEN],
  firstname: ['conversation_actors', ...WRITTEN],
  lastname: ['conversation_actors', ...WRITTEN],
  phone: WRITTEN,
  mobilephone: WRITTEN,
};

/**
 * The properties that are read in clear though they repeat values that are hashed, by the property that they repeat.
 *
 * @param hashed the properties that are to be hashed, whether they are read or not
 */
export function copiesInClear(read: readonly string[], hashed: ReadonlySet<string>): Map<string, string[]> {
  const inClear = (name: string) => read.includes(name) && !hashed.has(name);
  const found = [...hashed].map((name): [string, string[]] => [name, copiesOf(name).filter(inClear)]);
  return new Map(found.filter(([, copies]) => copies.length > 0));
}

function copiesOf(name: string): readonly string[] {
  return Object.hasOwn(COPIES, name) ? (COPIES[name] ?? []) : [];
}

/** Warns of properties that repeat hashed ones of the same record in clear. @param stream its name @param read the properties that it has */
export function adviseOnCopies(
  stream: string,
  read: readonly string[],
  hashed: HashedProperties | null,
  client: HubSpotClient,
): void {
  if (hashed === null) return;
  for (const [name, copies] of copiesInClear(read, hashed.names)) {
    warnOnce(
      client,
      `${name} of "${stream}" is hashed, but HubSpot repeats it in properties that are read in clear: ${copies.join(', ')}. ` +
        'Add them to hash_properties or exclude_properties.',
    );
  }
}

/** Warns of streams that have hashed properties of contacts in clear. @param streams those that are read */
export function adviseOnStreams(
  streams: readonly string[],
  { client, config, known }: Pick<PortalFacts, 'client' | 'config' | 'known'>,
): void {
  const { hashed } = entryProperties(standardObject('contacts'), null, config, known);
  for (const property of new Set(hashed)) {
    const inClear = streams.filter((name) => Object.hasOwn(STREAMS, property) && STREAMS[property]?.includes(name));
    if (inClear.length === 0) continue;
    warnOnce(
      client,
      `${property} of contacts is hashed, but other streams may have it in clear: ${inClear.join(', ')}. ` +
        'Leave them out, or hash what they have of it; docs/privacy.md lists it.',
    );
  }
}

/** What was said; a service has one client for all its rounds. */
const said = new WeakMap<HubSpotClient, Set<string>>();

function warnOnce(client: HubSpotClient, message: string): void {
  const before = said.get(client) ?? new Set();
  if (!before.has(message)) log.warn(message);
  said.set(client, before.add(message));
}
