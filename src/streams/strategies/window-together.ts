import { setTimeout as sleep } from 'node:timers/promises';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { type Instant, instantOf } from '../../time.js';

/** So long a reading waits for streams that are begun at the same moment. */
const GATHERING_MS = 20;

interface Meeting<T> {
  members: [T, ...T[]];
  calls: Promise<number>;
}

/** What streams of a run read together, by client. */
class Run {
  readonly meetings = new Map<string, Meeting<unknown>>();
  readonly ends = new Map<string, Instant>();
  readonly estimated = new Set<string>();
}
const runs = new WeakMap<HubSpotClient, Run>();

function runOf(client: HubSpotClient): Run {
  const run = runs.get(client) ?? new Run();
  runs.set(client, run);
  return run;
}

/**
 * Reads once for all streams of a run that come with the same key while the reading waits for them. One that comes later begins a reading of
 * its own, which takes calls, and nothing else.
 *
 * @param key what tells the reading from others: what is read, and from where on
 * @returns the calls that it took, told to the first of them only
 */
export async function readTogether<T>(
  client: HubSpotClient,
  key: string,
  member: T,
  read: (members: readonly [T, ...T[]]) => Promise<number>,
): Promise<number> {
  const { meetings } = runOf(client);
  const known = meetings.get(key) as Meeting<T> | undefined;
  if (known) {
    known.members.push(member);
    await known.calls;
    return 0;
  }
  const members: [T, ...T[]] = [member];
  const gathered = sleep(GATHERING_MS).then(() => {
    meetings.delete(key);
    return read(members);
  });
  meetings.set(key, { members, calls: gathered });
  return gathered;
}

/** Where the readings of a name end in a run: at one instant, so that the next run finds all of their streams at the same position. */
export function endTogether(client: HubSpotClient, name: string): Instant {
  const { ends } = runOf(client);
  const end = ends.get(name) ?? instantOf(client.clock.now());
  ends.set(name, end);
  return end;
}

/** Whether the reading was estimated for another stream, so that its calls are counted. */
export function isEstimated(client: HubSpotClient, key: string): boolean {
  const { estimated } = runOf(client);
  const isKnown = estimated.has(key);
  estimated.add(key);
  return isKnown;
}
