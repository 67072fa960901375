import type { Portal } from '../portal/portal.js';
import { fraction, hashText } from '../portal/random.js';
import { CrmRecord } from '../portal/record.js';
import type { ObjectType } from '../portal/types/object-types.js';
import { REFERENCE_TIME, SAMPLE_SPAN_MS } from './kit.js';

const DAY_MS = 86_400_000;
/** Of this many records, one is archived, or merged into another. */
const ONE_ARCHIVED_IN = 40;
const ONE_MERGED_IN = 80;

/** Sample records per object type: small, but some of everything. */
const COUNTS: Readonly<Record<string, number>> = {
  contacts: 400,
  companies: 120,
  deals: 150,
  tickets: 90,
  leads: 50,
  products: 40,
  line_items: 220,
  quotes: 40,
  quote_template: 3,
  calls: 120,
  emails: 160,
  meetings: 60,
  notes: 120,
  tasks: 100,
  communications: 40,
  postal_mail: 12,
  feedback_submissions: 30,
  goals: 12,
  orders: 50,
  carts: 30,
  invoices: 45,
  commerce_payments: 40,
  subscriptions: 25,
  discounts: 10,
  fees: 6,
  taxes: 6,
  appointments: 25,
  courses: 8,
  listings: 18,
  services: 25,
  users: 12,
  contracts: 15,
  projects: 15,
  partner_clients: 8,
  partner_services: 8,
  deal_splits: 60,
  vehicles: 80,
  Wartungs_Plan: 45,
};

/**
 * How many records of `type` to make: what `wanted` says for it (by any of its names), else for `*`, else the default.
 */
export function sampleCount(portal: Portal, type: ObjectType, wanted: Readonly<Record<string, number>>): number {
  const named = Object.entries(wanted).find(([name]) => name !== '*' && portal.type(name).id === type.id);
  return named?.[1] ?? wanted['*'] ?? COUNTS[type.name] ?? 0;
}

/** Makes `count` records: older ones have lower ids, and one twentieth came with one import in one millisecond. */
export function sampleRecords(portal: Portal, type: ObjectType, count: number, seed: number): void {
  const store = portal.store(type);
  const salt = hashText(`records of ${type.id}`, seed);
  const spacing = SAMPLE_SPAN_MS / (count + 1);
  const imported = { from: Math.floor(count * 0.1), to: Math.floor(count * 0.15) };
  for (let index = 0; index < count; index++) {
    const id = store.nextId();
    const position = index >= imported.from && index < imported.to ? imported.from : index;
    const jitter = position === index ? fraction(salt, id) : 0;
    const createdAt = Math.floor(REFERENCE_TIME - SAMPLE_SPAN_MS + (position + jitter) * spacing);
    const age = Math.max(0, REFERENCE_TIME - 5_000 - createdAt);
    const modifiedAt = createdAt + (position === index ? Math.floor(age * fraction(salt + 1, id) ** 2) : 1_000);
    store.load(new CrmRecord(id, createdAt, modifiedAt, true));
  }
}

/** Archives some of the sample records and merges others, as if long before anyone looked: when survivors kept their ids. */
export function sampleLosses(portal: Portal, type: ObjectType, seed: number, merges: boolean): void {
  const { records } = portal.store(type);
  const salt = hashText(`losses of ${type.id}`, seed);
  for (let index = 10; index < records.length; index += ONE_ARCHIVED_IN) {
    const record = records[index] as CrmRecord;
    const binnedAt = REFERENCE_TIME - Math.floor(fraction(salt, record.id) * 60 * DAY_MS);
    record.archivedAt = Math.max(binnedAt, record.modifiedAt + 1_000);
  }
  if (!merges) return;
  for (let index = 20; index + 2 < records.length; index += ONE_MERGED_IN) {
    const [last, middle, first] = records.slice(index, index + 3) as [CrmRecord, CrmRecord, CrmRecord];
    // Each other time a chain of two merges.
    if (index % (2 * ONE_MERGED_IN) === 20) mergeInPast(portal, type, middle, first);
    mergeInPast(portal, type, last, middle);
  }
}

function mergeInPast(portal: Portal, type: ObjectType, survivor: CrmRecord, loser: CrmRecord): void {
  const idsOf = (record: CrmRecord) => record.versionAt('hs_merged_object_ids', 0)?.value?.split(';') ?? [];
  const older = portal.rules.mergeChain === 'full' ? idsOf(loser) : [];
  const mergedAt = Math.max(survivor.modifiedAt, loser.modifiedAt) + 1_000;
  portal.links.move(type.id, loser.id, survivor.id);
  loser.mergedInto = survivor.id;
  survivor.absorb(loser, mergedAt, 0);
  survivor.write('hs_merged_object_ids', [...idsOf(survivor), ...older, String(loser.id)].join(';'), mergedAt, 0);
  survivor.modifiedAt = mergedAt;
}
