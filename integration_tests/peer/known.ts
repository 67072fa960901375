import type { Portal } from '../../src/sandbox/portal/portal.js';
import type { Difference, Row } from './compare.js';
import { isDigits } from './digits.js';
import { STREAMS } from './streams.js';
import { isSurvivor, recordIdOf, timeIn } from './versions.js';

/** Where and when a difference was found. */
export interface Place {
  portal: Portal;
  stream: string;
  /** Epoch ms, from when on the stream was read; null: all of it was. */
  since: number | null;
}

/** A difference that is meant, and its row in docs/compatibility.md. */
export interface Known {
  what: string;
  theirs: string;
  here: string;
  why: string;
  /** The streams that have it, all of them; `some`: whichever. */
  streams: readonly string[] | 'some';
  path: RegExp;
  /** Whether a difference at the path is this one. */
  is(theirs: unknown, ours: unknown, place: Place): boolean;
}

const ENGAGEMENTS = ['calls', 'emails', 'meetings', 'notes', 'tasks'].map((kind) => `engagements_${kind}`);
const CUSTOM = ['vehicles', 'Wartungs_Plan'];
const OBJECTS = ['companies', 'contacts', 'deals', 'tickets', 'leads', 'goals', 'products', 'line_items'];
const CRM = [...OBJECTS, ...ENGAGEMENTS, ...CUSTOM, 'deals_archived'];
/** Streams that are read whole, most of them. */
const WHOLE = ['campaigns', 'contact_lists', 'deal_pipelines', 'email_subscriptions', 'workflows'];
/** Those that come whole once where a state of source-hubspot is taken over. */
export const WHOLE_ONCE = [...WHOLE, 'forms', 'owners', 'owners_archived', 'ticket_pipelines'];
const HISTORIES = ['companies', 'contacts', 'deals'].map((object) => `${object}_property_history`);
const DAY_ZERO = '1970-01-01T00:00:00Z';

const isMissing = (theirs: unknown) => theirs === undefined;
const isExtra = (_: unknown, ours: unknown) => ours === undefined;
const rowOf = (value: unknown) => (value ?? {}) as Row;
/** The object that a history is of. */
const historyOf = (stream: string) => STREAMS.find(({ name }) => name === stream)?.historyOf ?? '';
/** Whether others were merged into the record that a history's row is of. */
const isOfSurvivor = ({ portal, stream }: Place, value: unknown) =>
  isSurvivor(portal, historyOf(stream), recordIdOf(rowOf(value)));
/** The definition in the portal of the property that a history's row is of. */
const propertyOf = ({ portal, stream }: Place, value: unknown) =>
  portal.properties(portal.type(historyOf(stream))).find(String(rowOf(value).property));
const idsOf = (value: unknown) => (Array.isArray(value) ? (value as string[]) : []);

