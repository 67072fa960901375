import { StoppedError } from '../../../errors.js';
import { memberOf } from '../../../json.js';
import { log } from '../../../log.js';
import type { JsonObject, SyncMode } from '../../../protocol/messages.js';
import type { PortalFacts } from '../../core/stream.js';
import { checkPortal, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import { readObject } from '../object-reader.js';
import { type AssociationTarget, MERGED_IDS, type ObjectStream } from '../object-stream.js';
import { shortageOf } from '../run/fingerprint.js';
import type { ObjectOutput } from '../run/object-output.js';
import { emitsFilterExits, type ReadOptions } from '../run/object-run.js';
import { isUnderWay, parseObjectState } from '../run/object-state.js';
import { cohortsOf, joinedState, type Member } from './cohorts.js';
import { independent } from './independent-ports.js';
import type { StreamChannel } from './stream-channel.js';

/** What an output takes of an object. */
export interface OutputNeeds {
  /** The properties that it takes values of; null: all that the reading selects. */
  properties: readonly string[] | null;
  /** The associations that it takes, with their types. */
  links: readonly AssociationTarget[];
  /** The properties whose past values it takes. */
  histories: readonly string[];
}

/** An output of a reading, as its stream declares it. */
export interface Feed {
  needs: OutputNeeds;
  cursorField: string;
  ownsSelection: boolean;
  /** Why what the stream's state has is not enough, as a clause; null: it is. @param memory what the output's state has besides the reading's */
  shortage?(memory: JsonMemory, cursor: string | null): string | null;
  /**
   * @param stream the reading's: the place of a link among its associations is that of its ids in `LiveRecord.links`
   */
  output(stream: ObjectStream, memory: JsonMemory): ObjectOutput;
}

/** What an output's state has besides the reading's. */
export type JsonMemory = ReturnType<NonNullable<ObjectOutput['memory']>> | null;

/** A feed in a run. */
export interface FeedRun {
  feed: Feed;
  channel: StreamChannel;
  /** The stream's name. */
  name: string;
  mode: SyncMode;
  /** The stream's part that the reading feeds. */
  part: string;
}

interface ReadyFeed extends FeedRun, Member {
  memory: JsonMemory;
}

/**
 * Reads an object once for all that it feeds.
 *
 * @param failed called for a stream that fails while the others go on: its state cannot be read, or its destination refuses it
 * @returns the minimum number of calls for what was read
 */
export async function readFeeds(
  object: ObjectStream,
  portal: PortalFacts,
  feeds: readonly FeedRun[],
  failed: (stream: string, error: unknown) => void,
): Promise<number> {
  const options: ReadOptions = { ...portal.config, portalId: portal.id, chains: portal.chains, pace: portal.pace };
  const ready = feeds.flatMap((each) => {
    try {
      return [readyFeed(object, each, options, feeds.length > 1)];
    } catch (error) {
      failed(each.name, error);
      return [];
    }
  });
  let calls = object.definitionCalls;
  for (const cohort of cohortsOf(ready, options.lookbackMinutes)) {
    const [{ mode = 'incremental', isRefreshed = false } = {}] = cohort;
    const stream = streamOf(object, cohort);
    const ports = cohort.map(({ feed, channel, part, memory }) => channel.port(part, feed.output(stream, memory)));
    const state = joinedState(cohort);
    state.portal = options.portalId ?? state.portal;
    try {
      calls += await readObject(portal.client, stream, independent(ports, failed), options, state, mode, isRefreshed);
      for (const { output } of ports) calls += output.calls ?? 0;
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      // The other cohorts are complete, or are yet to be read.
      for (const { name } of cohort) failed(name, error);
    }
  }
  return calls;
}

/**
 * Why a feed cannot go on from its state and is read from the start, as a clause; null: it can.
 *
 * @param given the state; null: there is none
 */
export function feedShortage(
  object: ObjectStream,
  { cursorField, shortage }: Feed,
  name: string,
  given: JsonObject | null,
): string | null {
  if (given === null || !shortage) return null;
  const { cursor } = parseObjectState(given, name, cursorField, object.updatedAfter);
  return shortage(memoryOf(given), cursor);
}

function memoryOf(given: JsonObject | null): JsonMemory {
  return stateValue.object(memberOf(given?.hubflake, 'memory'));
}

function readyFeed(object: ObjectStream, run: FeedRun, options: ReadOptions, isShared: boolean): ReadyFeed {
  const { feed, channel, name, mode, part } = run;
  const { ownsSelection, cursorField } = feed;
  const given = channel.stateOf(part);
  const parse = (from: typeof given) => parseObjectState(from, name, cursorField, object.updatedAfter);
  let state = parse(given);
  checkPortal(name, state.portal, options.portalId);
  let memory = memoryOf(given);
  const why = feedShortage(object, feed, name, given);
  if (why !== null) {
    log.info(`${name} is read again from the start: ${why}.`);
    const { emittedAt } = state;
    state = { ...parse(null), emittedAt };
    memory = null;
  }
  const isRefreshed = mode === 'full_refresh' && given?.[REFRESH_COMPLETE] === true && !isUnderWay(state);
  const before = ownsSelection && isShared ? state.fingerprint : null;
  const shortage = before === null ? null : shortageOf(before, object, emitsFilterExits(object, options));
  return { ...run, state, memory, isRefreshed, ownsSelection, isAlone: shortage?.is === 'everything' };
}

/** What is asked of HubSpot for some of a reading's outputs. */
function streamOf(object: ObjectStream, cohort: readonly ReadyFeed[]): ObjectStream {
  const needs = cohort.map(({ feed }) => feed.needs);
  const takesAll = needs.some(({ properties }) => properties === null);
  const named = [...needs.flatMap(({ properties }) => properties ?? []), ...(object.knowsMerges ? [MERGED_IDS] : [])];
  const links = needs.flatMap((each) => each.links);
  const [first] = cohort;
  return {
    ...object,
    name: cohort.find(({ ownsSelection }) => ownsSelection)?.name ?? first?.name ?? object.name,
    // HubSpot chooses properties where none are named.
    properties: takesAll ? object.properties : [...new Set(['hs_object_id', ...named])],
    associations: [...(takesAll ? object.associations : []), ...links],
    histories: [...new Set(needs.flatMap(({ histories }) => histories))],
  };
}
