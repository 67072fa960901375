import { RequestError } from '../../errors.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import { batchRead, fitsInUrl, listPage } from '../../hubspot/api/objects.js';
import { memberOf } from '../../json.js';
import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import { earlier, epochMs, type Instant, instantOf, isFrom, notBefore, timeOf } from '../../time.js';
import { StreamOutput } from '../core/output.js';
import {
  catalogEntry,
  type Estimate,
  type PortalFacts,
  type Stream,
  type StreamDeclaration,
  type StreamRun,
} from '../core/stream.js';
import { BOOLEAN } from '../layouts/property-schema.js';
import { type CursorState, cursorStateJson, parseCursorState } from '../strategies/by-cursor/state.js';
import { contentHash, cursorTime } from '../strategies/content-memory.js';
import { loadOf, resume, unlessRefreshed } from '../strategies/resume.js';
import { namesInLists, type ObjectStream, openObject } from './object-stream.js';
import { completeAssociated } from './run/associated.js';
import { parseWritten, rewriteOf, writtenOf } from './run/fingerprint.js';

/**
 * Declares a stream of what is archived of an object, which source-hubspot has of deals. HubSpot lists it without a filter, so that each
 * read takes a call for a hundred archived records, and emits what was archived since the last one. Its rows stay when a record is
 * restored: the object's own stream has both, as they are.
 */
export function archivedRecords(name: string, type: ObjectType): StreamDeclaration {
  return {
    name,
    group: 'sales',
    plan: (called = name) => ({
      name: called,
      scopes: type.scopes,
      subject: type.name,
      objectTypeId: type.typeId,
      reading: { increment: 'archived since', calls: '1 for 100' },
      probe: async (portal) => void (await portal.firstRow(type)),
      open: async (portal) => {
        // A row here is no deletion of another one.
        const config = { ...portal.config, deletes: 'mark' as const };
        const { client, known, id, localDates } = portal;
        const facts = { client, known, id, config, localDates, tokenScopes: () => portal.tokenScopes() };
        return new ArchivedRecords(await openObject({ name: called, type, criteria: null }, facts), portal);
      },
      hiddenDeletions: () => null,
    }),
  };
}

class ArchivedRecords implements Stream {
  readonly name: string;
  readonly entry;
  readonly keepsGone = true;
  readonly cursor: string;

  constructor(
    readonly object: ObjectStream,
    readonly portal: PortalFacts,
  ) {
    const { schema, primaryKey } = object.layout;
    this.name = object.name;
    this.cursor = 'archivedAt' in schema ? 'archivedAt' : 'archived_at';
    // `archived` without the mark of tombstones: destinations would keep no rows of those.
    this.entry = catalogEntry(this.name, { ...schema, archived: BOOLEAN }, [primaryKey], this.cursor);
  }

  async estimate(): Promise<Estimate> {
    // HubSpot counts no archived records.
    return { what: 'all that is archived, in one page or more', rows: null, calls: { burst: 1, search: 0, exempt: 0 } };
  }

  async read(run: StreamRun): Promise<number> {
    return unlessRefreshed(run, this.name, () => new ArchivedRead(this, run).read());
  }
}

class ArchivedRead {
  readonly #object: ObjectStream;
  readonly #portal: PortalFacts;
  readonly #cursor: string;
  readonly #isRefresh: boolean;
  readonly #state: CursorState;
  readonly #output: StreamOutput;
  #calls = 0;

  constructor({ object, portal, cursor, name }: ArchivedRecords, { mode, state, sink }: StreamRun) {
    this.#object = object;
    this.#portal = portal;
    this.#cursor = cursor;
    this.#isRefresh = mode === 'full_refresh';
    this.#state = parseCursorState(state, { name, cursor }, portal.id);
    this.#loadIfRewritten(state);
    this.#output = new StreamOutput(sink, name, portal.client.clock, this.#state.emittedAt);
  }

