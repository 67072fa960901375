import { rmSync } from 'node:fs';
import { type PipelineConfig, parsePipelineConfig } from '../config/pipeline.js';
import { loadPackage } from '../load-package.js';
import { showProgress } from '../observing/progress/show-progress.js';
import type { Sandbox } from '../sandbox/server.js';
import { startSandbox } from '../sandbox/server.js';
import type { TextIo } from './runner/text-command.js';
import { textTable } from './runner/text-table.js';
import { runSync } from './sync/run-sync.js';
import type { SyncResult } from './sync/sync-result.js';
import { describeSync } from './sync.js';

const DATABASE = 'hubflake-demo.duckdb';
const RECORDS = { contacts: 2000, companies: 400, deals: 800, tickets: 300 };
/** Far above HubSpot's limit, so that newcomers need not wait for it. */
const BURST = 2000;

const QUERY = `SELECT c.name AS company, count(DISTINCT d.id) AS open_deals, round(sum(d.amount)) AS amount
FROM deals d, unnest(d.associated_companies::VARCHAR[]) AS link(company_id)
JOIN companies c ON c.id = link.company_id
WHERE NOT d.archived AND NOT d.hs_is_closed
GROUP BY ALL ORDER BY amount DESC LIMIT 5`;

/**
 * `hubflake demo`: starts a sandbox portal, syncs it into a DuckDB file, changes some records, syncs again, and queries the tables.
 * No account, no network.
 */
export async function demo({ print, stop }: TextIo, options: { json?: boolean }): Promise<number> {
  for (const file of [DATABASE, `${DATABASE}.wal`]) rmSync(file, { force: true });
  const say = options.json ? () => undefined : print;
  const sandbox = await startSandbox({ counts: RECORDS, limits: { burst: BURST } });
  try {
    const config = pipeline(sandbox);
    say(
      `A HubSpot portal with sample data is running on ${sandbox.url}.\n\nFirst sync, everything into ${DATABASE}:\n`,
    );
    const first = await syncOnce(config, stop.signal);
    say(`${describeSync(first)}\n`);
    const changes = changePortal(sandbox);
    say(`Now in HubSpot: ${changes.join(', ')}. Second sync, only what changed:\n`);
    const second = await syncOnce(config, stop.signal);
    say(`${describeSync(second)}\n`);
    const rows = await query(QUERY);
    say(`What is in the tables now, by SQL:\n\n${QUERY}\n\n${resultTable(rows)}\n`);
    say(`Look further with any DuckDB client: ${DATABASE}. To do this with your own portal, see the README.`);
    if (options.json) print(JSON.stringify({ first, changes, second, query: { sql: QUERY, rows } }));
    return first.errors.length + second.errors.length > 0 ? 1 : 0;
  } finally {
    await sandbox.close();
  }
}

function pipeline(sandbox: Sandbox): PipelineConfig {
  const config = parsePipelineConfig({
    name: 'demo',
    source: {
      credentials: { credentials_title: 'Private App Credentials', access_token: sandbox.token },
      layout: 'columns',
    },
    destination: { type: 'duckdb', path: DATABASE },
  });
  config.source.baseUrl = sandbox.url;
  return config;
}

async function syncOnce(config: PipelineConfig, signal: AbortSignal): Promise<SyncResult> {
  const endProgress = await showProgress();
  return runSync(config, signal).finally(endProgress);
}

/** Makes changes as people do between two syncs. Returns their description. */
function changePortal({ portal }: Sandbox): string[] {
  const contacts = portal.truth('contacts').live.map((record) => record.id);
  const deals = portal.truth('deals').live.map((record) => record.id);
  const companies = portal.truth('companies').live.map((record) => record.id);
  for (const id of contacts.slice(10, 35)) portal.edit('contacts', id, { jobtitle: 'Head of Data' });
  portal.create('contacts', { firstname: 'Ada', lastname: 'Lovelace', email: 'ada@example.com' });
  for (const id of deals.slice(0, 3)) portal.edit('deals', id, { amount: '250000' });
  for (const id of deals.slice(5, 6)) portal.archive('deals', id);
  const [, survivor = '', merged = ''] = companies;
  portal.merge('companies', survivor, merged);
  return [
    '25 contacts got a new job title',
    '1 contact was created',
    '3 deals grew',
    '1 deal was archived',
    '2 companies were merged',
  ];
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const { DuckDBInstance }: typeof import('@duckdb/node-api') = loadPackage('@duckdb/node-api');
  const instance = await DuckDBInstance.create(DATABASE);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function resultTable(rows: readonly Record<string, unknown>[]): string {
  const headings = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) =>
    headings.map((heading) => {
      const text = String(row[heading]);
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    }),
  );
  return textTable(headings, cells);
}
