import { setMaxListeners } from 'node:events';
import { jest } from '@jest/globals';
import { DailyLimitError, StoppedError } from '../../errors.js';
import { monotonicMs, timeOf } from '../../time.js';
import type { Budget } from './calls.js';
import { CallScheduler, type LimitHeaders, type Permit } from './scheduler.js';

const never = new AbortController().signal;
// Every call that waits listens to it.
setMaxListeners(0, never);
const NO_HEADERS: LimitHeaders = { max: null, remaining: null, intervalMs: null, dailyRemaining: null };

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A server that counts as HubSpot does, and a client that sends as fast as the scheduler lets it. */
async function simulate(
  scheduler: CallScheduler,
  budget: Budget,
  options: {
    calls: number;
    latencyMs: number;
    /** Milliseconds that the n-th call is held up on its way to the server; by default it travels half of the latency. */
    heldUp?: (n: number) => number;
    headers?: (at: number) => Partial<LimitHeaders>;
    onArrival?: (at: number) => void;
  },
): Promise<{ arrivals: number[]; took: number }> {
  const arrivals: number[] = [];
  const startedAt = Date.now();
  const call = async (_: unknown, n: number) => {
    const permit = await scheduler.acquire(budget, never);
    await sleep(options.heldUp?.(n) ?? options.latencyMs / 2);
    arrivals.push(Date.now());
    options.onArrival?.(Date.now());
    await sleep(options.heldUp ? options.latencyMs : options.latencyMs / 2);
    finish(permit, options.headers?.(Date.now()));
  };
  const all = Promise.all(Array.from({ length: options.calls }, call));
  let done = false;
  void all.then(() => {
    done = true;
  });
  while (!done) await jest.advanceTimersByTimeAsync(50);
  return { arrivals, took: Date.now() - startedAt };
}

