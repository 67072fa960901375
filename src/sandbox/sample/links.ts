import type { Portal } from '../portal/portal.js';
import { fraction, hashText, mix } from '../portal/random.js';

/** How records of one type are linked to another: the chance of a first, a second and a third link. */
interface LinkPlan {
  readonly from: string;
  readonly to: string;
  readonly chances: readonly number[];
  /** The label of the first link … */
  readonly label?: string;
  /** … in this share of the records (default: all). */
  readonly labelled?: number;
}

/** Labels of the portal's own: from, to, label, its inverse. */
const LABELS: readonly (readonly [string, string, string, string])[] = [
  ['contacts', 'companies', 'Decision maker', 'Has decision maker'],
  ['contacts', 'contacts', 'Colleague', 'Colleague'],
  ['vehicles', 'contacts', 'Driver', 'Drives'],
];

const plan = (from: string, to: string, chances: readonly number[], label?: string, labelled?: number): LinkPlan => ({
  from,
  to,
  chances,
  ...(label !== undefined && { label }),
  ...(labelled !== undefined && { labelled }),
});

const PLANS: readonly LinkPlan[] = [
  plan('contacts', 'companies', [0.85, 0.1], 'Primary'),
  plan('contacts', 'companies', [0.1], 'Decision maker'),
  plan('contacts', 'contacts', [0.03], 'Colleague'),
  plan('deals', 'companies', [0.9, 0.1], 'Primary', 0.95),
  plan('deals', 'contacts', [0.95, 0.5, 0.2]),
  plan('line_items', 'deals', [0.9]),
  plan('line_items', 'quotes', [0.2]),
  plan('tickets', 'contacts', [0.95, 0.1]),
  plan('tickets', 'companies', [0.8], 'Primary'),
  plan('tickets', 'deals', [0.2]),
  plan('leads', 'contacts', [1]),
  plan('leads', 'companies', [0.6]),
  ...['calls', 'emails', 'meetings', 'notes', 'tasks'].flatMap((activity) => [
    plan(activity, 'contacts', [0.95, 0.2]),
    plan(activity, 'companies', [0.7]),
    plan(activity, 'deals', [0.4]),
    plan(activity, 'tickets', [0.1]),
  ]),
  plan('communications', 'contacts', [1]),
  plan('postal_mail', 'contacts', [1]),
  plan('feedback_submissions', 'contacts', [0.9]),
  plan('quotes', 'deals', [0.95]),
  plan('quotes', 'contacts', [0.7]),
  plan('orders', 'contacts', [0.9]),
  plan('carts', 'contacts', [0.8]),
  plan('invoices', 'companies', [0.9]),
  plan('commerce_payments', 'invoices', [0.8]),
  plan('subscriptions', 'contacts', [0.9]),
  plan('appointments', 'contacts', [0.9]),
  plan('courses', 'contacts', [0.9, 0.8, 0.7]),
  plan('listings', 'contacts', [0.5]),
  plan('services', 'companies', [0.8]),
  plan('contracts', 'companies', [0.9]),
  plan('projects', 'companies', [0.8]),
  plan('partner_services', 'partner_clients', [0.9]),
  plan('deal_splits', 'deals', [1]),
  plan('vehicles', 'contacts', [0.8, 0.3], 'Driver', 0.5),
  plan('vehicles', 'companies', [0.4]),
  plan('Wartungs_Plan', 'vehicles', [0.9, 0.3]),
];

/** Links the sample records. The first company gets `hubContacts` contacts, more than a row shows at once. */
export function linkSamples(portal: Portal, seed: number, hubContacts: number): void {
  for (const [from, to, label, inverse] of LABELS) {
    portal.linkTypes.addLabel(portal.type(from), portal.type(to), label, inverse);
  }
  for (const one of PLANS) linkType(portal, one, seed);
  const [hub] = portal.store(portal.type('companies')).records;
  if (hub === undefined) return;
  const connect = connector(portal, 'contacts', 'companies');
  for (const contact of portal.store(portal.type('contacts')).records.slice(0, hubContacts))
    connect(contact.id, hub.id);
}

function linkType(portal: Portal, { from, to, chances, label, labelled = 1 }: LinkPlan, seed: number): void {
  const targets = portal.store(portal.type(to)).records;
  if (targets.length === 0) return;
  const plain = connector(portal, from, to);
  const marked = label === undefined ? plain : connector(portal, from, to, label);
  const salt = hashText(`${from}>${to}:${label ?? ''}`, seed);
  for (const record of portal.store(portal.type(from)).records) {
    chances.forEach((chance, index) => {
      if (fraction(salt + index, record.id) >= chance) return;
      const target = targets[mix(salt + 100 + index, record.id) % targets.length];
      if (target === undefined || (from === to && target.id === record.id)) return;
      const withLabel = index === 0 && fraction(salt + 200, record.id) < labelled;
      (withLabel ? marked : plain)(record.id, target.id);
    });
  }
}

/** A function that links two records both ways, with the types looked up once. */
function connector(portal: Portal, from: string, to: string, label?: string): (id: number, target: number) => void {
  const [here, there] = [portal.type(from), portal.type(to)];
  const forth = portal.linkTypeIds(here, there, label);
  const back = portal.linkTypeIds(there, here, portal.linkTypes.inverseLabel(here, there, label));
  return (id, target) => {
    portal.links.add(here.id, id, there.id, target, forth);
    portal.links.add(there.id, target, here.id, id, back);
  };
}
