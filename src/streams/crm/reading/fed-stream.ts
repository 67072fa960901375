import { asHubflakeError, HubflakeError } from '../../../errors.js';
import type { AirbyteStream, JsonObject, SyncMode } from '../../../protocol/messages.js';
import type { Estimate, PortalFacts, ReadTogether, Stream, StreamRun } from '../../core/stream.js';
import { partsOf } from '../../core/stream-state.js';
import type { ObjectStream } from '../object-stream.js';
import { type Feed, type FeedRun, feedShortage, readFeeds } from './object-reading.js';
import { estimateWith, type OwnCalls } from './shared-estimate.js';
import { StreamChannel } from './stream-channel.js';

/** A stream's feed by one reading. */
export interface StreamFeed {
  /** The name of the part, where several readings may feed the stream; empty: there is only this one. */
  part: string;
  object: ObjectStream;
  feed: Feed;
}

/** A stream that the readings of one or more objects feed. Those that share a reading are read together. */
export abstract class FedStream implements Stream {
  readonly together = readTogether;

  constructor(
    readonly name: string,
    readonly entry: AirbyteStream,
    readonly feeds: readonly StreamFeed[],
    readonly portal: PortalFacts,
  ) {}

  abstract estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate>;

  /** The estimates of all its readings, together. */
  protected async estimateFeeds(
    state: JsonObject | null,
    mode: SyncMode,
    own: OwnCalls | null = null,
  ): Promise<Estimate> {
    const all = await Promise.all(
      this.feeds.map(({ part, object, feed }) => {
        const given = part === '' ? state : (partsOf(state)[part] ?? null);
        const isShort = feedShortage(object, feed, this.name, given) !== null;
        return estimateWith(
          { object, ownsSelection: feed.ownsSelection },
          this.portal,
          isShort ? null : given,
          mode,
          own,
        );
      }),
    );
    const sum = (budget: keyof Estimate['calls']) => all.reduce((total, { calls }) => total + calls[budget], 0);
    return { what: '', rows: null, calls: { burst: sum('burst'), search: sum('search'), exempt: sum('exempt') } };
  }

  async read(run: StreamRun): Promise<number> {
    const [outcome] = await readTogether([{ stream: this, run }]);
    if (typeof outcome === 'number') return outcome;
    throw outcome;
  }
}

/** Reads each object once for all streams that it feeds. A stream fails where one of its readings does. */
const readTogether: ReadTogether = async (runs) => {
  const fed = runs.flatMap(({ stream, run }) => (stream instanceof FedStream ? [{ stream, run }] : []));
  const outcomes = new Map<string, number | HubflakeError>(fed.map(({ stream }) => [stream.name, 0]));
  const fail = (name: string, error: unknown) => void outcomes.set(name, asHubflakeError(error));
  const readings = new Map<ObjectStream, { portal: PortalFacts; feeds: FeedRun[] }>();
  for (const { stream, run } of fed) {
    const { name, portal } = stream;
    const channel = channelOf(stream, run);
    if (channel instanceof HubflakeError) {
      fail(name, channel);
      continue;
    }
    for (const { part, object, feed } of stream.feeds) {
      const reading = readings.get(object) ?? { portal, feeds: [] };
      reading.feeds.push({ feed, channel, name, mode: run.mode, part });
      readings.set(object, reading);
    }
  }
  await Promise.all(
    [...readings].map(async ([object, { portal, feeds }]) => {
      const [first] = feeds;
      try {
        const calls = await readFeeds(object, portal, feeds, fail);
        // What several streams share counts once.
        const counted = first && outcomes.get(first.name);
        if (first && typeof counted === 'number') outcomes.set(first.name, counted + calls);
      } catch (error) {
        // A stop: streams that have failed before keep their errors.
        for (const { name } of feeds) if (typeof outcomes.get(name) === 'number') fail(name, error);
      }
    }),
  );
  return runs.map(({ stream }) => outcomes.get(stream.name) ?? 0);
};

/** Where a stream's records and states go; a StateError, if this version cannot read its state. */
function channelOf({ name, feeds }: FedStream, run: StreamRun): StreamChannel | HubflakeError {
  try {
    return new StreamChannel(
      name,
      run,
      feeds.map(({ part }) => part),
    );
  } catch (error) {
    return asHubflakeError(error);
  }
}