  /**
   * Begins a load if existing rows were written otherwise than new ones would be: in clear, or with other local dates.
   */
  #loadIfRewritten(given: JsonObject | null): void {
    const state = this.#state;
    if (state.cursor === null && state.load === null) return;
    const rewrite = rewriteOf(parseWritten(memberOf(given?.hubflake, 'written')), this.#object);
    if (rewrite === null) return;
    log.info(`${this.#object.name} is read again from the start: ${rewrite.why}.`);
    state.cursor = null;
    state.load = null;
  }

  async read(): Promise<number> {
    const state = this.#state;
    const { client, config } = this.#portal;
    const now = instantOf(client.clock.now());
    state.load = loadOf(state.load, { isRefresh: this.#isRefresh, isFirst: state.cursor === null }, now);
    const startedAt = state.load?.startedAt ?? now;
    const since = state.load
      ? config.startDate
      : notBefore(earlier(state.cursor ?? startedAt, config.lookbackMinutes), config.startDate);
    const nextSince = epochMs(timeOf(startedAt) - config.lookbackMinutes * 60_000);
    const hasBegun = () => this.#calls > 0;
    await resume(this.#object.name, state.load?.after ?? null, (after) => this.#readPages(after, since), hasBegun);
    state.cursor = startedAt;
    state.load = null;
    state.memory.keep((at) => cursorTime(at) >= nextSince);
    await this.#save(this.#isRefresh);
    return this.#object.definitionCalls + this.#calls;
  }

  async #readPages(start: string | null, since: Instant | null): Promise<void> {
    const { client } = this.#portal;
    const { type, properties } = this.#object;
    const request = { type, associations: namesInLists(this.#object), archived: true };
    const inUrl = fitsInUrl({ ...request, properties });
    for (let after = start, isLast = false; !isLast; ) {
      const page = await listPage(client, { ...request, properties: inUrl ? properties : [], after });
      this.#calls += 1;
      await this.#emit(
        page.rows.filter((row) => isFrom(row.archivedAt, since)),
        inUrl,
      );
      if (page.after !== null && page.after === after) {
        throw new RequestError(`HubSpot's list of archived ${type.name} does not move on from ${after}.`, 200);
      }
      after = page.after;
      isLast = after === null;
      if (this.#state.load && after !== null) {
        this.#state.load.after = after;
        await this.#save(false);
      }
    }
  }

  /** Needs no write-ahead state: a row that is emitted twice is the same. @param inUrl whether the list gave the properties */
  async #emit(listed: readonly ObjectRow[], inUrl: boolean): Promise<void> {
    const { layout } = this.#object;
    const associated = await completeAssociated(this.#portal.client, this.#object, listed);
    const rows = inUrl ? listed : await this.#readValues(listed);
    const { memory } = this.#state;
    const changes = rows.flatMap((row) => {
      const deletion = { archivedAt: row.archivedAt ?? '', mergedInto: null };
      const record = layout.encode(row, associated.get(row.id) ?? null, row.archivedAt ? deletion : null);
      const hash = contentHash(record.data);
      return memory.isUnchanged(row.id, hash) ? [] : [{ id: row.id, at: row.archivedAt ?? null, hash, record }];
    });
    this.#output.stamp();
    await this.#output.records(changes.map(({ record }) => record));
    for (const { id, hash, at } of changes) memory.remember(id, hash, at);
  }

  /** Reads archived records by batch read, whose body may name any number of properties. */
  async #readValues(listed: readonly ObjectRow[]): Promise<ObjectRow[]> {
    if (listed.length === 0) return [];
    this.#calls += 1;
    const { type, properties } = this.#object;
    const ids = listed.map(({ id }) => id);
    return batchRead(this.#portal.client, { type, ids, properties, archived: true });
  }

  async #save(isComplete: boolean): Promise<void> {
    this.#output.stamp();
    const { id, config } = this.#portal;
    const own = { ...this.#state, emittedAt: this.#output.emittedAt };
    const resource = { cursor: this.#cursor, schema: this.#object.layout.schema };
    const more = { written: writtenOf(this.#object) };
    await this.#output.state(cursorStateJson(own, resource, id, config.lookbackMinutes, isComplete, more));
  }
}
