import type { CallKind } from './call.js';

type Service = 'objects' | 'owners' | 'metadata' | 'account';

/** HubSpot's services, of which each counts the day's calls for itself. Calls not named here are of objects. */
const SERVICES: Partial<Record<CallKind, Service>> = {
  owners: 'owners',
  properties: 'metadata',
  schemas: 'metadata',
  pipelines: 'metadata',
  account: 'account',
  usage: 'account',
  recordCounts: 'account',
  enablement: 'account',
};

/**
 * How many calls each service waits for before it learns of those of the others. Objects were seen at 249,593 calls left and
 * owners, a second later, at 249,700 (as live answers show).
 */
const BEHIND: Record<Service, number> = { objects: 1, owners: 128, metadata: 64, account: 32 };

/** The day's calls of the whole account, as its services know of them. */
export class DailyCounts {
  #total = 0;
  readonly #own = new Map<Service, number>();

  get total(): number {
    return this.#total;
  }

  add(kind: CallKind): void {
    const service = serviceOf(kind);
    this.#total++;
    this.#own.set(service, (this.#own.get(service) ?? 0) + 1);
  }

  /** The calls that the service of `kind` knows of: all its own, and most of the others'; of objects, all. */
  knownTo(kind: CallKind): number {
    const service = serviceOf(kind);
    const own = this.#own.get(service) ?? 0;
    const others = this.#total - own;
    return own + others - (others % BEHIND[service]);
  }

  reset(): void {
    this.#total = 0;
    this.#own.clear();
  }
}

function serviceOf(kind: CallKind): Service {
  return SERVICES[kind] ?? 'objects';
}
