import type { Histories, ObjectRow, Version } from '../../../hubspot/api/object-row.js';
import { log } from '../../../log.js';
import { jsonText } from '../../../protocol/encode.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { type EpochMs, type Instant, timeOf } from '../../../time.js';
import type { EncodedRecord } from '../../core/sink.js';
import { utcText } from '../../layouts/fivetran-layout.js';
import type { HashedProperties } from '../../privacy/hashed-properties.js';
import { fitting } from '../../strategies/fitting.js';
import { encodeFitted } from '../../strategies/marks.js';
import type { JsonMemory } from '../reading/object-reading.js';
import { missingIn, packHashes } from '../run/fingerprint.js';
import type { ArchivedRecord, Emit, LiveRecord, ObjectOutput, Occasion, OutputPort } from '../run/object-output.js';
import { CalculatedValues, EmittedVersions } from './emitted-versions.js';
import type { HistoryForm, RecordVersion } from './history-form.js';
import { changedVersions, heldValue, heldVersions, mostKept } from './versions.js';

/** What a stream of past values selects. */
export interface HistorySelection {
  stream: string;
  /** The object's name. */
  object: string;
  /** The properties in question. */
  names: readonly string[];
  /** Those of them whose values HubSpot works out. */
  calculated: ReadonlySet<string>;
  /** Versions that ended before are left out; null: none are. */
  from: Instant | null;
  /**
   * Whether the object has filters: a record may match them for the first time, so that all its versions count as new.
   */
  isFiltered: boolean;
  /** The properties whose values are replaced by hashes; null: none. */
  hashed: HashedProperties | null;
  form: HistoryForm;
}

/**
 * The versions of an object's properties: all that HubSpot keeps of a record that is read for the first time, later those set since. They
 * never change, so there are no tombstones; what is archived or merged away keeps its history.
 */
export class HistoryOutput implements ObjectOutput {
  readonly ownsSelection = false;
  readonly #selection: HistorySelection;
  readonly #now: () => EpochMs;
  /** What {@link historyShortage} compares. */
  readonly #identity: JsonObject;
  readonly #fitted;
  readonly #emitted: EmittedVersions;
  readonly #calculated: CalculatedValues;
  /** How many properties, counted by record, had more versions since the last read than HubSpot keeps. */
  #incomplete = 0;
  /** The records that they are of. */
  readonly #incompleteRecords = new Set<string>();

  constructor(selection: HistorySelection, memory: JsonMemory, now: () => EpochMs) {
    this.#selection = selection;
    this.#now = now;
    this.#identity = { names: packHashes(markedNames(selection)), form: formName(selection.form) };
    this.#fitted = fitting(selection.form.schema);
    this.#emitted = new EmittedVersions(memory?.versions);
    this.#calculated = new CalculatedValues(memory?.calculated);
  }

  publicState(cursor: string): JsonObject {
    const { cursorField, publicCursor } = this.#selection.form;
    return { [cursorField]: publicCursor(cursor) };
  }

  async live(records: readonly LiveRecord[], occasion: Occasion, emit: Emit, rememberFrom: EpochMs): Promise<void> {
    // A backfill of another output's properties.
    if (occasion.is === 'values') return;
    const { since, reached } = occasion.is === 'changes' ? occasion : { since: null, reached: null };
    for (const { row, histories, hasNewMerges, isRestored } of records) {
      if (reached !== null) this.#countIncomplete(row, histories, reached);
      // What was merged into it brought older versions; of what was archived they may never have been read.
      const from = hasNewMerges || isRestored || this.#selection.isFiltered ? null : since;
      await this.#emitOf(row.id, histories, false, from, emit, rememberFrom);
    }
  }

  async archived(
    records: readonly ArchivedRecord[],
    since: Instant | null,
    emit: Emit,
    rememberFrom: EpochMs,
  ): Promise<void> {
    for (const { row, histories } of records) {
      await this.#emitOf(row.id, histories, true, since, emit, rememberFrom);
    }
  }

