import type { Account } from './account.js';
import { Catalog } from './catalog.js';
import { Clock } from './clock.js';
import { Collection, type CollectionOptions } from './collection.js';
import { historyOf, type PastVersion } from './history/history.js';
import { type HistoryTruth, type HistoryTruthOptions, historiesOf } from './history/truth.js';
import { Links } from './links.js';
import { CrmRecord } from './record.js';
import { historyCapOf, type PortalRules } from './rules.js';
import { type RecordView, recordView, type Truth, type TruthOptions, truthOf } from './truth.js';
import type { ObjectType } from './types/object-types.js';
import type { Property, PropertySet } from './types/properties.js';

/** The property in which a survivor names the records merged into it. */
const MERGED_IDS = 'hs_merged_object_ids';

export type Id = string | number;
export type Values = Readonly<Record<string, string | null>>;

export interface ChangeOptions {
  /** The timestamp the change carries (epoch ms), e.g. one for thousands of records; the clock's time by default. */
  at?: number;
  /** For edits: values change but the modified date does not, as when HubSpot recalculates a property. */
  silent?: boolean;
}

export interface LinkOptions {
  /** `Primary` or a label of the portal; without one the records are linked without a label. */
  label?: string;
}

/** A HubSpot portal's truth: what is in it, whatever its API has shown of that so far. Object types go by any of their names. */
export class Portal extends Catalog {
  readonly links = new Links();
  /** What is no CRM object and has a list of its own. */
  readonly collections: Collection[] = [];

  constructor(
    account: Account,
    readonly rules: PortalRules,
    clock: Clock = new Clock(),
  ) {
    super(account, clock);
  }

  addCollection(options: CollectionOptions): Collection {
    const collection = new Collection(options, this.clock);
    this.collections.push(collection);
    return collection;
  }

  /** The collection at a path, as the table of resources has it. @throws RangeError if there is none */
  collectionAt(path: string): Collection {
    const found = this.collections.find(({ options }) => options.path === path);
    if (!found) throw new RangeError(`there is no collection at ${path}`);
    return found;
  }

  /** Creates a record and returns its id. Values of properties that do not exist are refused. */
  create(objectType: string, values: Values = {}, options: ChangeOptions = {}): string {
    const type = this.type(objectType);
    const store = this.store(type);
    const now = this.clock.now();
    const at = options.at ?? now;
    const record = new CrmRecord(store.nextId(), at, at, false);
    this.#write(type, record, values, at, 0);
    record.commit(now);
    store.add(record);
    return String(record.id);
  }

  /** Creates records with sample values; returns their ids. */
  createSamples(objectType: string, count: number, options: ChangeOptions = {}): string[] {
    const store = this.store(this.type(objectType));
    const now = this.clock.now();
    const at = options.at ?? now;
    return Array.from({ length: count }, () => {
      const record = new CrmRecord(store.nextId(), at, at, true);
      record.commit(now);
      store.add(record);
      return String(record.id);
    });
  }

