import fc from 'fast-check';
import type { Portal } from '../../../src/sandbox/portal/portal.js';
import type { PortalRules } from '../../../src/sandbox/portal/rules.js';

const KINDS = [
  ...['edit', 'editMany', 'touch', 'create', 'merge', 'archive', 'archiveMany', 'restore', 'restore'],
  ...['enter', 'leave', 'link', 'unlink'],
] as const;

/** A change of the portal. `pick` and `other` choose among the records that it can befall. */
export interface Change {
  kind: (typeof KINDS)[number];
  pick: number;
  other: number;
}

export const changes: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(...KINDS),
  pick: fc.nat(9999),
  other: fc.nat(9999),
});

/** What a change did. */
export interface Done {
  /** Records that count as modified. */
  modified: readonly string[];
  restored: string | null;
  /** Takes the change back; null where HubSpot knows no way. Returns what that did. */
  undo: (() => Done) | null;
}

/** Changes the contacts of a portal. */
export class PortalChanges {
  /**
   * Records that took others in since the portal was last read, and when: HubSpot may tell nobody of those once it goes away
   * itself.
   */
  readonly survivors = new Map<string, number>();
  readonly #portal: Portal;
  readonly #rules: Partial<PortalRules>;
  #edits = 0;

  constructor(portal: Portal, rules: Partial<PortalRules>) {
    this.#portal = portal;
    this.#rules = rules;
  }

  /** @param mayRestore whether an archived record may be restored now */
  make({ kind, pick, other }: Change, mayRestore: (id: string) => boolean): Done {
    const portal = this.#portal;
    const { live, archived: all } = portal.truth('contacts');
    const archived = all.filter(({ id }) => mayRestore(id));
    const one = live[pick % live.length]?.id as string;
    const many = live.slice(pick % live.length, (pick % live.length) + (other % 140) + 1).map((record) => record.id);
    this.#edits += 1;
    const values = { firstname: `Edit ${this.#edits}` };
    const binned = archived[pick % Math.max(1, archived.length)]?.id;
    if (kind === 'edit') return this.#edit(one, 'firstname', values.firstname);
    // Nothing but the time of the last update changes.
    if (kind === 'touch') portal.edit('contacts', one, {});
    if (kind === 'editMany') portal.edit('contacts', many, values);
    if (kind === 'editMany') return { modified: many, restored: null, undo: null };
    if (kind === 'create') return { modified: [portal.create('contacts', values)], restored: null, undo: null };
    if (kind === 'archive') return this.archive([one], mayRestore);
    if (kind === 'archiveMany' && live.length > many.length + 10) return this.archive(many, mayRestore);
    if (kind === 'restore' && binned !== undefined) return this.restore(binned, mayRestore);
    if (kind === 'enter') return this.#edit(one, 'email', 'enters@example.com');
    if (kind === 'leave') return this.#edit(one, 'email', '');
    if (kind === 'link' || kind === 'unlink') {
      const companies = portal.truth('companies').live;
      return this.link(one, companies[other % companies.length]?.id as string, kind === 'link');
    }
    if (kind === 'merge') return this.#merge(one, live[other % live.length]?.id as string);
    return { modified: kind === 'touch' ? [one] : [], restored: null, undo: null };
  }

  #isLive(id: string): boolean {
    return this.#portal.truth('contacts').live.some((record) => record.id === id);
  }

  #edit(id: string, name: 'firstname' | 'email', value: string): Done {
    const found = this.#portal.truth('contacts', { properties: [name] }).live.find((record) => record.id === id);
    const before = found?.properties[name] ?? '';
    this.#portal.edit('contacts', id, { [name]: value });
    const undo = () => (this.#isLive(id) ? this.#edit(id, name, before) : NOTHING);
    return { modified: [id], restored: null, undo };
  }

  archive(ids: readonly string[], mayRestore: (id: string) => boolean): Done {
    this.#portal.archive('contacts', ids);
    const [first] = ids as [string];
    return { modified: [], restored: null, undo: () => this.restore(first, mayRestore) };
  }

  restore(id: string, mayRestore: (id: string) => boolean): Done {
    const isThere = this.#portal.truth('contacts').archived.some((record) => record.id === id);
    if (!isThere || !mayRestore(id)) return NOTHING;
    this.#portal.restore('contacts', id);
    const undo = () => (this.#isLive(id) ? this.archive([id], mayRestore) : NOTHING);
    return { modified: this.#rules.restoreBumps ? [id] : [], restored: id, undo };
  }

  /** @param isSilent whether the record does not count as modified: no increment looks at it for that */
  link(id: string, company: string, isLinked: boolean, isSilent = false): Done {
    if (isLinked) this.#portal.associate('contacts', id, 'companies', company);
    else this.#portal.dissociate('contacts', id, 'companies', company);
    if (!isSilent) this.#portal.edit('contacts', id, {});
    const undo = () => (this.#isLive(id) ? this.link(id, company, !isLinked) : NOTHING);
    return { modified: isSilent ? [] : [id], restored: null, undo };
  }

  #merge(survivor: string, loser: string): Done {
    const goes = this.#rules.mergeInto === 'new-record' ? [survivor, loser] : [loser];
    if (survivor === loser) return NOTHING;
    if (this.#rules.mergeChain === 'direct' && goes.some((id) => this.survivors.has(id))) return NOTHING;
    const merged = this.#portal.merge('contacts', survivor, loser);
    this.survivors.set(merged, this.#portal.clock.now());
    return { modified: [merged], restored: null, undo: null };
  }
}

const NOTHING: Done = { modified: [], restored: null, undo: null };
