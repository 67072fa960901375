/** What became of a record at one moment. The search index shows a record as one of its states, perhaps not the newest. */
export interface State {
  /** When the portal made the change (epoch ms), whatever timestamp the change itself carries. */
  readonly at: number;
  readonly modifiedAt: number;
  readonly archivedAt: number;
  readonly mergedInto: number;
  readonly erased: boolean;
}

/** One value a property has had. `change` is the number of the record's change that wrote it. */
export interface Version {
  readonly value: string | null;
  readonly timestamp: number;
  readonly change: number;
}

/** A record that was merged into another: when, and by which of that one's changes. */
export interface Absorbed {
  readonly record: CrmRecord;
  readonly at: number;
  readonly change: number;
}

/**
 * One CRM record. Sample values are computed from the id when they are read; only what was written since lies in
 * `versions`. Zero stands for "not archived" and "not merged" so that the record stays small.
 */
export class CrmRecord {
  modifiedAt: number;
  archivedAt = 0;
  mergedInto = 0;
  erased = false;
  versions: Map<string, Version[]> | undefined;
  /** The records that were merged into this one, in the order in which that happened. */
  absorbed: Absorbed[] | undefined;
  /** States 0 … `change`; absent while the record is as the sample data made it. */
  log: State[] | undefined;

  constructor(
    readonly id: number,
    readonly createdAt: number,
    modifiedAt: number,
    /** Whether properties nobody wrote have sample values. */
    readonly sampled: boolean,
  ) {
    this.modifiedAt = modifiedAt;
  }

  get live(): boolean {
    return this.archivedAt === 0 && this.mergedInto === 0 && !this.erased;
  }

  /** In the recycle bin: what the lists with `archived=true` return. */
  get binned(): boolean {
    return this.archivedAt !== 0 && this.mergedInto === 0 && !this.erased;
  }

  /** The number of the newest change; 0 before the first. */
  get change(): number {
    return this.log === undefined ? 0 : this.log.length - 1;
  }

  /** Opens a change: the number that its values and its state will carry. */
  nextChange(): number {
    this.log ??= [this.#state(Number.NEGATIVE_INFINITY)];
    return this.log.length;
  }

  /** Closes a change with the record's fields as they are now. */
  commit(at: number): void {
    this.log ??= [];
    this.log.push(this.#state(at));
  }

  /** Writes one value as part of change number `change`. */
  write(name: string, value: string | null, timestamp: number, change: number): void {
    this.versions ??= new Map();
    const versions = this.versions.get(name);
    if (versions === undefined) this.versions.set(name, [{ value, timestamp, change }]);
    else versions.push({ value, timestamp, change });
  }

  /** Takes in `record`, whose versions are in this one's histories from now on. */
  absorb(record: CrmRecord, at: number, change: number): void {
    this.absorbed ??= [];
    this.absorbed.push({ record, at, change });
  }

  /** The version of `name` in force at change number `change`, if it was ever written. */
  versionAt(name: string, change: number): Version | undefined {
    const versions = this.versions?.get(name);
    if (versions === undefined) return undefined;
    for (let index = versions.length - 1; index >= 0; index--) {
      const version = versions[index] as Version;
      if (version.change <= change) return version;
    }
    return undefined;
  }

  modifiedAtChange(change: number): number {
    return this.log?.[change]?.modifiedAt ?? this.modifiedAt;
  }

  #state(at: number): State {
    return {
      at,
      modifiedAt: this.modifiedAt,
      archivedAt: this.archivedAt,
      mergedInto: this.mergedInto,
      erased: this.erased,
    };
  }
}

/** Whether the record was live at its change number `change`. */
export function liveAtChange(record: CrmRecord, change: number): boolean {
  const state = record.log?.[change];
  return state === undefined ? record.live : state.archivedAt === 0 && state.mergedInto === 0 && !state.erased;
}
