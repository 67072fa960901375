import { EVERY_PROPERTY } from '../../config/source.js';
import { type ObjectType, standardObject } from '../../hubspot/api/object-types.js';
import type { StreamPlan } from '../core/stream.js';
import { DEAL_STAGE_FORM } from '../crm/history/fivetran-forms.js';
import { historyName, historyPlan } from '../crm/history/history-plan.js';
import { objectPlan } from '../crm/object-plan.js';
import type { ReadingPlan } from '../crm/reading/reading-plan.js';
import { ENGAGEMENTS } from '../layouts/fivetran-names.js';
import { engagementPlan } from './engagements.js';
import { type LinksTable, linksPlan } from './links.js';
import { mergesPlan } from './merges.js';

const ENGAGEMENT_OBJECTS = Object.keys(ENGAGEMENTS);

function links(name: string, from: readonly string[], to: string): LinksTable {
  return { name, from, to: standardObject(to) };
}

/**
 * Fivetran's tables of associations. Those of engagements are read from the engagements: where an association is new,
 * so is its engagement.
 */
const LINKS: readonly LinksTable[] = [
  links('deal_company', ['deals'], 'companies'),
  links('deal_contact', ['deals'], 'contacts'),
  links('ticket_company', ['tickets'], 'companies'),
  links('ticket_contact', ['tickets'], 'contacts'),
  links('ticket_deal', ['tickets'], 'deals'),
  links('engagement_company', ENGAGEMENT_OBJECTS, 'companies'),
  links('engagement_contact', ENGAGEMENT_OBJECTS, 'contacts'),
  links('engagement_deal', ENGAGEMENT_OBJECTS, 'deals'),
  links('ticket_engagement', ENGAGEMENT_OBJECTS, 'tickets'),
];

/** The objects whose past values Fivetran has in tables of their own. */
const WITH_HISTORY = ['contacts', 'companies', 'deals', 'tickets'];

/** The tables of past values that are there besides those of these objects. */
export interface AskedHistories {
  /** Of every object of which its entry does not say otherwise. */
  all: boolean;
  /** By name. */
  tables: readonly string[];
}

/** The table of the stages that deals were in, and the one property that it is made of. */
export const DEAL_STAGES = { table: 'deal_stage', property: 'dealstage' };

/** The names of the tables of past values. */
const HISTORY_TABLES = /_property_history$|^deal_stage$/;

/** Whether a table is one of past values, for the group `history`. */
export function isHistory(table: string): boolean {
  return HISTORY_TABLES.test(table);
}

/**
 * All tables of Fivetran's layout that come from records of CRM objects. Those of one object are read together.
 *
 * @param readings the objects, each with its table's name
 * @param asked tables of past values that are asked for
 */
export function planTables(readings: readonly ReadingPlan[], asked: AskedHistories): StreamPlan[] {
  const of = (names: readonly string[]) => readings.filter(({ selection: { type } }) => names.includes(type.name));
  return [
    ...readings.flatMap((reading) => [objectPlan(reading), ...mergesPlan(reading), ...historiesOf(reading, asked)]),
    ...engagementPlan(of(ENGAGEMENT_OBJECTS)),
    ...LINKS.flatMap((table) => {
      const from = of(table.from);
      return from.length === 0 ? [] : [linksPlan(table, from)];
    }),
  ];
}

function historiesOf(reading: ReadingPlan, asked: AskedHistories): StreamPlan[] {
  const { name, type, criteria } = reading.selection;
  const configured = criteria?.history ?? (asked.all || hasHistory(type) ? [EVERY_PROPERTY] : []);
  const isNamed = asked.tables.includes(historyName(name));
  const wanted = isNamed && configured.length === 0 ? [EVERY_PROPERTY] : configured;
  return [
    ...(wanted.length > 0 ? [historyPlan(reading, wanted)] : []),
    ...(type.name === 'deals'
      ? [historyPlan(reading, [DEAL_STAGES.property], DEAL_STAGES.table, DEAL_STAGE_FORM)]
      : []),
  ];
}

function hasHistory({ name }: ObjectType): boolean {
  return WITH_HISTORY.includes(name);
}