  async #emitOf(
    id: string,
    histories: Histories | null,
    archived: boolean,
    since: Instant | null,
    emit: Emit,
    rememberFrom: EpochMs,
  ): Promise<void> {
    const { names, form } = this.#selection;
    const found: { version: RecordVersion; content: string; record: EncodedRecord }[] = [];
    for (const property of names) {
      for (const held of this.#versionsOf(id, property, histories, since)) {
        const version = { ...held, id, property, archived };
        const data = form.data(version);
        const synced = form.synced === undefined ? {} : { [form.synced]: utcText(this.#now()) };
        const record = encodeFitted(this.#fitted({ ...data, ...synced }));
        const content = form.synced === undefined ? record.data : jsonText(data);
        if (!this.#emitted.has(content)) found.push({ version, content, record });
      }
    }
    await emit(found, ({ record }) => record);
    for (const { version, content } of found) {
      if (version.at >= rememberFrom) this.#emitted.add(content, version.at);
      if (this.#selection.calculated.has(version.property)) {
        this.#calculated.note(id, version.property, heldValue(version.version));
      }
    }
  }

  /**
   * Counts properties that have lost versions: HubSpot lists as many as it keeps, and all were set after `reached`, the
   * instant up to which versions were read before.
   */
  #countIncomplete({ id, createdAt }: ObjectRow, histories: Histories | null, reached: Instant): void {
    const { names, object } = this.#selection;
    for (const property of names) {
      const listed = listedOf(histories, property);
      if (listed.length < mostKept(object)) continue;
      const oldest = heldVersions(listed)[0]?.at ?? timeOf(reached);
      // A version as old as the record is its first one: none is lost.
      if (oldest <= timeOf(reached) || oldest <= timeOf(createdAt ?? '')) continue;
      this.#incomplete += 1;
      this.#incompleteRecords.add(id);
    }
  }

  #versionsOf(id: string, property: string, histories: Histories | null, since: Instant | null) {
    const { calculated, from, form, hashed } = this.#selection;
    const listed = listedOf(histories, property);
    if (listed.length === 0) return [];
    const all = heldVersions(hashed?.versionsOf(property, listed) ?? listed);
    const isCalculated = calculated.has(property);
    const held = isCalculated ? changedVersions(all) : all;
    const begin = since === null ? Number.NEGATIVE_INFINITY : timeOf(since);
    const first = held.findIndex(({ at }) => at >= begin);
    if (first === -1) return [];
    // The version before has its end only now. With a start date it may be the first one that counts.
    const start = form.hasValidity || from !== null ? Math.max(0, first - 1) : first;
    const wanted = held.slice(start).filter(({ until }) => from === null || until === null || until > timeOf(from));
    const last = wanted.at(-1);
    const isKnown = isCalculated && last && this.#calculated.isUnchanged(id, property, heldValue(last.version));
    return isKnown ? wanted.slice(0, -1) : wanted;
  }

  memory(closingFrom: EpochMs | null): JsonObject {
    return {
      ...this.#identity,
      ...(closingFrom === null ? {} : { versions: this.#emitted.toJson(closingFrom) }),
      calculated: closingFrom === null ? this.#calculated.before : this.#calculated.toJson(),
    };
  }

  end(port: OutputPort): void {
    if (this.#incomplete === 0) return;
    port.incompleteHistories(this.#incomplete);
    const { stream, object } = this.#selection;
    const [properties, records] = [this.#incomplete, this.#incompleteRecords.size];
    log.warn(
      `${stream}: ${count(properties, 'property', 'properties')} of ${count(records, 'record', 'records')} had more versions since the last sync ` +
        `than the ${mostKept(object)} that HubSpot keeps. Older ones are lost; sync more often to have all.`,
    );
  }
}

/**
 * Why what a history's state has is not enough, as a clause; null: it is.
 *
 * @param createdAt when a property was created, if HubSpot says so: those created since have no older versions
 * @param cursor up to which instant the history was read
 */
export function historyShortage(
  selection: HistorySelection,
  memory: JsonMemory,
  createdAt: (name: string) => string | null,
  cursor: string | null,
): string | null {
  const { names, form, hashed } = selection;
  // A state of source-hubspot, from which it goes on; but what it has in clear is replaced.
  if (memory === null) {
    const inClear = names.filter((name) => hashed?.names.has(name));
    return inClear.length === 0 ? null : `${listed(inClear)} hashed now`;
  }
  if (memory.form !== formName(form)) return 'its columns were changed';
  const isOlder = (name: string) => !(timeOf(createdAt(name) ?? '') >= timeOf(cursor ?? ''));
  const missing = new Set(missingIn(String(memory.names), markedNames(selection)));
  const added = names.filter((name) => missing.has(hashed?.marked(name) ?? name) && isOlder(name));
  if (added.length === 0) return null;
  return added.some((name) => hashed?.names.has(name))
    ? `${listed(added)} added, hashed, or hashed with another salt`
    : `${listed(added)} added, or ${added.length > 1 ? 'are' : 'is'} no longer hashed`;
}

/** Names, as the subject of a clause. */
function listed(names: readonly string[]): string {
  return `${names.length > 3 ? `${names.length} properties` : names.join(', ')} ${names.length > 1 ? 'were' : 'was'}`;
}

/** The properties' names, with how their values are hashed. */
function markedNames({ names, hashed }: HistorySelection): string[] {
  return names.map((name) => hashed?.marked(name) ?? name);
}

/** What tells a form from others. */
function formName({ schema }: HistoryForm): string {
  return packHashes([Object.keys(schema).join('\n')]);
}

/** A property's versions as HubSpot lists them. */
function listedOf(histories: Histories | null, property: string): readonly Version[] {
  // A property may be called `constructor`.
  const listed = histories !== null && Object.hasOwn(histories, property) ? histories[property] : undefined;
  return Array.isArray(listed) ? listed : [];
}

function count(number: number, one: string, several: string): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : several}`;
}
