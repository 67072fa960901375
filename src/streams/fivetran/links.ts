import { ASSOCIATIONS_LIMIT } from '../../hubspot/api/associations.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import type { EpochMs } from '../../time.js';
import { isGranted } from '../access.js';
import { removal, withRemovals } from '../core/removals.js';
import { catalogEntry, type Estimate, type PortalFacts, type StreamPlan } from '../core/stream.js';
import { stateValue } from '../core/stream-state.js';
import type { AssociationTarget, ObjectStream } from '../crm/object-stream.js';
import { FedStream, type StreamFeed } from '../crm/reading/fed-stream.js';
import type { Feed } from '../crm/reading/object-reading.js';
import type { ReadingPlan } from '../crm/reading/reading-plan.js';
import { readTyped } from '../crm/run/associated.js';
import type { MergedAway } from '../crm/run/merges.js';
import type { ArchivedRecord, Emit, Erased, LiveRecord, ObjectOutput, Occasion } from '../crm/run/object-output.js';
import { ContentRuns, type IdSpan } from '../crm/sweep/content-runs.js';
import { utcText, wholeId } from '../layouts/fivetran-layout.js';
import { ENGAGEMENTS, referenceColumn } from '../layouts/fivetran-names.js';
import { INTEGER, STRING } from '../layouts/property-schema.js';
import { SYNCED } from '../layouts/timestamps.js';
import { openParts, planOfParts } from './parts.js';

/** A table of the associations of some objects' records with those of another. */
export interface LinksTable {
  name: string;
  /** The objects that the associations are read from. */
  from: readonly string[];
  to: ObjectType;
}

/** The columns of a table of associations. */
interface LinkColumns {
  from: string;
  to: string;
  /** The type of the engagement; null: it is none. */
  type: string | null;
}

/** The plan of a table of associations. @param readings those of the objects that they are read from */
export function linksPlan({ name, to }: LinksTable, readings: readonly ReadingPlan[]): StreamPlan {
  const [first, ...others] = readings;
  if (!first) throw new RangeError(`${name} is read from no object`);
  const plan = planOfParts(name, [first, ...others]);
  return {
    ...plan,
    // The associations with an object take its scope, too.
    scopes: [...plan.scopes, ...to.scopes],
    reading: {
      increment: 'of what its object finds modified',
      calls: `1 for ${ASSOCIATIONS_LIMIT.toLocaleString('en')}`,
    },
    open: async (portal) => {
      await requireAccess(to, readings, portal);
      return new LinksStream(name, to, await openParts(name, readings, portal), portal);
    },
    hiddenDeletions: () => null,
  };
}

/** Throws a MissingScopesError if the token may not read associations with an object: that would stop everything that is read with them. */
async function requireAccess(to: ObjectType, readings: readonly ReadingPlan[], portal: PortalFacts): Promise<void> {
  if (await isGranted(portal, { scopes: to.scopes, subject: to.name })) return;
  const from = readings[0]?.selection.type;
  if (!from) return;
  const first = await portal.firstRow(from);
  await readTyped(portal.client, from, to, [first?.id ?? '1']);
}

class LinksStream extends FedStream {
  constructor(name: string, to: ObjectType, objects: readonly ObjectStream[], portal: PortalFacts) {
    const feeds = objects.map((object): StreamFeed => {
      const columns = columnsOf(object.type, to);
      const target = { type: to, field: name, isTyped: true };
      return { part: object.type.name, object, feed: linksFeed(target, columns, portal) };
    });
    const [{ from, to: other, type } = columnsOf(to, to)] = objects.map((object) => columnsOf(object.type, to));
    const schema = {
      [from]: INTEGER,
      [other]: INTEGER,
      type_id: INTEGER,
      category: { ...STRING, description: 'HUBSPOT_DEFINED, USER_DEFINED or INTEGRATOR_DEFINED.' },
      ...(type === null ? {} : { engagement_type: STRING }),
      _fivetran_synced: SYNCED,
    };
    const entry = catalogEntry(name, schema, [from, other, 'type_id', 'category'], '_fivetran_synced');
    super(name, withRemovals(entry, [from]), feeds, portal);
  }