export const KNOWN: readonly Known[] = [
  {
    what: '`archivedAt`, `merged_into`',
    theirs: '–',
    here: 'always there, null on live records',
    why: 'tombstones',
    streams: [...CRM, 'deal_splits'],
    path: /^(schema|record)\.(archivedAt|merged_into)$/,
    is: isMissing,
  },
  {
    what: '`archived`, `archivedAt` of streams that are no CRM objects',
    theirs: '–',
    here: 'always there',
    why: 'tombstones',
    streams: [...WHOLE, 'forms', 'owners', 'ticket_pipelines'],
    path: /^(schema|record)\.(archived|archivedAt)$/,
    is: isMissing,
  },
  {
    what: 'members that are null, at the top level',
    theirs: 'absent',
    here: 'null',
    why: 'an update clears the value that was there',
    streams: 'some',
    path: /^record\.[^.[]+$/,
    is: (theirs, ours) => theirs === undefined && ours === null,
  },
  {
    what: 'numbers of CRM properties',
    theirs: 'nested a float (`12.0`), flattened `12` or a float',
    here: "HubSpot's own digits in both places",
    why: 'no digit is lost',
    streams: [...CRM, 'deal_splits'],
    path: /^record\.properties[._]/,
    is: (theirs, ours) => isDigits(theirs) && isDigits(ours) && Number(theirs.$number) === Number(ours.$number),
  },
  {
    what: '`url` of CRM records',
    theirs: 'passed on, but not in its catalog',
    here: '–',
    why: 'destinations leave out what the catalog does not have; it is made of the ids',
    streams: [...CRM, 'deal_splits'],
    path: /^record\.url$/,
    is: isExtra,
  },
  {
    what: 'association arrays of records without any',
    theirs: 'absent',
    here: 'empty',
    why: 'an association that ends can be seen',
    streams: ['contacts', 'deals', 'deals_archived', 'tickets', 'leads', ...ENGAGEMENTS],
    path: /^record\.(companies|contacts|deals|tickets|line_items)$/,
    is: (theirs, ours) => theirs === undefined && idsOf(ours).length === 0,
  },
  {
    what: 'association arrays',
    theirs: 'the first page of each list; an id twice where it has two labels',
    here: 'complete, each id once',
    why: 'nothing is missing, and a join has no doubles',
    streams: ['companies', 'contacts', 'deals', 'tickets'],
    path: /^record\.(companies|contacts|deals|tickets|line_items)$/,
    is: (theirs, ours) => idsOf(theirs).length > 0 && idsOf(theirs).every((id) => idsOf(ours).includes(id)),
  },
  {
    what: '`contacts` of contacts',
    theirs: 'passed on, but not in its catalog',
    here: '–; as the stream `associations_contacts_contacts`',
    why: 'destinations leave out what the catalog does not have',
    streams: ['contacts'],
    path: /^record\.contacts$/,
    is: isExtra,
  },
  {
    what: '`createdAt`, `updatedAt` of custom objects',
    theirs: '`+00:00`, six digits of a second',
    here: 'as HubSpot writes them, as in all other streams',
    why: 'the same instants',
    streams: CUSTOM,
    path: /^record\.(createdAt|updatedAt)$/,
    is: (theirs, ours) => Date.parse(String(theirs)) === Date.parse(String(ours)),
  },
  {
    what: 'contact_lists: `size`',
    theirs: '–',
    here: 'the number of members',
    why: 'it changes without the list',
    streams: ['contact_lists'],
    path: /^(schema|record)\.size$/,
    is: isMissing,
  },
  {
    what: 'deal_pipelines: `default` in the catalog',
    theirs: 'without a type',
    here: 'boolean',
    why: 'a column needs one',
    streams: ['deal_pipelines'],
    path: /^schema\.default$/,
    is: (theirs, ours) => theirs === '' && ours === 'boolean',
  },
  {
    what: 'deal_pipelines, ticket_pipelines: those that HubSpot made, dated 1970, where there is no `start_date`',
    theirs: 'left out: older than 2006',
    here: 'there',
    why: 'most portals have no others',
    streams: ['deal_pipelines', 'ticket_pipelines'],
    path: /^row$/,
    is: (theirs, ours) => {
      const { updatedAt } = rowOf(ours);
      return theirs === undefined && (updatedAt === DAY_ZERO || (isDigits(updatedAt) && updatedAt.$number === '0'));
    },
  },
  {
    what: 'deal_splits: properties besides amount, percentage and owner',
    theirs: 'all, by an API that HubSpot does not document',
    here: 'those three, and `deals`',
    why: 'what HubSpot documents',
    streams: ['deal_splits'],
    path: /^(schema|record)\.(properties[._]hs_.*|deals)$/,
    is: (theirs, ours) => (theirs === undefined) !== (ours === undefined),
  },
  {
    what: 'deal_splits: of archived deals',
    theirs: 'there',
    here: '–',
    why: 'read by their deals',
    streams: ['deal_splits'],
    path: /^row$/,
    is: isExtra,
  },
  {
    what: 'deals_archived: deals that were archived before the first read',
    theirs: 'there',
    here: '–',
    why: 'a first load is of what is live',
    streams: ['deals_archived'],
    path: /^row$/,
    is: (theirs, ours) => rowOf(theirs).archived === true && ours === undefined,
  },
  {
    what: "deal_splits: the first increment from source-hubspot's state",
    theirs: 'what was updated since',
    here: 'all, once',
    why: 'HubSpot can only be asked by deal; from then on hashes tell what differs',
    streams: ['deal_splits'],
    path: /^row$/,
    is: isMissing,
  },
  {
    what: 'email_subscriptions: increments, `noticedAt`',
    theirs: '–',
    here: 'there',
    why: 'only what differs is sent',
    streams: ['email_subscriptions'],
    path: /^((schema|record)\.noticedAt|modes|cursor)$/,
    is: (theirs) => theirs === undefined || (Array.isArray(theirs) && !theirs.includes('incremental')),
  },
  {
    what: 'forms: those of blog comments',
    theirs: 'left out',
    here: 'there',
    why: 'all forms of the portal',
    streams: ['forms'],
    path: /^row$/,
    is: (theirs, ours) => theirs === undefined && rowOf(ours).formType === 'blog_comment',
  },
  {
    what: 'forms: `properties`, `properties_…`',
    theirs: 'in its catalog, never filled',
    here: '–',
    why: 'HubSpot does not answer any',
    streams: ['forms'],
    path: /^schema\.properties/,
    is: isExtra,
  },
  {
    what: 'owners, owners_archived: `type` (PERSON or QUEUE)',
    theirs: 'passed on, but not in its catalog',
    here: 'in the catalog',
    why: 'destinations leave out what the catalog does not have',
    streams: ['owners', 'owners_archived'],
    path: /^schema\.type$/,
    is: isMissing,
  },
  {
    what: 'deals_archived: fields of properties that the portal does not have',
    theirs: 'in its catalog, and always null',
    here: '–',
    why: 'a stream has the properties that its portal has, as deals has in both',
    streams: ['deals_archived'],
    path: /^schema\.properties_/,
    is: (_, ours) => ours === undefined,
  },
  {
    what: 'form_submissions: key',
    theirs: 'none',
    here: '`formId`, `conversionId`',
    why: 'rows can be merged; a submission without an id has a hash of it',
    streams: ['form_submissions'],
    path: /^key$/,
    is: (theirs) => Array.isArray(theirs) && theirs.length === 0,
  },
  {
    what: 'form_submissions: `formId` of digits alone',
    theirs: 'a number, though its catalog says text',
    here: 'text',
    why: "the catalog's type; HubSpot's form ids have letters, so that it is the sandbox's that show it",
    streams: ['form_submissions'],
    path: /^record\.formId$/,
    is: (theirs, ours) => isDigits(theirs) && theirs.$number === ours,
  },
  {
    what: 'subscription_changes: key',
    theirs: 'none',
    here: '`id`, a hash of the change',
    why: 'a change that is read twice is one row',
    streams: ['subscription_changes'],
    path: /^(key|(schema|record)\.id)$/,
    is: (theirs) => theirs === undefined || idsOf(theirs).length === 0,
  },
  {
    what: 'companies_, deals_property_history: `sourceLabel`',
    theirs: 'passed on, but not in its catalog',
    here: 'in the catalog',
    why: 'destinations leave out what the catalog does not have; it says which app or workflow made a change',
    streams: ['companies_property_history', 'deals_property_history'],
    path: /^schema\.sourceLabel$/,
    is: isMissing,
  },
  {
    what: '…_property_history: values that HubSpot calculates',
    theirs: 'there, in each read as new ones of the time of the read',
    here: '–, unless `history` of the object names them',
    why: 'they tell no more than that somebody asked; where they are named, other values are versions',
    streams: HISTORIES,
    path: /^row$/,
    is: (theirs, ours, place) => ours === undefined && propertyOf(place, theirs)?.calculated === true,
  },
  {
    what: 'contacts_property_history: `lastmodifieddate`',
    theirs: 'there',
    here: '–, unless `history` of the object names it',
    why: 'it repeats the times of all other versions; both leave out `hs_lastmodifieddate` of companies and deals',
    streams: ['contacts_property_history'],
    path: /^row$/,
    is: (theirs, ours, place) => ours === undefined && propertyOf(place, theirs)?.system === 'modified',
  },
  {
    what: '…_property_history: two values of a property with one time, as merges leave them',
    theirs: 'both, the newer first',
    here: 'the newer',
    why: 'they have one key, and a destination may keep the older',
    streams: 'some',
    path: /^again$/,
    is: (theirs, ours, place) => ours !== undefined && isOfSurvivor(place, theirs),
  },
  {
    what: '…_property_history, increments: records that others were merged into',
    theirs: 'values set before its cursor are left out, also those that the merge brought',
    here: "all of them, once; from source-hubspot's state also of earlier merges, where the record was updated since",
    why: 'no value is missing',
    // Which objects have records that were updated within the lookback depends on the time of the day.
    streams: 'some',
    path: /^row$/,
    is: (theirs, ours, place) =>
      HISTORIES.includes(place.stream) &&
      theirs === undefined &&
      place.since !== null &&
      timeIn(rowOf(ours).timestamp) < place.since &&
      isOfSurvivor(place, ours),
  },
];

/** The known difference that this one is; undefined: none. */
export function knownOf(
  { stream, path, theirs, ours }: Difference,
  portal: Portal,
  since: number | null,
): Known | undefined {
  const place = { portal, stream, since };
  return KNOWN.find((known) => isOf(known, stream) && known.path.test(path) && known.is(theirs, ours, place));
}

function isOf({ streams }: Known, stream: string): boolean {
  return streams === 'some' || streams.includes(stream);
}
