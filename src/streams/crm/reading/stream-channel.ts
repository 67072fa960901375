import { tell } from '../../../activity.js';
import { aheadOfRecords } from '../../../protocol/ahead.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { type EpochMs, epochMs } from '../../../time.js';
import type { EncodedRecord } from '../../core/sink.js';
import type { StreamRun } from '../../core/stream.js';
import { checkVersion, partsOf, portalOf, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import type { ObjectOutput, OutputPort } from '../run/object-output.js';

/** The version of the states of streams with several parts. */
const VERSION = 1;

/** The records and states of one stream, which one or several readings feed: its state has a part for each of several. */
export class StreamChannel {
  readonly #name: string;
  readonly #run: StreamRun;
  /** null: one reading feeds the stream, and its state is the stream's. */
  readonly #parts: Map<string, JsonObject> | null;
  readonly #partNames: readonly string[];
  #emittedAt: EpochMs;

  /** @param partNames the names of the readings that feed it */
  constructor(name: string, run: StreamRun, partNames: readonly string[]) {
    this.#name = name;
    this.#run = run;
    this.#partNames = partNames;
    this.#parts = partNames.includes('') ? null : new Map(Object.entries(partsOf(run.state)));
    const own = stateValue.object(run.state?.hubflake);
    if (own !== null) checkVersion(name, own.version, VERSION);
    this.#emittedAt = stateValue.time(own?.emittedAt);
  }

  /** The state of a part. */
  stateOf(part: string): JsonObject | null {
    return this.#parts === null ? this.#run.state : (this.#parts.get(part) ?? null);
  }

  /** Where an output puts its records and states. */
  port(part: string, output: ObjectOutput): OutputPort {
    const [name, { sink }] = [this.#name, this.#run];
    return {
      stream: name,
      output,
      attempt: (step) => step(),
      records: (records: readonly EncodedRecord[], emittedAt: EpochMs, isCompared: boolean) => {
        this.#emittedAt = epochMs(Math.max(this.#emittedAt, emittedAt));
        return sink.records(name, records, this.#emittedAt, isCompared);
      },
      knownRecords: () => sink.knownRecords?.(name) ?? null,
      state: (state: JsonObject, isAhead: boolean) => {
        const whole = this.#withPart(part, state);
        return sink.state(name, isAhead ? aheadOfRecords(whole) : whole);
      },
      estimate: (rows) => {
        tell('expected', { stream: name, rows });
        sink.estimate(name, rows);
      },
      incompleteHistories: (properties) => sink.incompleteHistories?.(name, properties),
    };
  }

  #withPart(part: string, state: JsonObject): JsonObject {
    if (this.#parts === null) return state;
    this.#parts.set(part, state);
    const parts = [...this.#parts.values()];
    const [{ hubflake: _, [REFRESH_COMPLETE]: __, ...cursors } = {}] = parts;
    const isComplete = this.#partNames.every((name) => this.#parts?.get(name)?.[REFRESH_COMPLETE] === true);
    return {
      ...earliest(cursors, parts),
      ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
      hubflake: {
        version: VERSION,
        portal: portalOf(state),
        emittedAt: this.#emittedAt,
        parts: Object.fromEntries(this.#parts),
      },
    };
  }
}

/** The lowest of the parts' cursors. */
function earliest(cursors: JsonObject, parts: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(
    Object.keys(cursors).map((field) => [field, parts.map((part) => String(part[field])).sort()[0] ?? null]),
  );
}