  async estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const calls = (rows: number) => ({ exempt: Math.ceil(rows / ASSOCIATIONS_LIMIT) });
    return {
      ...(await this.estimateFeeds(state, mode, { name: this.name, calls })),
      what: 'with its object',
      rows: null,
    };
  }
}

function columnsOf(from: ObjectType, to: ObjectType): LinkColumns {
  return {
    from: referenceColumn(from),
    to: referenceColumn(to),
    type: ENGAGEMENTS[from.name]?.type ?? null,
  };
}

function linksFeed(target: AssociationTarget, columns: LinkColumns, { client, config }: PortalFacts): Feed {
  return {
    needs: { properties: [], links: [target], histories: [] },
    cursorField: '_fivetran_synced',
    ownsSelection: false,
    output: (stream, memory) => {
      const swept = new ContentRuns('links', false, stateValue.object(memory?.swept));
      return new LinksOutput(stream, target, columns, client, config.sweepEveryHours > 0 ? swept : null);
    },
  };
}

/**
 * The associations of an object's records. Each record's come as a whole, behind a removal of those that it had: the table loses what is gone,
 * and no state has to remember millions of associations.
 */
class LinksOutput implements ObjectOutput {
  readonly ownsSelection = false;
  readonly isSwept = true;
  readonly #stream: ObjectStream;
  readonly #target: AssociationTarget;
  readonly #index: number;
  readonly #columns: LinkColumns;
  readonly #client: HubSpotClient;
  readonly linksOf: string;
  calls = 0;
  /** Records of a first load whose associations are read together, a call for 1,000. */
  #waiting: string[] = [];
  /** Hashes of the associations, by which a sweep tells whose have changed; null: there are no sweeps. */
  readonly #swept: ContentRuns | null;
  /** Records that a sweep has come past, whose associations are read likewise. */
  readonly #passed: { ids: string[]; after: string; upTo: string | null } = { ids: [], after: '0', upTo: '0' };

  constructor(
    stream: ObjectStream,
    target: AssociationTarget,
    columns: LinkColumns,
    client: HubSpotClient,
    swept: ContentRuns | null,
  ) {
    this.#stream = stream;
    this.#target = target;
    this.linksOf = target.field;
    this.#index = stream.associations.indexOf(target);
    this.#columns = columns;
    this.#client = client;
    this.#swept = swept;
  }

  publicState(cursor: string): JsonObject {
    return { _fivetran_synced: cursor };
  }

  get isBehind(): boolean {
    return this.#waiting.length > 0 || this.#passed.ids.length > 0;
  }

  memory(): JsonObject {
    const swept = this.#swept?.toJson() ?? null;
    return swept === null ? {} : { swept };
  }

