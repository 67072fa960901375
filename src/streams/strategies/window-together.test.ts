import { setTimeout as sleep } from 'node:timers/promises';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { endTogether, isEstimated, readTogether } from './window-together.js';

/** A client as far as its clock goes, which moves on with each look. */
function clientAt(start: number): HubSpotClient {
  let now = start;
  return {
    clock: {
      now: () => {
        now += 1000;
        return now;
      },
    },
  } as unknown as HubSpotClient;
}

const client = clientAt(Date.UTC(2026, 0, 1));

test('readings of one run end at one instant, and those of another at theirs', () => {
  const end = endTogether(client, 'events');
  expect(endTogether(client, 'events')).toBe(end);
  expect(endTogether(client, 'others')).not.toBe(end);
  expect(endTogether(clientAt(Date.UTC(2026, 1, 1)), 'events')).not.toBe(end);
});

test('those that come while a reading waits are read with it, and the first one is told its calls', async () => {
  const read: (readonly string[])[] = [];
  const join = (key: string, member: string) =>
    readTogether(client, key, member, async (members) => {
      read.push([...members]);
      return 7;
    });
  const [a, b, other] = await Promise.all([join('x', 'a'), join('x', 'b'), join('y', 'c')]);
  expect([a, b, other]).toEqual([7, 0, 7]);
  expect(await join('x', 'late')).toBe(7);
  expect(read).toEqual([['a', 'b'], ['c'], ['late']]);
});

test('what a reading fails with, all of them fail with', async () => {
  const join = (member: string) =>
    readTogether(client, 'z', member, async () => {
      await sleep(1);
      throw new Error('refused');
    });
  const outcomes = await Promise.allSettled([join('a'), join('b')]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a reading is estimated once', () => {
  expect([isEstimated(client, 'k'), isEstimated(client, 'k'), isEstimated(client, 'l')]).toEqual([false, true, false]);
});