  /** Writes values into live records and sets their modified date. */
  edit(
    objectType: string,
    ids: Id | readonly Id[],
    values: Values | ((id: string) => Values),
    options: ChangeOptions = {},
  ): void {
    const at = options.at ?? this.clock.now();
    this.#change(objectType, ids, 'live', (record, type, change) => {
      this.#write(type, record, typeof values === 'function' ? values(String(record.id)) : values, at, change);
      if (options.silent !== true) record.modifiedAt = at;
    });
  }

  /** Moves records to the recycle bin. HubSpot sets archivedAt and leaves the modified date. */
  archive(objectType: string, ids: Id | readonly Id[], options: ChangeOptions = {}): void {
    const at = options.at ?? this.clock.now();
    this.#change(objectType, ids, 'live', (record, type) => {
      record.archivedAt = at;
      this.#touchLinked(type, record);
    });
  }

  /** Takes records out of the recycle bin. */
  restore(objectType: string, ids: Id | readonly Id[], options: ChangeOptions = {}): void {
    const at = options.at ?? this.clock.now();
    this.#change(objectType, ids, 'binned', (record, type) => {
      record.archivedAt = 0;
      if (this.rules.restoreBumps) record.modifiedAt = at;
      this.#touchLinked(type, record);
    });
  }

  /** Removes records without a trace in any list, as a GDPR erasure does. */
  erase(objectType: string, ids: Id | readonly Id[]): void {
    this.#change(objectType, ids, 'any', (record, type) => {
      record.erased = true;
      this.#touchLinked(type, record);
    });
  }

  /**
   * Merges `loser` into `survivor` and returns the id of the record that goes on: a new one, or the survivor's (`mergeInto`).
   * What went into it is in no list afterwards, not even the archived one; the ids are among its hs_merged_object_ids, and
   * the associations move over.
   */
  merge(objectType: string, survivor: Id, loser: Id, options: ChangeOptions = {}): string {
    if (String(survivor) === String(loser)) throw new Error(`cannot merge record ${loser} into itself`);
    const type = this.type(objectType);
    this.#record(type, loser, 'live');
    if (this.rules.mergeInto === 'new-record') {
      const values = recordView(this.properties(type), this.#record(type, survivor, 'live'), 'all').properties;
      const merged = this.create(type.id, ownValues(this.properties(type), values), options);
      this.#absorb(type, merged, survivor, options);
      this.#absorb(type, merged, loser, options);
      return merged;
    }
    this.#absorb(type, survivor, loser, options);
    return String(survivor);
  }

  /** Links two records in both directions. HubSpot does not touch the modified date of either. */
  associate(fromType: string, from: Id, toType: string, to: Id, options: LinkOptions = {}): void {
    const [here, there] = [this.type(fromType), this.type(toType)];
    const source = this.#record(here, from, 'live');
    const target = this.#record(there, to, 'live');
    this.links.add(here.id, source.id, there.id, target.id, this.linkTypeIds(here, there, options.label));
    this.links.add(
      there.id,
      target.id,
      here.id,
      source.id,
      this.linkTypeIds(there, here, this.linkTypes.inverseLabel(here, there, options.label)),
    );
    this.store(here).touch(source.id);
    this.store(there).touch(target.id);
  }

  /** Unlinks two records, or takes one label off their link. */
  dissociate(fromType: string, from: Id, toType: string, to: Id, options: LinkOptions = {}): void {
    const [here, there] = [this.type(fromType), this.type(toType)];
    const only = (one: ObjectType, other: ObjectType, label: string | undefined) =>
      label === undefined ? undefined : [this.linkTypes.labelled(one, other, label).typeId];
    this.links.remove(here.id, Number(from), there.id, Number(to), only(here, there, options.label));
    this.links.remove(
      there.id,
      Number(to),
      here.id,
      Number(from),
      only(there, here, this.linkTypes.inverseLabel(here, there, options.label)),
    );
    this.store(here).touch(Number(from));
    this.store(there).touch(Number(to));
  }

  /** The association type ids of a link: the unlabelled one, and the label's beside it. */
  linkTypeIds(from: ObjectType, to: ObjectType, label?: string): number[] {
    const unlabelled = this.linkTypes.between(from, to)[0]?.typeId as number;
    return label === undefined ? [unlabelled] : [unlabelled, this.linkTypes.labelled(from, to, label).typeId];
  }

  /** One record as it is now, live or not, with all its values; undefined if it never was or was erased. */
  record(objectType: string, id: Id): RecordView | undefined {
    const type = this.type(objectType);
    const record = this.store(type).find(Number(id));
    if (record === undefined || record.erased) return undefined;
    return recordView(this.properties(type), record, 'all');
  }

  /** What is in the portal now: the oracle for whoever compares a copy with it. */
  truth(objectType: string, options: TruthOptions = {}): Truth {
    const type = this.type(objectType);
    const associations = (options.associations ?? []).map((name) => this.type(name));
    return truthOf(this.store(type), this.properties(type), options.properties ?? [], (record) =>
      Object.fromEntries(associations.map((to) => [to.name, this.linkedIds(type, record.id, to)])),
    );
  }

  /** The versions of a record's property that HubSpot shows now, newest first. */
  history(type: ObjectType, record: CrmRecord, property: Property): PastVersion[] {
    return historyOf(record, property, this.clock.now()).slice(0, historyCapOf(this.rules, type));
  }

  /** All versions of all properties of all records: the oracle for whoever has a copy of the histories. */
  historyTruth(objectType: string, { properties = 'all', capped = false }: HistoryTruthOptions = {}): HistoryTruth {
    const type = this.type(objectType);
    const set = this.properties(type);
    const names = properties === 'all' ? set.all().map(({ name }) => name) : properties;
    const cap = historyCapOf(this.rules, type);
    const wanted = names.flatMap((name) => set.active(name) ?? []);
    const shown = capped ? cap : Number.POSITIVE_INFINITY;
    return historiesOf(this.store(type), wanted, { cap, shown, readAt: this.clock.now() });
  }

  /** The ids of the live records of type `to` that record `id` is linked to, ascending. */
  linkedIds(type: ObjectType, id: number, to: ObjectType): string[] {
    const store = this.store(to);
    const live = this.links.of(type.id, id, to.id).filter((link) => store.find(link.to)?.live);
    return live.map((link) => String(link.to));
  }

  #absorb(type: ObjectType, survivorId: Id, loserId: Id, options: ChangeOptions): void {
    const at = options.at ?? this.clock.now();
    const survivor = this.#record(type, survivorId, 'live');
    const loser = this.#record(type, loserId, 'live');
    const ids = this.#mergedIds(survivor);
    if (this.rules.mergeChain === 'full') ids.push(...this.#mergedIds(loser));
    this.#change(type.id, loser.id, 'live', (record) => {
      this.#touchLinked(type, record);
      this.links.move(type.id, record.id, survivor.id);
      record.mergedInto = survivor.id;
    });
    this.#change(type.id, survivor.id, 'live', (record, _, change) => {
      record.absorb(loser, at, change);
      record.write(MERGED_IDS, [...ids, String(loser.id)].join(';'), at, change);
      record.modifiedAt = at;
    });
  }

  #mergedIds(record: CrmRecord): string[] {
    const value = record.versionAt(MERGED_IDS, record.change)?.value;
    return value ? value.split(';') : [];
  }

  /** Rows of the records linked to this one show it, or no longer. */
  #touchLinked(type: ObjectType, record: CrmRecord): void {
    for (const otherTypeId of this.links.targets(type.id)) {
      const store = this.store(this.type(otherTypeId));
      for (const link of this.links.of(type.id, record.id, otherTypeId)) store.touch(link.to);
    }
  }

  #change(
    objectType: string,
    ids: Id | readonly Id[],
    wanted: 'live' | 'binned' | 'any',
    apply: (record: CrmRecord, type: ObjectType, change: number) => void,
  ): void {
    const type = this.type(objectType);
    const store = this.store(type);
    const now = this.clock.now();
    for (const id of typeof ids === 'object' ? ids : [ids]) {
      const record = this.#record(type, id, wanted);
      apply(record, type, record.nextChange());
      record.commit(now);
      store.touch(record.id);
    }
  }

  #record(type: ObjectType, id: Id, wanted: 'live' | 'binned' | 'any'): CrmRecord {
    const record = this.store(type).find(Number(id));
    const fits = record !== undefined && (wanted === 'any' ? !record.erased : record[wanted]);
    if (!fits) throw new Error(`${type.name} has no ${wanted === 'binned' ? 'archived' : wanted} record ${id}`);
    return record;
  }

  #write(type: ObjectType, record: CrmRecord, values: Values, at: number, change: number): void {
    const set = this.properties(type);
    // All are checked before the first is written: a change is made whole or not at all.
    for (const name of Object.keys(values)) {
      if (set.get(name).system !== undefined) throw new Error(`the portal itself fills ${name}`);
    }
    for (const [name, value] of Object.entries(values)) record.write(name, value, at, change);
  }
}

/** The values that a merge carries into a new record: those somebody once wrote. */
function ownValues(set: PropertySet, values: Values): Values {
  const kept = Object.entries(values).filter(([name, value]) => {
    const definition = set.find(name);
    return value !== null && definition?.system === undefined && !definition?.calculated && name !== MERGED_IDS;
  });
  return Object.fromEntries(kept);
}