function finish(permit: Permit, headers: Partial<LimitHeaders> = {}): void {
  permit.answered({ ...NO_HEADERS, ...headers }, 'objects');
  permit.done();
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Numbers from 0 to 1, the same ones of the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const mostIn = (arrivals: number[], windowMs: number) =>
  Math.max(...arrivals.map((at) => arrivals.filter((other) => other >= at && other < at + windowMs).length));
const make = (options: Partial<ConstructorParameters<typeof CallScheduler>[0]> = {}) =>
  new CallScheduler({
    maxInFlight: 40,
    burstShare: 0.9,
    dailyReserve: 0,
    now: () => monotonicMs(Date.now()),
    ...options,
  });

test('never uses more than its share of the burst limit that the headers name', async () => {
  const { arrivals } = await simulate(make(), 'burst', {
    calls: 600,
    latencyMs: 120,
    headers: () => ({ max: 190, intervalMs: 10_000 }),
  });
  expect(mostIn(arrivals, 10_000)).toBeLessThanOrEqual(171);
  expect(mostIn(arrivals, 10_000)).toBeGreaterThan(150);
});

/** A server's rolling count of what arrived, with the calls that others made before. */
function countingServer(max: number, before: number) {
  const arrived: number[] = [];
  const startedAt = Date.now();
  const used = (at: number) => {
    const others = at < startedAt + 10_000 ? before : 0;
    return others + arrived.filter((other) => other > at - 10_000 && other <= at).length;
  };
  return {
    arrived,
    used,
    headers: (at: number) => ({ max, intervalMs: 10_000, remaining: Math.max(0, max - used(at)) }),
  };
}

test('uses all of the limit at a share of one, where the headers say that nothing remains', async () => {
  const server = countingServer(100, 0);
  const { took } = await simulate(make({ burstShare: 1 }), 'burst', {
    calls: 600,
    latencyMs: 300,
    onArrival: (at) => server.arrived.push(at),
    headers: server.headers,
  });
  expect(took).toBeLessThan(50_000 * 1.1);
});

/**
 * Pages of twelve lists, each asked for when the one before has come; HubSpot counts a call shortly before it answers.
 *
 * @param travels milliseconds until it does @returns milliseconds until all have come
 */
async function readLists(
  scheduler: CallScheduler,
  server: ReturnType<typeof countingServer>,
  travels: () => number,
): Promise<number> {
  const startedAt = Date.now();
  const list = async () => {
    for (let page = 0; page < 79; page += 1) {
      const permit = await scheduler.acquire('burst', never);
      await sleep(travels());
      server.arrived.push(Date.now());
      const headers = server.headers(Date.now());
      await sleep(10);
      finish(permit, headers);
    }
  };
  let took = 0;
  void Promise.all(Array.from({ length: 12 }, list)).then(() => {
    took = Date.now() - startedAt;
  });
  while (took === 0) await jest.advanceTimersByTimeAsync(50);
  return took;
}

test('does not take for the calls of others its own, which left the interval while another was on its way', async () => {
  const server = countingServer(190, 0);
  const took = await readLists(make({ burstShare: 1 }), server, () => 290);
  expect(mostIn(server.arrived, 10_000)).toBeLessThanOrEqual(190);
  // 948 calls are four intervals, and 188 calls more at twelve in 0.3 s.
  expect(took).toBeLessThan(40_000 + 16 * 300 + 1000);
});

test.each([1, 2, 3])(
  'leaves room for others, though its own calls that leave the interval hide theirs (%d)',
  async (seed) => {
    let state = seed;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const server = countingServer(190, 0);
    const others = setInterval(() => server.arrived.push(Date.now()), 100);
    await jest.advanceTimersByTimeAsync(10_000);
    await readLists(make({ burstShare: 1 }), server, () => 150 + 300 * random());
    clearInterval(others);
    expect(mostIn(server.arrived, 10_000)).toBeLessThanOrEqual(190);
    expect(mostIn(server.arrived, 10_000)).toBeGreaterThan(185);
  },
);

test('says that the limit is full while calls have to wait for it, and no more when most of it is free', async () => {
  const scheduler = make({ burstShare: 1 });
  const headers = () => ({ max: 100, intervalMs: 10_000 });
  await simulate(scheduler, 'burst', { calls: 95, latencyMs: 100, headers });
  // Nothing has waited yet.
  expect(scheduler.isBurstFull).toBe(false);
  const waiting = Array.from({ length: 10 }, () => scheduler.acquire('burst', never).then((permit) => finish(permit)));
  await jest.advanceTimersByTimeAsync(100);
  expect(scheduler.isBurstFull).toBe(true);
  await jest.advanceTimersByTimeAsync(10_000);
  await Promise.all(waiting);
  expect(scheduler.isBurstFull).toBe(false);
});

test('leaves out of its share what others have used, as the headers tell', async () => {
  const server = countingServer(100, 30);
  let most = 0;
  await simulate(make({ burstShare: 0.9 }), 'burst', {
    calls: 250,
    latencyMs: 100,
    onArrival: (at) => {
      server.arrived.push(at);
      most = Math.max(most, server.used(at));
    },
    headers: server.headers,
  });
  expect(most).toBeLessThanOrEqual(100);
});

test('uses nearly all of what the limit allows', async () => {
  const { took } = await simulate(make({ burstShare: 1 }), 'burst', {
    calls: 1900,
    latencyMs: 300,
    headers: () => ({ max: 190, intervalMs: 10_000 }),
  });
  expect(took).toBeLessThan(100_000 * 1.06);
});

test('keeps to the smallest limit of HubSpot before a header has said which it is', async () => {
  const { arrivals } = await simulate(make(), 'burst', { calls: 200, latencyMs: 100 });
  expect(mostIn(arrivals, 10_000)).toBeLessThanOrEqual(90);
});

test('sends no more than five searches in any second', async () => {
  const { arrivals } = await simulate(make(), 'search', { calls: 100, latencyMs: 700 });
  expect(mostIn(arrivals, 1000)).toBeLessThanOrEqual(5);
  expect(mostIn(arrivals, 1000)).toBe(5);
});

test('keeps to the limits however unevenly calls travel', async () => {
  // Some arrive at once, others are held up: what was sent far apart arrives together.
  const heldUp = (n: number) => (n % 3 === 0 ? 900 : (n * 37) % 11);
  for (const latencyMs of [20, 300]) {
    const searches = await simulate(make(), 'search', { calls: 80, latencyMs, heldUp });
    expect(mostIn(searches.arrivals, 1000)).toBe(5);
  }
  const headers = () => ({ max: 100, intervalMs: 10_000 });
  const bursts = await simulate(make(), 'burst', { calls: 400, latencyMs: 500, heldUp: (n) => 4 * heldUp(n), headers });
  expect(mostIn(bursts.arrivals, 10_000)).toBe(90);
});

test('keeps to them where a server that stalls sees at once what was sent meanwhile', async () => {
  const startedAt = Date.now();
  // It does nothing in every third second.
  const stall = () => {
    const into = (Date.now() - startedAt) % 3000;
    return into < 1000 ? 1000 - into : 0;
  };
  const { arrivals } = await simulate(make(), 'search', { calls: 100, latencyMs: 150, heldUp: stall });
  expect(mostIn(arrivals, 1000)).toBe(5);
});

test('where calls travel evenly, a second of searches is a second, whatever each takes', async () => {
  const { took } = await simulate(make(), 'search', { calls: 250, latencyMs: 300 });
  expect(took).toBeLessThan(49_000 * 1.06);
  expect(took).toBeGreaterThanOrEqual(49_000);
});

test('keeps to the limits where no two calls take the same, from the first on', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomFrom(seed);
    // Of a few the way is short, of most it is long: what is the least is seen late.
    const heldUp = () => 5 + 400 * random() ** 0.3;
    const { arrivals } = await simulate(make(), 'search', { calls: 60, latencyMs: 100, heldUp });
    expect(mostIn(arrivals, 1000)).toBe(5);
  }
});