  async live(records: readonly LiveRecord[], occasion: Occasion, emit: Emit): Promise<void> {
    // Those that a sweep has come past are told of anyway.
    if (occasion.is === 'values' || occasion.is === 'sweep') return;
    if (occasion.is !== 'load') {
      for (const { row } of records) this.#swept?.note(row.id);
      await this.#emit(new Map(records.map(({ row, links }) => [row.id, links[this.#index] ?? []])), emit);
      return;
    }
    this.#swept?.forgetHashes();
    this.#waiting.push(...records.map(({ row }) => row.id));
    while (this.#waiting.length >= ASSOCIATIONS_LIMIT) await this.#read(emit);
  }

  async flush(emit: Emit): Promise<void> {
    while (this.#waiting.length > 0) await this.#read(emit);
    while (this.#passed.ids.length > 0) await this.#compare(emit);
  }

  async swept(ids: readonly string[], span: IdSpan | null, emit: Emit): Promise<void> {
    if (span === null || this.#swept === null) {
      this.#swept?.forgetHashes();
      this.#waiting.push(...ids);
      while (this.#waiting.length >= ASSOCIATIONS_LIMIT) await this.#read(emit);
      return;
    }
    const passed = this.#passed;
    if (passed.ids.length === 0) passed.after = span.after;
    passed.ids.push(...ids);
    passed.upTo = span.upTo;
    while (passed.ids.length >= ASSOCIATIONS_LIMIT) await this.#compare(emit);
  }

  /** Reads the associations of records that a sweep has come past, and emits those of records that may differ. */
  async #compare(emit: Emit): Promise<void> {
    const passed = this.#passed;
    const ids = passed.ids.slice(0, ASSOCIATIONS_LIMIT);
    this.calls += 1;
    const found = await readTyped(this.#client, this.#stream.type, this.#target.type, ids);
    const upTo = ids.length < passed.ids.length ? (ids.at(-1) ?? passed.after) : passed.upTo;
    const records = ids.map((id) => ({ id, hash: [...(found.get(id) ?? [])].sort().join() }));
    // What is carried over would keep the state from being emitted.
    const changed = this.#swept?.take(records, { after: passed.after, upTo }, true) ?? records;
    await this.#emit(new Map(changed.map(({ id }) => [id, found.get(id) ?? []])), emit);
    this.#swept?.settle();
    passed.ids = passed.ids.slice(ids.length);
    passed.after = upTo ?? '0';
  }

  async #read(emit: Emit): Promise<void> {
    const ids = this.#waiting.slice(0, ASSOCIATIONS_LIMIT);
    this.calls += 1;
    await this.#emit(await readTyped(this.#client, this.#stream.type, this.#target.type, ids), emit);
    this.#waiting = this.#waiting.slice(ids.length);
  }

  archived(records: readonly ArchivedRecord[], _: unknown, emit: Emit): Promise<void> {
    return this.#remove(
      records.map(({ row }) => row.id),
      emit,
    );
  }

  merged(_: readonly MergedAway[], owed: readonly MergedAway[], emit: Emit): Promise<void> {
    return this.#remove(
      owed.map(({ id }) => id),
      emit,
    );
  }

  erased(gone: readonly Erased[], emit: Emit): Promise<void> {
    return this.#remove(
      gone.map(({ id }) => id),
      emit,
    );
  }

  left(rows: readonly ObjectRow[], emit: Emit): Promise<void> {
    return this.#remove(
      rows.map(({ id }) => id),
      emit,
    );
  }

  #remove(ids: readonly string[], emit: Emit): Promise<void> {
    return emit(ids, (id) => removal({ [this.#columns.from]: wholeId(id) }));
  }

  async #emit(found: ReadonlyMap<string, readonly string[]>, emit: Emit): Promise<void> {
    const synced = utcText(this.#now());
    const records = [...found].flatMap(([id, links]) => [
      removal({ [this.#columns.from]: wholeId(id) }),
      ...links.map((link) => ({ data: jsonText(this.#rowOf(id, link, synced)), changes: null })),
    ]);
    await emit(records, (record) => record);
  }

  /** @param link see {@link AssociationTarget} */
  #rowOf(id: string, link: string, synced: string): JsonObject {
    const [other = '', typeId = '', category = ''] = link.split(' ');
    const { from, to, type } = this.#columns;
    return {
      [from]: wholeId(id),
      [to]: wholeId(other),
      // Part of the key, which has no nulls.
      type_id: typeId === 'null' ? 0 : Number(typeId),
      category: category === 'null' ? 'HUBSPOT_DEFINED' : category,
      ...(type === null ? {} : { engagement_type: type }),
      _fivetran_synced: synced,
    };
  }

  #now(): EpochMs {
    return this.#client.clock.now();
  }
}
