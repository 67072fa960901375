// At HubSpot's limits: calls take 300 ms (or as many as a case says), 190 may be made in any ten seconds, and five searches in any second.
// How long a read takes, beside the time that these budgets alone impose on the calls it needs, if every call took no time. The sandbox's
// list cursors are those of HubSpot's live answers: the last id plus one.
import { setTimeout as sleep } from 'node:timers/promises';
import { budgetSeconds, LATENCY_MS, LIMITS } from '../kit/limits.mjs';
import { measure, readStates, writeJson } from '../kit/measure.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const OBJECTS = ['contacts', 'companies', 'deals', 'tickets', 'leads', 'products'].concat([
  'line_items',
  'quotes',
  'orders',
  'invoices',
  'subscriptions',
  'vehicles',
]);
const EACH = 20_000;
const CHANGED = 50_000;
const LARGE = 200_000;
/** What HubSpot gives in a call. */
const LISTED = 100;
const FOUND = 200;

function catalogOf(names) {
  const streams = names.map((name) => ({
    stream: { name, json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] },
    sync_mode: 'incremental',
    destination_sync_mode: 'append_dedup',
  }));
  return writeJson('catalog.json', { streams });
}

async function withLimits(sandbox, run, latencyMs = LATENCY_MS) {
  // The calls that prepared it count, too, until they are out of the window.
  await sleep(LIMITS.burstMs);
  await sandbox.admin('limits', LIMITS);
  await sandbox.admin('latency', { ms: latencyMs });
  const cost = await sandbox.counting(run);
  if (cost.refused > 0) throw new Error(`${cost.refused} calls were refused`);
  return cost;
}

async function openFirstLoad() {
  const sandbox = await startSandbox(['--no-limits', ...OBJECTS.flatMap((name) => [`--${name}`, `${EACH}`])]);
  const credentials = { access_token: sandbox.token };
  const config = writeJson('config.json', { credentials, layout: 'columns', burst_share: 1 });
  const args = ['read', '--config', config, '--catalog', catalogOf(OBJECTS)];
  // Of each object its pages, its properties, and a look at the archived records before and behind.
  const calls = OBJECTS.length * (Math.ceil(EACH / LISTED) + 1 + 2) + 2;
  return {
    own: () => withLimits(sandbox, () => measure('dist/main.js', args, { env: sandbox.env })),
    boundSeconds: budgetSeconds(calls),
    close: sandbox.close,
  };
}

/** One object that is too long for one chain of pages, each of which names the next one. */
async function openLarge(latencyMs) {
  const sandbox = await startSandbox(['--no-limits', '--contacts', `${LARGE}`]);
  const credentials = { access_token: sandbox.token };
  const source = { credentials, layout: 'columns', burst_share: 1, deletes: 'off' };
  const args = ['read', '--config', writeJson('config.json', source), '--catalog', catalogOf(['contacts'])];
  const calls = Math.ceil(LARGE / LISTED);
  return {
    own: () => withLimits(sandbox, () => measure('dist/main.js', args, { env: sandbox.env }), latencyMs),
    boundSeconds: budgetSeconds(calls),
    close: sandbox.close,
  };
}

async function openIncrement() {
  const sandbox = await startSandbox(['--no-limits', '--contacts', `${CHANGED + CHANGED / 10}`]);
  const credentials = { access_token: sandbox.token };
  const config = writeJson('config.json', { credentials, layout: 'columns', burst_share: 1, deletes: 'off' });
  const args = ['--config', config, '--catalog', catalogOf(['contacts'])];
  const states = readStates(args, sandbox.env);
  await sandbox.admin('edit', { objectType: 'contacts', count: CHANGED, properties: { city: 'Ghent' } });
  const state = writeJson('state.json', states);
  const run = () => measure('dist/main.js', ['read', ...args, '--state', state], { env: sandbox.env });
  return {
    own: () => withLimits(sandbox, run),
    boundSeconds: budgetSeconds(Math.ceil(CHANGED / FOUND), LIMITS.searchPerSecond, 1),
    close: sandbox.close,
  };
}

export const cases = [
  { name: `limits: first load of ${OBJECTS.length} × ${EACH}`, timeGoal: 1.1, runs: 1, open: openFirstLoad },
  { name: `limits: first load of one object of ${LARGE}`, runs: 1, open: () => openLarge(LATENCY_MS) },
  { name: 'limits: the same at 600 ms a call', runs: 1, open: () => openLarge(2 * LATENCY_MS) },
  { name: `limits: increment of ${CHANGED}`, timeGoal: 1.1, runs: 1, open: openIncrement },
];
