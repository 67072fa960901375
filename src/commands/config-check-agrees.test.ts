import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Finding } from '../config/check/finding.js';
import { parsePipelineConfig } from '../config/pipeline.js';
import { isObject } from '../json.js';
import { configureLog } from '../log.js';
import { configCheck } from './config-check.js';
import { StopRequest } from './runner/stop.js';

/** `config check` looks at each option by itself; `sync` is the oracle. */

const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
const path = join(folder, 'pipeline.json');
const stop = new StopRequest();

beforeAll(() => configureLog({ level: 'error', sink: () => undefined }));
afterAll(async () => {
  await stop.finish();
  rmSync(folder, { recursive: true });
});

const SOUND = {
  name: 'crm',
  source: {
    credentials: { access_token: 'token-of-tests' },
    layout: 'columns',
    start_date: '2024-01-01',
    objects: [
      { object_type: 'deals', name: 'd', updated_after: '2024-01-01', history: true, hash_properties: ['dealname'] },
    ],
    sensitive: 'hash',
    hash_salt: 'a salt of these tests',
    association_streams: [{ from_object: 'deals', to_object: 'contacts' }],
    include: ['teams'],
  },
  destination: {
    ...{ type: 'snowflake', host: 'acme.snowflakecomputing.com', database: 'D', schema: 'S', username: 'U' },
    credentials: { token: 'token-of-tests' },
    ...{ flush_mb: 5, table_form: 'typed', jdbc_url_params: 'A=1' },
  },
  streams: [{ name: 'd', sync_mode: 'incremental' }],
};

/** A pipeline with one value changed or left out: another text, a number, a list, nothing. */
const changed = fc
  .record({
    at: fc.nat(),
    value: fc.constantFrom<unknown>('', 'x', '2024-02-31', 5, null, [], [{}], {}, true, undefined),
  })
  .map(({ at, value }) => {
    const sound = structuredClone(SOUND);
    const places: [holder: Record<string, unknown>, key: string][] = [];
    const visit = (holder: unknown) => {
      if (!isObject(holder) && !Array.isArray(holder)) return;
      for (const [key, child] of Object.entries(holder)) {
        places.push([holder as Record<string, unknown>, key]);
        visit(child);
      }
    };
    visit(sound);
    const [holder, key] = places[at % places.length] as [Record<string, unknown>, string];
    holder[key] = value;
    return JSON.parse(JSON.stringify(sound));
  });

test('there are mistakes where sync would refuse the pipeline, and else none', async () => {
  await fc.assert(
    fc.asyncProperty(changed, async (given) => {
      let refusal: string | null = null;
      try {
        parsePipelineConfig(given);
      } catch (error) {
        refusal = String(error);
      }
      writeFileSync(path, JSON.stringify(given));
      const out: string[] = [];
      await configCheck({ print: (text) => void out.push(text), stop }, { config: path, kind: 'pipeline', json: true });
      const { mistakes }: { mistakes: Finding[] } = JSON.parse(out.join(''));
      // What sync learns later, or warns of.
      const early = mistakes.filter(({ message }) => !/there is n|is called|is not an option/.test(message));
      expect([early.length > 0, refusal]).toEqual([refusal !== null, refusal]);
    }),
    { numRuns: 150 },
  );
});
