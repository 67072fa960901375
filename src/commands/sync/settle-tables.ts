import type { PipelineConfig } from '../../config/pipeline.js';
import { ConfigError } from '../../errors.js';
import { log } from '../../log.js';
import type { Portal } from '../../streams/portal.js';
import { type FoundTable, standingOf, takenError } from '../../warehouse/kept-table.js';
import type { Kept, KeptState, Store } from '../../warehouse/store.js';
import { eachTarget, type Target } from '../../warehouse/target.js';
import type { SyncPlan } from './plan-sync.js';

/** By name, the tables that are there of those that a plan's streams write, and that kept states are about. */
export type FoundTables = ReadonlyMap<string, FoundTable>;

/** Looks at the tables of a plan's streams and of all kept states, all at once. */
export function findTables(store: Store, config: PipelineConfig, plan: SyncPlan, kept: Kept): Promise<FoundTables> {
  const wanted = targetsOf(store, config, plan).flatMap((target) =>
    target instanceof ConfigError ? [] : [target.table],
  );
  const held = [...kept.states.values()].flatMap(({ table }) => (table ? [table.holder, table.table] : []));
  return store.findTables([...new Set([...wanted, ...held])]);
}

/** The streams whose states are about tables that are gone. @param found of {@link findTables} */
export function streamsWithoutTable(store: Store, { states }: Kept, found: FoundTables): ReadonlySet<string> {
  const isGone = ({ table }: KeptState) =>
    table !== null && standingOf(table, table, table.form, found, store.names).is === 'anew';
  return new Set([...states].filter(([, kept]) => isGone(kept)).map(([stream]) => stream));
}

/**
 * Assigns each stream of a plan its table, and compares the kept state with the existing table: without the table that it
 * describes, a state is worthless. A stream whose table is missing or another one is loaded from the start; for one whose table
 * lacks a column, that property is read again. Streams that cannot have their table become failures.
 *
 * @param found of {@link findTables}
 * @returns the targets of the plan's streams, in their order
 */
export async function settleTables(
  store: Store,
  config: PipelineConfig,
  portal: Portal,
  plan: SyncPlan,
  kept: Kept,
  found: FoundTables,
): Promise<Target[]> {
  const { loader } = config.destination;
  const targets = targetsOf(store, config, plan);
  const settled: Target[] = [];
  const failed = new Set<string>();
  for (const [index, stream] of plan.streams.entries()) {
    const given = targets[index];
    if (given === undefined) continue;
    const target = given instanceof ConfigError ? given : (refusal(store, given, kept) ?? given);
    if (target instanceof Error) {
      plan.failures.push({ stream: stream.name, error: target });
      failed.add(stream.name);
      continue;
    }
    settled.push(target);
    const before = kept.states.get(stream.name);
    // Each run replaces the table and needs no state, unless the table has the other form.
    if (target.mode === 'overwrite' && (before?.table?.form ?? loader.tableForm) === loader.tableForm) continue;
    const isThere = found.has(store.names.same(target.table));
    const why = before ? await whyNotResumed(before, target, stream) : isThere ? UNKNOWN : null;
    if (why === null) continue;
    stream.state = null;
    plan.refreshes = plan.refreshes.filter((each) => each.stream !== stream.name);
    if (plan.reformed.includes(stream.name)) {
      log.info(`${stream.name} is loaded from the start: ${why}. The table ${target.table} is dropped, and made anew.`);
      continue;
    }
    if (isThere && target.mode === 'append_dedup') plan.refreshes.push({ stream: stream.name, begins: true });
    log.info(`${stream.name} is loaded from the start: ${why}.`);
  }
  plan.streams = plan.streams.filter(({ name }) => !failed.has(name));
  plan.catalog = plan.catalog.filter((configured) => !failed.has(configured.stream.name));
  return settled;

  /** @returns why the stream cannot resume; null: it can, possibly with properties to be read again */
  async function whyNotResumed(
    before: KeptState,
    target: Target,
    stream: SyncPlan['streams'][number],
  ): Promise<string | null> {
    if (before.table === null) return null;
    const standing = standingOf(before.table, target, loader.tableForm, found, store.names);
    if (standing.is === 'good') return null;
    if (standing.is === 'otherForm') plan.reformed.push(stream.name);
    if (standing.is === 'anew' || standing.is === 'otherForm') return standing.why;
    const opened = await portal.stream(stream.name);
    const lacking = await store.lacking(target);
    const state =
      lacking.length === 0 ? stream.state : stream.state && (opened?.readAgain?.(stream.state, lacking) ?? null);
    if (state === null) return `a column of the table ${target.table} is gone`;
    log.info(`${stream.name}: columns of the table ${target.table} are gone; ${lacking.join(', ')} are read again.`);
    stream.state = state;
    return null;
  }
}

function targetsOf(store: Store, { destination }: PipelineConfig, { catalog }: SyncPlan) {
  return eachTarget(catalog, { ...destination.loader, schema: store.defaultSchema, names: store.names });
}

const UNKNOWN = 'its table exists, but this pipeline has kept nothing of how far it goes';

function refusal(store: Store, target: Target, { taken }: Kept) {
  const placeOf = ({ schema, table }: { schema: string; table: string }) => store.names.same(`${schema}.${table}`);
  const other = taken.find((each) => placeOf(each) === placeOf(target));
  return other ? takenError(target, other.pipeline) : null;
}
