import type { SweepScope } from '../../../config/source.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { type EpochMs, timeOf } from '../../../time.js';
import type { KnownRecord, KnownRecords } from '../../core/known-records.js';
import type { ObjectStream } from '../object-stream.js';
import { contentHasher, contentSalt } from '../run/content-hash.js';
import type { OutputPort } from '../run/object-output.js';
import type { ObjectState } from '../run/object-state.js';
import { ContentRuns } from './content-runs.js';

export interface SweepOptions {
  /** 0: there are no sweeps. */
  sweepEveryHours: number;
  sweep: SweepScope;
  /** Calls of the day to leave to others. */
  dailyReserve: number;
}

const MS_AN_HOUR = 60 * 60_000;

/** How a reading is swept, and what it knows of its records. */
export class Sweeping {
  /** Whether sweeps are on, and some output takes part in them. */
  readonly isWanted: boolean;
  /** Identifies what a sweep reads. */
  readonly of: string;
  /** What is compared here; null: the warehouse compares whole rows. */
  readonly memory: ContentRuns | null;
  /** The properties that are compared here. */
  readonly compared: readonly string[];
  /** Hashes what is compared of a record. */
  readonly hash: ReturnType<typeof contentHasher>;
  /** The records that the destination has as live; null: it cannot tell. */
  readonly #table: KnownRecords | null;
  /** Whether `memory` keeps the ids of all records instead. */
  readonly remembersIds: boolean;

  constructor(stream: ObjectStream, options: SweepOptions, ports: readonly OutputPort[], memory: JsonObject | null) {
    const swept = ports.filter(({ output }) => output.isSwept);
    this.isWanted = options.sweepEveryHours > 0 && swept.length > 0;
    const isPart = options.sweep === 'calculated';
    this.compared = comparedProperties(stream, options.sweep);
    this.hash = contentHasher({ ...stream, properties: this.compared });
    this.of = `${options.sweep} ${contentSalt(stream)}`;
    const tables = swept.map((port) => port.knownRecords());
    const isByTable = tables.every((table) => table !== null);
    const own = swept.findIndex(({ output }) => output.ownsSelection);
    this.#table = isByTable ? (tables[own] ?? null) : null;
    // A table compares whole rows only.
    const remembers = this.isWanted && (isPart || !isByTable);
    this.remembersIds = !isByTable;
    this.memory = remembers ? new ContentRuns(this.of, !isByTable, memory) : null;
  }

  /** The destination's live records whose ids are greater than one, ascending; null: it is not known which it has. */
  known(after: string): AsyncIterable<KnownRecord> | null {
    if (this.#table !== null) return this.#table.after(after);
    return this.remembersIds && this.memory ? oneByOne(this.memory.known(after)) : null;
  }
}

/** The properties that a sweep compares. */
export function comparedProperties({ properties, definitions }: ObjectStream, scope: SweepScope): readonly string[] {
  if (scope === 'all') return properties;
  const calculated = definitions.flatMap(({ name, calculated: is }) => (is === true ? [name] : []));
  return properties.filter((name) => calculated.includes(name));
}

/** Whether a sweep of a complete stream is due. @param now HubSpot's time */
export function isSweepDue(
  { sweptAt }: Pick<ObjectState, 'sweptAt'>,
  { sweepEveryHours }: Pick<SweepOptions, 'sweepEveryHours'>,
  now: EpochMs,
): boolean {
  return sweptAt === null || now - timeOf(sweptAt) >= sweepEveryHours * MS_AN_HOUR;
}

async function* oneByOne(records: Iterable<KnownRecord>): AsyncGenerator<KnownRecord> {
  yield* records;
}
