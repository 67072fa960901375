import { jest } from '@jest/globals';
import type { HubSpotClient } from '../hubspot/client.js';
import type { JsonObject } from '../protocol/messages.js';
import type { ObjectStream } from './definition.js';
import { ObjectRun, type ReadOptions } from './object-run.js';
import { parseObjectState } from './object-state.js';
import type { RecordSink } from './sink.js';

const MINUTE = 60_000;
const options: ReadOptions = { deletes: 'mark', deletesEveryMinutes: 0, lookbackMinutes: 60, portalId: 1 };
const layout = {
  schema: {},
  primaryKey: 'id',
  cursorField: 'updatedAt',
  encode: () => ({ data: '{}', changes: null }),
};
const stream = {
  name: 'contacts',
  layout,
  properties: [],
  associations: [],
  filterGroups: [],
} as unknown as ObjectStream;
const row = (id: string) => ({ id, properties: {}, updatedAt: new Date(Date.now()).toISOString() });

describe('a run that has nothing to say', () => {
  let out: string[];
  let run: ObjectRun;

  beforeEach(() => {
    jest.useFakeTimers();
    out = [];
    const sink = {
      records: async () => void out.push('record'),
      state: async (_: string, state: JsonObject) => void out.push(`state ${JSON.stringify(state).length > 0}`),
    } as unknown as RecordSink;
    const client = { clock: { now: () => Date.now() } } as HubSpotClient;
    run = new ObjectRun(client, stream, options, parseObjectState(null, 'contacts', 'updatedAt', null), sink, null);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  test('repeats its last state every few minutes, and stops with the reading', async () => {
    await run.withHeartbeat(async () => {
      await run.save();
      await jest.advanceTimersByTimeAsync(9 * MINUTE);
    });
    const repeated = out.length;
    expect(repeated).toBeGreaterThanOrEqual(4);
    await jest.advanceTimersByTimeAsync(9 * MINUTE);
    expect(out).toHaveLength(repeated);
  });

  test('does not repeat it behind records that it does not cover', async () => {
    await run.withHeartbeat(async () => {
      await run.emitLive([row('1')], new Map(), null, true);
      await jest.advanceTimersByTimeAsync(9 * MINUTE);
    });
    expect(out).toEqual(['state true', 'record']);
  });
});