test('hardly ever breaks them where a call may take no time, and most take long', async () => {
  let over = 0;
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = randomFrom(7_919 * seed);
    const { arrivals } = await simulate(make(), 'search', { calls: 60, latencyMs: 0, heldUp: () => 900 * random() });
    over += Math.max(0, mostIn(arrivals, 1000) - 5);
  }
  expect(over).toBeLessThanOrEqual(2);
});

test('after a refusal, how long a call takes is to be seen anew', async () => {
  const scheduler = make();
  await simulate(scheduler, 'search', { calls: 60, latencyMs: 800 });
  const believed = await simulate(scheduler, 'search', { calls: 7, latencyMs: 800 });
  scheduler.backOff('search', 0);
  const anew = await simulate(scheduler, 'search', { calls: 7, latencyMs: 800 });
  expect(believed.took).toBeLessThan(2200);
  expect(anew.took).toBeGreaterThan(2500);
});

test('a refused search is one refusal with those beside it: fewer are sent a second, and slowly more again', async () => {
  const scheduler = make();
  for (let i = 0; i < 4; i += 1) scheduler.backOff('search', 1000);
  const refused = await simulate(scheduler, 'search', { calls: 12, latencyMs: 10 });
  expect(mostIn(refused.arrivals, 1000)).toBe(4);
  await jest.advanceTimersByTimeAsync(20_000);
  const later = await simulate(scheduler, 'search', { calls: 12, latencyMs: 10 });
  expect(mostIn(later.arrivals, 1000)).toBe(5);
});

test('a 429 without a word of the limit slows down until a call is answered again', async () => {
  const scheduler = make();
  scheduler.backOff('burst', 1000);
  await simulate(scheduler, 'burst', { calls: 1, latencyMs: 10, headers: () => ({}) });
  const { arrivals } = await simulate(scheduler, 'burst', { calls: 20, latencyMs: 1000, headers: () => ({}) });
  expect(new Set(arrivals).size).toBe(1);
});

test('calls that are answered without the number count down what is left of the day', async () => {
  const scheduler = make({ dailyReserve: 50 });
  finish(await scheduler.acquire('burst', never), { dailyRemaining: 60 });
  let sent = 0;
  const call = async () => {
    const permit = await scheduler.acquire('search', never);
    sent += 1;
    await sleep(300);
    finish(permit);
  };
  const all = Promise.allSettled(Array.from({ length: 20 }, call));
  await jest.advanceTimersByTimeAsync(20_000);
  const outcomes = await all;
  expect(sent).toBe(10);
  expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toHaveLength(10);
});

test('calls on their way are not counted twice, and answers that overtake each other do not add to the day', async () => {
  const scheduler = make({ dailyReserve: 10 });
  finish(await scheduler.acquire('burst', never), { dailyRemaining: 20 });
  const permits = await Promise.all(Array.from({ length: 6 }, () => scheduler.acquire('burst', never)));
  // 20 are left, six are on their way: HubSpot's own numbers arrive in another order.
  for (const [i, left] of [16, 14, 19, 15, 18, 17].entries()) {
    finish(permits[i] as Permit, { dailyRemaining: left });
  }
  let sent = 0;
  for (let i = 0; i < 10; i += 1) {
    await scheduler.acquire('burst', never).then(
      (permit) => {
        sent += 1;
        finish(permit, { dailyRemaining: 14 - sent });
      },
      () => undefined,
    );
  }
  expect(sent).toBe(4);
});

