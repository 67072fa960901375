import type { Injected } from '../../src/commands/runner/injected.js';
import { runSync } from '../../src/commands/sync/run-sync.js';
import type { StreamVerification } from '../../src/commands/verify/comparison.js';
import { runVerify, type VerifyOptions } from '../../src/commands/verify/run-verify.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import type { JsonObject } from '../../src/json.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { FAST } from '../support/fast-source.js';
import { Lifetime, QUICK } from '../support/processes/lifetime.js';
import type { TestWarehouse } from '../support/test-warehouse.js';
export const PROPERTIES = ['firstname', 'lastname', 'email'];
const NEVER = new AbortController().signal;

/** A pipeline of contacts. */
export interface TestPipeline {
  source?: JsonObject;
  /** Of the entry of `objects`. */
  object?: JsonObject;
  destination?: JsonObject;
}

export type VerifyWarehouse = TestWarehouse & { destination(): object };

export function pipelineOf(
  warehouse: VerifyWarehouse,
  sandbox: Sandbox,
  { source, object, destination }: TestPipeline = {},
) {
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parsePipelineConfig({
    name: 'crm',
    source: {
      credentials: { access_token: sandbox.token },
      objects: [{ object_type: 'contacts', properties: PROPERTIES, associations: ['companies'], ...object }],
      layout: 'columns',
      ...source,
    },
    destination: { ...warehouse.destination(), ...destination },
  });
  Object.assign(config.source, FAST);
  return config;
}

type Config = ReturnType<typeof pipelineOf>;

export async function sync(config: Config, signal = NEVER) {
  const result = await new Lifetime(null).live(() => runSync(config, signal, [], QUICK));
  expect(result.errors).toEqual([]);
  return result;
}

/** @param life the process that verifies, which may die */
export function verify(
  config: Config,
  options: Partial<VerifyOptions> = {},
  life = new Lifetime(null),
  injected: Injected = QUICK,
) {
  const all = { streams: null, isDeep: false, repairs: false, ...options };
  return life.live(() => runVerify(config, all, life.end, injected));
}

export function only(streams: readonly StreamVerification[]): StreamVerification {
  expect(streams).toHaveLength(1);
  return streams[0] as StreamVerification;
}

/** Throws where the live rows of a table of contacts are not the portal's live records. */
export async function expectEqual(warehouse: TestWarehouse, sandbox: Sandbox): Promise<void> {
  const fields = { id: 'text', updated_at: 'instant', archived: 'boolean', associated_companies: 'json' } as const;
  const texts = Object.fromEntries(PROPERTIES.map((name) => [name, 'text' as const]));
  const rows = await warehouse.rows('contacts', { ...fields, ...texts });
  const live = rows.filter(({ archived }) => archived !== true);
  const shown = live.map((row) => [
    row.id,
    row.updated_at,
    [...((row.associated_companies as string[] | null) ?? [])].sort(),
    PROPERTIES.map((name) => row[name as keyof typeof row] ?? null),
  ]);
  const truth = sandbox.portal.truth('contacts', { properties: PROPERTIES, associations: ['companies'] });
  const expected = truth.live.map(({ id, updatedAt, properties, associations }) => [
    id,
    updatedAt,
    [...(associations?.companies ?? [])].sort(),
    PROPERTIES.map((name) => properties[name] ?? null),
  ]);
  const byId = (a: unknown[], b: unknown[]) => Number(a[0]) - Number(b[0]);
  expect(shown.sort(byId)).toEqual(expected.sort(byId));
}
