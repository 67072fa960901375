import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import {
  catalogEntry,
  type Estimate,
  type PortalFacts,
  type Stream,
  type StreamPlan,
  type StreamRun,
} from '../core/stream.js';
import { estimateObject } from './estimate.js';
import { readObject } from './object-reader.js';
import { type ObjectSelection, type ObjectStream, openObject } from './object-stream.js';
import { archiveIsRefused } from './run/archive-memory.js';
import { forgetProperties } from './run/fingerprint.js';
import type { ReadOptions } from './run/object-run.js';

/** The lowest subscriptions of HubSpot with objects that not every one has (developers.hubspot.com, scopes). */
const TIERS: Readonly<Record<string, string>> = {
  leads: 'Sales Hub Professional',
  goal_targets: 'Sales Hub Starter, Marketing Hub Professional or Service Hub Professional',
  feedback_submissions: 'Service Hub Professional',
};

/** The plan of a stream of CRM records. */
export function objectPlan(selection: ObjectSelection): StreamPlan {
  const { name, type } = selection;
  return {
    name,
    scopes: type.scopes,
    subject: type.custom ? 'custom' : type.name,
    objectTypeId: type.typeId,
    tier: type.custom ? 'any Hub Enterprise' : TIERS[type.name],
    reading: { increment: 'modified since', calls: '1 for 100, later 1 for 200' },
    probe: async (portal) => void (await portal.firstRow(type)),
    open: async (portal) => new CrmStream(await openObject(selection, portal), portal),
    hiddenDeletions: (state) =>
      type.hiddenDeletions ?? (archiveIsRefused(state) ? 'HubSpot refuses to list archived ones' : null),
  };
}

class CrmStream implements Stream {
  readonly name: string;
  readonly entry;
  readonly #object: ObjectStream;
  readonly #portal: PortalFacts;

  constructor(object: ObjectStream, portal: PortalFacts) {
    const { schema, primaryKey, cursorField } = object.layout;
    this.name = object.name;
    this.entry = catalogEntry(object.name, schema, [primaryKey], cursorField);
    this.#object = object;
    this.#portal = portal;
  }

  async estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const estimate = await estimateObject(this.#portal.client, this.#object, mode, state, this.#options);
    // `definitionCalls` includes a call that the estimate already counts.
    estimate.calls.burst += this.#object.definitionCalls - 1;
    return estimate;
  }

  async read({ state, mode, sink }: StreamRun): Promise<number> {
    const calls = await readObject(this.#portal.client, this.#object, sink, this.#options, state, mode);
    return this.#object.definitionCalls + calls;
  }

  readAgain(state: JsonObject, fields: readonly string[]): JsonObject | null {
    const properties = fields.map((field) => this.#object.layout.propertyOf(field));
    return properties.every((property) => property !== null) ? forgetProperties(state, properties) : null;
  }

  get #options(): ReadOptions {
    return { ...this.#portal.config, portalId: this.#portal.id, chains: this.#portal.chains };
  }
}