test('a new day gives new calls', async () => {
  const scheduler = make({ dailyReserve: 10 });
  finish(await scheduler.acquire('burst', never), { dailyRemaining: 12 });
  finish(await scheduler.acquire('burst', never), { dailyRemaining: 5000 });
  for (let i = 0; i < 20; i += 1) finish(await scheduler.acquire('burst', never));
});

test('charges exempt calls to nothing, and lets them pass when a budget is used up', async () => {
  const scheduler = make({ maxInFlight: 200 });
  const waiting = Array.from({ length: 120 }, () => scheduler.acquire('burst', never));
  await jest.advanceTimersByTimeAsync(0);
  const exempt = await scheduler.acquire('exempt', never);
  exempt.done();
  expect(waiting).toHaveLength(120);
});

test('never has more calls in flight than it may', async () => {
  const scheduler = make({ maxInFlight: 3 });
  let inFlight = 0;
  let most = 0;
  const call = async () => {
    const permit = await scheduler.acquire('exempt', never);
    inFlight += 1;
    most = Math.max(most, inFlight);
    await sleep(10);
    inFlight -= 1;
    permit.done();
  };
  const all = Promise.all(Array.from({ length: 20 }, call));
  await jest.advanceTimersByTimeAsync(1000);
  await all;
  expect(most).toBe(3);
});

test('counts a call from the answer on, and keeps its place until the body has come', async () => {
  const scheduler = make({ maxInFlight: 5 });
  const permits = await Promise.all(Array.from({ length: 5 }, () => scheduler.acquire('search', never)));
  for (const permit of permits) permit.answered(NO_HEADERS, 'objects');
  let started = false;
  void scheduler.acquire('search', never).then(() => {
    started = true;
  });
  await jest.advanceTimersByTimeAsync(5000);
  expect(started).toBe(false);
  permits[0]?.done();
  await jest.advanceTimersByTimeAsync(1);
  expect(started).toBe(true);
});

test('calls of one budget start in the order they came', async () => {
  const scheduler = make({ maxInFlight: 1 });
  const order: number[] = [];
  const all = Promise.all(
    [0, 1, 2, 3].map(async (n) => {
      const permit = await scheduler.acquire('exempt', never);
      order.push(n);
      permit.done();
    }),
  );
  await jest.advanceTimersByTimeAsync(100);
  await all;
  expect(order).toEqual([0, 1, 2, 3]);
});

test('waits as long as a 429 asks, then asks one call at a time until others leave room again', async () => {
  const scheduler = make();
  scheduler.backOff('burst', 10_000);
  const first = scheduler.acquire('burst', never);
  const second = scheduler.acquire('burst', never);
  let started = 0;
  void first.then(() => (started += 1));
  void second.then(() => (started += 1));
  await jest.advanceTimersByTimeAsync(9_900);
  expect(started).toBe(0);
  await jest.advanceTimersByTimeAsync(200);
  expect(started).toBe(1);
  finish(await first, { max: 190, remaining: 100 });
  await jest.advanceTimersByTimeAsync(1);
  expect(started).toBe(2);
});

test('slows down to one call a second when others use the same limit up', async () => {
  const scheduler = make();
  const headers = () => ({ max: 190, intervalMs: 10_000, remaining: 0 });
  await simulate(scheduler, 'burst', { calls: 1, latencyMs: 10, headers });
  const { arrivals } = await simulate(scheduler, 'burst', { calls: 4, latencyMs: 10, headers });
  expect(mostIn(arrivals, 1000)).toBe(1);
});

test('stops when only the reserve of the day is left, and says when it goes on', async () => {
  const scheduler = make({ dailyReserve: 100, dailyResetsAt: () => timeOf('2026-11-24T05:00:00Z') });
  finish(await scheduler.acquire('burst', never), { dailyRemaining: 101 });
  finish(await scheduler.acquire('burst', never), { dailyRemaining: 100 });
  const refused = scheduler.acquire('burst', never);
  await expect(refused).rejects.toThrow(DailyLimitError);
  await expect(refused).rejects.toThrow('from 2026-11-24T05:00Z on.');
});

test('a stop ends every wait at once', async () => {
  const scheduler = make();
  const stop = new AbortController();
  scheduler.backOff('burst', 60_000);
  const waiting = scheduler.acquire('burst', stop.signal);
  stop.abort();
  await expect(waiting).rejects.toThrow(StoppedError);
  await expect(scheduler.acquire('burst', stop.signal)).rejects.toThrow(StoppedError);
});
