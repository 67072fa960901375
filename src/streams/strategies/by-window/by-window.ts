import { asHubflakeError, type HubflakeError } from '../../../errors.js';
import { readItems, withQuery } from '../../../hubspot/api/endpoint.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import type { JsonObject, SyncMode } from '../../../protocol/messages.js';
import { type Instant, instantOf, MS_A_DAY, timeOf } from '../../../time.js';
import type { Estimate, PortalFacts, ReadTogether, Stream, StreamDeclaration, StreamRun } from '../../core/stream.js';
import { BEGINNING } from '../../core/stream-state.js';
import { markedEntry, marksFor } from '../marks.js';
import { declare } from '../resource.js';
import { unlessRefreshed } from '../resume.js';
import { WindowOutput } from './output.js';
import { WindowRead } from './read.js';
import type { WindowResource } from './resource.js';
import { ONLY, type Progress, parseWindowState, settledParts, startOf, type WindowState } from './state.js';
import { Windows } from './windows.js';

/** Declares a stream of events that is read in windows of time. `cursor` names the field with the time of an event. */
export function byWindow(resource: WindowResource): StreamDeclaration {
  const open = (named: WindowResource, portal: PortalFacts) => new ByWindow(named, portal);
  const { partitions, endpoint } = resource;
  const increment = 'windows of time';
  if (!partitions) return declare(resource, open, { increment });
  const probe = async (portal: PortalFacts) => {
    const [first] = await partitions.values(portal);
    if (first !== undefined)
      await readItems(portal.client, withQuery(endpoint, { [partitions.parameter]: first }), null, 1);
  };
  return declare(resource, open, { increment, calls: `1 for ${endpoint.limit ?? 100} of a type`, probe });
}

class ByWindow implements Stream {
  readonly name: string;
  readonly entry;

  readonly together = readTogether;
  readonly keepsGone = true;

  constructor(
    readonly resource: WindowResource,
    readonly portal: PortalFacts,
  ) {
    this.name = resource.name;
    this.entry = markedEntry(resource, false, marksFor(portal, resource, false));
  }

  async estimate(given: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const { resource, portal } = this;
    const state = parseWindowState(mode === 'incremental' ? given : null, resource, portal.id);
    const values = await resource.partitions?.values(portal);
    const progress = (values ?? [ONLY]).map((id) => state.progress.get(id) ?? state.others);
    const starts = progress.map((each) => startOf(each, resource, portal));
    const calls = { burst: 0, search: 0, exempt: 0 };
    const windows = progress.reduce((sum, each) => sum + fewestWindows(each, resource, portal), 0);
    const isCounted = isEstimated(portal.client, this, state);
    if (!isCounted) calls[resource.endpoint.kind.budget] += windows + (values ? 1 : 0);
    const first = [...starts].sort((a, b) => timeOf(a) - timeOf(b))[0];
    const what = first
      ? `events since ${first.slice(0, 16)}Z, one page or more per window`
      : 'no events: there are no types';
    return { what, rows: null, calls };
  }

  async read(run: StreamRun): Promise<number> {
    const [outcome] = await readTogether([{ stream: this, run }]);
    if (typeof outcome === 'number') return outcome;
    throw outcome;
  }
}

/** Reads once for all streams that share a source and whose last reads ended together. All end at one instant, so that the next run finds them so again. */
const readTogether: ReadTogether = async (runs) => {
  const outcomes = new Map<Stream, number | HubflakeError>();
  const readings = new Map<string, [Member, ...Member[]]>();
  let end: Instant | null = null;
  for (const { stream, run } of runs) {
    if (!(stream instanceof ByWindow)) continue;
    const { resource, portal } = stream;
    outcomes.set(stream, 0);
    end ??= instantOf(portal.client.clock.now());
    const join = async () => {
      const member = { stream, output: new WindowOutput(resource, portal, run) };
      const key = readingOf(stream, member.output.state);
      const others = readings.get(key);
      if (others) others.push(member);
      else readings.set(key, [member]);
      return 0;
    };
    // A state that cannot be read concerns its own stream.
    await unlessRefreshed(run, stream.name, join).catch((error) => outcomes.set(stream, asHubflakeError(error)));
  }
  const readAll = [...readings.values()].map(async (members) => {
    const [first, ...others] = members;
    const outputs = [first.output, ...others.map(({ output }) => output)] as const;
    const calls = await new WindowRead(outputs, first.stream.portal, end ?? BEGINNING).read().catch(asHubflakeError);
    // What its own sink has failed with says more than what the others have met since.
    for (const { stream, output } of members)
      outcomes.set(stream, output.failure ?? (calls instanceof Error ? calls : 0));
    // What several streams share counts once.
    if (typeof calls === 'number' && outcomes.get(first.stream) === 0) outcomes.set(first.stream, calls);
  });
  // One that is long does not hold up the others.
  await Promise.all(readAll);
  return runs.map(({ stream }) => outcomes.get(stream) ?? 0);
};

interface Member {
  stream: ByWindow;
  output: WindowOutput;
}

/** What tells a reading from others: it is one for those whose last reads ended at the same instant, though a kill may have left them apart. */
function readingOf({ resource: { source, name } }: ByWindow, { progress, others }: WindowState): string {
  const known = progress.get(ONLY) ?? others;
  return JSON.stringify([source ?? name, known.readAt ?? known]);
}

/** By client, the readings whose calls were estimated for one of their streams. */
const estimated = new WeakMap<HubSpotClient, Set<string>>();

/** Whether the calls were estimated for another stream. */
function isEstimated(client: HubSpotClient, stream: ByWindow, state: WindowState): boolean {
  const known = estimated.get(client) ?? new Set();
  estimated.set(client, known);
  const key = readingOf(stream, state);
  const isKnown = stream.resource.source !== undefined && known.has(key);
  known.add(key);
  return isKnown;
}

/** The fewest windows of a read: as long as each takes one page, the next one is twice as long. */
function fewestWindows(progress: Progress, resource: WindowResource, portal: PortalFacts): number {
  const whole = { from: timeOf(startOf(progress, resource, portal)), to: portal.client.clock.now() };
  const left = new Windows(whole, settledParts(progress, resource, portal), 0).leftMs;
  return Math.max(1, Math.ceil(Math.log2(left / (resource.sliceDays * MS_A_DAY) + 1)));
}
