import type { DeletesMode } from '../config/source.js';
import type { HubSpotClient } from '../hubspot/client.js';
import type { ObjectRow } from '../hubspot/objects.js';
import type { Associated } from './associated.js';
import type { ObjectStream } from './definition.js';
import { earlier, isFrom } from './instants.js';
import { updatedAtOf } from './layout.js';
import { type MergedAway, MergeMap } from './merges.js';
import { type ObjectState, objectStateJson } from './object-state.js';
import type { EncodedRecord, RecordSink } from './sink.js';

export interface ReadOptions {
  deletes: DeletesMode;
  deletesEveryMinutes: number;
  lookbackMinutes: number;
  /** null where the portal could not be asked for its id. */
  portalId: number | null;
}

/** One stream of CRM records being read: what every phase of it works with. */
export class ObjectRun {
  readonly merges: MergeMap;
  /** Ids whose tombstone is out, or that were archived before the first load. */
  readonly archived: Set<string>;
  /** The fewest calls in which HubSpot gives what was read so far. */
  leastCalls = 0;

  constructor(
    readonly client: HubSpotClient,
    readonly stream: ObjectStream,
    readonly options: ReadOptions,
    readonly state: ObjectState,
    readonly sink: RecordSink,
  ) {
    this.merges = new MergeMap(state.merges);
    this.archived = new Set(state.archive.ids);
  }

  /** Notes that `rows` were read, of which one call gives at most `perCall`; to see that there are none takes one, too. */
  tally(rows: number, perCall: number): void {
    this.leastCalls += Math.max(1, Math.ceil(rows / perCall));
  }

  /** HubSpot's time, ISO 8601. */
  now(): string {
    return new Date(this.client.clock.now()).toISOString();
  }

  /** Hands records on, stamped with HubSpot's time, which never falls behind what the stream had before. */
  async emit(records: readonly EncodedRecord[]): Promise<void> {
    if (records.length === 0) return;
    this.state.emittedAt = Math.max(this.state.emittedAt, this.client.clock.now());
    await this.sink.records(this.stream.name, records, this.state.emittedAt);
  }

  /**
   * Hands live records on, and behind them the tombstones of what was merged into them.
   *
   * @param mergesSince merges into records last updated before this instant are remembered, but not told: of a first load,
   *   whose records never held what was merged away before
   */
  async emitLive(rows: readonly ObjectRow[], associated: Associated, mergesSince: string | null): Promise<void> {
    const { layout } = this.stream;
    const live = rows.filter((row) => !this.merges.isMergedAway(row.id));
    const merged = this.options.deletes === 'off' ? [] : live.flatMap((row) => this.#mergedInto(row, mergesSince));
    await this.emit([
      ...live.map((row) => layout.encode(row, associated.get(row.id) ?? [], null)),
      ...merged.map(({ id, updatedAt, survivor }) =>
        layout.encodeMergedAway(id, updatedAt, { archivedAt: updatedAt ?? this.now(), mergedInto: survivor }),
      ),
    ]);
  }

  #mergedInto(row: ObjectRow, since: string | null): MergedAway[] {
    const news = this.merges.learn(row);
    return isFrom(updatedAtOf(row), since) ? news : [];
  }

  /** Puts out the state as it is now: every record handed on before it is covered by it. */
  async save(refreshComplete = false): Promise<void> {
    this.state.merges = this.merges.toJson();
    this.state.archive.ids = [...this.archived];
    await this.sink.state(
      this.stream.name,
      objectStateJson(this.state, this.stream.layout.cursorField, refreshComplete),
    );
  }
}

/** Everything modified before `cursor` (ISO 8601) has been handed on: the next increment reaches back from there. */
export function completeAt({ state, options }: ObjectRun, cursor: string): void {
  state.cursor = cursor;
  state.shown = earlier(cursor, options.lookbackMinutes);
}
