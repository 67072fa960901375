import type { PipelineConfig, PipelineStream } from '../../config/pipeline.js';
import { asHubflakeError, ConfigError } from '../../errors.js';
import { objectOf } from '../../streams/crm/object-plan.js';
import type { ObjectStream } from '../../streams/crm/object-stream.js';
import { isUnderWay, type ObjectState, parseObjectState } from '../../streams/crm/run/object-state.js';
import type { Portal } from '../../streams/portal.js';
import type { StreamFailure } from '../../streams/read.js';
import { standingOf } from '../../warehouse/kept-table.js';
import type { Kept, Store } from '../../warehouse/store.js';
import { eachTarget, type Target } from '../../warehouse/target.js';
import { requireKnown } from '../runner/named-streams.js';
import { planSync } from '../sync/plan-sync.js';

/** A stream to compare with its table. */
export interface VerifiedStream {
  name: string;
  target: Target;
  /** null: it has no records that can be read by id. */
  records: VerifiedRecords | null;
  /** Whether rows that only the table has are to stay, and are no difference. */
  keepsGone: boolean;
}

/** The records of a stream. */
export interface VerifiedRecords {
  object: ObjectStream;
  state: CompleteState;
}

/** The state of a stream that was read to its end. */
export type CompleteState = ObjectState & { cursor: NonNullable<ObjectState['cursor']> };

/** What is compared, and what cannot be. */
export interface VerifyPlan {
  streams: VerifiedStream[];
  /** Those that have no records to count. */
  skipped: string[];
  /** Why a stream cannot be compared. */
  failures: StreamFailure[];
}

/**
 * Finds the streams of a pipeline that can be compared with their tables. Throws a ConfigError if a name is unknown, or nothing was ever synced.
 *
 * @param names the streams that were asked for; null: all that were synced
 * @param isDeep whether streams are compared that have no records to count, too
 */
export async function planVerify(
  config: PipelineConfig,
  portal: Portal,
  store: Store,
  kept: Kept,
  { streams: names, isDeep }: { streams: readonly string[] | null; isDeep: boolean },
): Promise<VerifyPlan> {
  const { states } = kept;
  if (states.size === 0) {
    throw new ConfigError(
      `The pipeline "${config.name}" has not synced anything into this schema yet, so that there is nothing to verify. Run sync first.`,
    );
  }
  const known = config.streams?.map(({ name }) => name) ?? portal.streamNames;
  requireKnown('--streams', names ?? [], known);
  const synced = names ?? known.filter((name) => states.has(name));
  const skipped = isDeep ? [] : synced.filter((name) => !portal.hasRecords(name));
  const wanted = synced
    .filter((name) => !skipped.includes(name))
    .map(
      (name): PipelineStream =>
        config.streams?.find((each) => each.name === name) ?? { name, syncMode: null, destinationSyncMode: null },
    );
  const plan = await planSync({ ...config, streams: wanted }, portal, states, []);
  // What was asked for by name must not go by with a remark.
  const refused = names === null ? [] : skipped.map((stream) => ({ stream, error: notCounted(stream) }));
  const failures = [...plan.failures, ...refused];
  const targets = eachTarget(plan.catalog, {
    ...config.destination.loader,
    schema: store.defaultSchema,
    names: store.names,
  });
  const found = await store.findTables(
    targets.flatMap((target) => (target instanceof ConfigError ? [] : [target.table])),
  );
  const streams: VerifiedStream[] = [];
  for (const [index, { name }] of plan.streams.entries()) {
    const target = targets[index];
    try {
      if (target === undefined || target instanceof ConfigError) throw target;
      const before = states.get(name);
      if (!before || before.state === null || before.refresh !== null) throw notSynced(name, before !== undefined);
      if (target.mode === 'append') throw appended(name);
      const standing =
        before.table && standingOf(before.table, target, config.destination.loader.tableForm, found, store.names);
      if (standing && standing.is !== 'good' && standing.is !== 'lacking') {
        throw new ConfigError(`${name} cannot be verified: ${standing.why}. Run sync, which loads it anew.`);
      }
      const stream = await portal.stream(name);
      const object = stream ? objectOf(stream) : null;
      const isByKey = object !== null && target.mode === 'append_dedup';
      if (!isByKey && !isDeep) throw notCounted(name);
      const records = isByKey ? { object, state: completeState(object, before.state) } : null;
      streams.push({ name, target, records, keepsGone: stream?.keepsGone === true });
    } catch (error) {
      failures.push({ stream: name, error: asHubflakeError(error) });
    }
  }
  return { streams, skipped: names === null ? skipped : [], failures };
}

function completeState(object: ObjectStream, given: Parameters<typeof parseObjectState>[0]): CompleteState {
  const state = parseObjectState(given, object.name, object.layout.cursorField, object.updatedAfter);
  const { cursor } = state;
  if (cursor === null || isUnderWay(state)) throw notSynced(object.name, true);
  return { ...state, cursor };
}

function notCounted(name: string): ConfigError {
  return new ConfigError(`${name} has no records that can be counted. --deep reads it whole, and compares that.`);
}

function notSynced(name: string, hasBegun: boolean): ConfigError {
  const what = hasBegun ? 'its load, or its last sync, was interrupted' : 'it was never synced';
  return new ConfigError(`${name} cannot be verified: ${what}. Run sync first.`);
}

function appended(name: string): ConfigError {
  return new ConfigError(
    `${name} cannot be verified: its rows are appended, so that its table has a row for each version and no key. Use append_dedup.`,
  );
}
