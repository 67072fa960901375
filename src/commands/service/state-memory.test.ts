import { configureLog } from '../../log.js';
import type { KeptState } from '../../warehouse/store.js';
import { StateMemory } from './state-memory.js';

const kept = (cursor: number, refresh: number | null = null): KeptState => ({
  state: { cursor },
  refresh,
  table: null,
});
const map = (state?: KeptState) => new Map(state ? [['deals', state]] : []);
const recalled = (memory: StateMemory, state?: KeptState) => memory.recall(map(state)).get('deals')?.state ?? null;

test('a state in memory is further than the one that it was made from, over many quiet rounds', () => {
  const memory = new StateMemory();
  memory.remember(map(kept(1)), new Map([['deals', { cursor: 2 }]]), false);
  expect(recalled(memory, kept(1))).toEqual({ cursor: 2 });
  memory.remember(map(kept(1)), new Map([['deals', { cursor: 3 }]]), false);
  expect(recalled(memory, kept(1))).toEqual({ cursor: 3 });
  memory.remember(map(kept(1)), new Map([['deals', { cursor: 4 }]]), true);
  expect(recalled(memory, kept(4))).toEqual({ cursor: 4 });
});

test('what somebody else has written counts, and so does that it was taken away', () => {
  for (const other of [kept(7), kept(1, 4), undefined]) {
    const memory = new StateMemory();
    memory.remember(map(kept(1)), new Map([['deals', { cursor: 2 }]]), false);
    expect(recalled(memory, other)).toEqual(other?.state ?? null);
    // Once it does not hold any more, it never holds again.
    expect(recalled(memory, kept(1))).toEqual({ cursor: 1 });
  }
});

test('a stream without rows has no state in the warehouse, and goes on from memory', () => {
  const memory = new StateMemory();
  memory.remember(map(), new Map([['deals', { cursor: 2 }]]), false);
  expect(recalled(memory)).toEqual({ cursor: 2 });
  expect(recalled(memory, kept(5))).toEqual({ cursor: 5 });
});

test('what a round has written, and is gone behind it, is not believed', () => {
  const memory = new StateMemory();
  memory.remember(map(), new Map([['deals', { cursor: 2 }]]), true);
  expect(recalled(memory)).toBeNull();
});

test('a stream whose state the warehouse has lost is warned of, and known until it is read again', () => {
  const logged: string[] = [];
  configureLog({ level: 'info', sink: (level, message) => logged.push(`${level} ${message}`) });
  const memory = new StateMemory();
  memory.remember(
    map(),
    new Map([
      ['deals', { cursor: 2 }],
      ['owners', { cursor: 1 }],
    ]),
    true,
  );
  memory.recall(map(kept(2)));
  expect([...memory.lost]).toEqual(['owners']);
  memory.recall(map(kept(2)));
  expect([...memory.lost]).toEqual(['owners']);
  memory.found('owners');
  expect(memory.lost.size).toBe(0);
  memory.recall(map());
  expect([...memory.lost]).toEqual(['deals']);
  expect(logged).toEqual([
    'warn The warehouse has no states any more of owners: loaded anew.',
    expect.stringMatching(/^warn The warehouse has nothing any more of what this pipeline has kept.*loaded anew\.$/),
  ]);
});
