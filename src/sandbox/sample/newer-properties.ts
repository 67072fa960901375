import type { PropertyPlan } from './context.js';

const contracts: PropertyPlan = (kit) => [
  kit.text('hs_name', 'Name', kit.pools.phrases, { empty: 0 }),
  kit.choice('hs_status', 'Status', ['DRAFT', 'ACTIVE', 'EXPIRED', 'TERMINATED'], { empty: 0 }),
  kit.date('hs_start_date', 'Start date', { empty: 0 }),
  kit.date('hs_end_date', 'End date', { aheadDays: 700 }),
  kit.number('hs_total_value', 'Total value', 200_000, 2),
];

const projects: PropertyPlan = (kit) => [
  kit.text('hs_name', 'Name', kit.pools.phrases, { empty: 0 }),
  kit.text('hs_description', 'Description', kit.pools.sentences, { fieldType: 'textarea', empty: 0.3 }),
  kit.choice('hs_status', 'Status', ['ON_TRACK', 'AT_RISK', 'OFF_TRACK', 'DONE']),
  kit.date('hs_target_due_date', 'Target due date', { aheadDays: 200 }),
];

const partnerClients: PropertyPlan = (kit) => [
  kit.text('hs_name', 'Name', kit.pools.companies, { empty: 0 }),
  kit.text('hs_domain', 'Domain', kit.pools.domains),
  kit.number('hs_total_mrr', 'Total MRR', 5_000, 2),
];

const partnerServices: PropertyPlan = (kit) => [
  kit.text('hs_name', 'Name', kit.pools.phrases, { empty: 0 }),
  kit.choice('hs_status', 'Status', ['OPEN', 'IN_PROGRESS', 'CLOSED']),
];

/** Objects that came to the API in 2026, by the name of the object type. The names of their properties are plausible, not known. */
export const NEWER_PROPERTIES: Readonly<Record<string, PropertyPlan>> = {
  contracts,
  projects,
  partner_clients: partnerClients,
  partner_services: partnerServices,
};
