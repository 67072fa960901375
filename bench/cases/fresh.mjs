// How fresh the tables of a service are: `sync --every 60s` into DuckDB while every second a record of each of eight objects is edited, and HubSpot's
// index shows changes up to eight seconds late. Calls take 300 ms, within HubSpot's limits; 100,000 contacts (`--records` says how many). Freshness
// is measured from outside: from an edit to the end of the round behind which the table has it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';
import { LATENCY_MS, LIMITS } from '../kit/limits.mjs';
import { newPath, root, writeJson } from '../kit/measure.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const CONTACTS = 100_000;
const MINUTES = 8;
const EVERY_SECONDS = 60;
/** What nine in ten edits, and half of those that are left, may take. */
const MOST_P95_SECONDS = 90;
/** Edited records of an object take turns, so that each edit shows in the table. */
const EDITED = 400;
const NAMES = {
  contacts: 'lastname',
  companies: 'name',
  deals: 'dealname',
  tickets: 'subject',
  products: 'name',
  line_items: 'name',
  calls: 'hs_call_title',
  notes: 'hs_note_body',
};
const OBJECTS = Object.keys(NAMES);

async function open({ records = CONTACTS }) {
  const few = OBJECTS.slice(1).flatMap((object) => [`--${object}`, '2000']);
  const sandbox = await startSandbox(['--no-limits', '--contacts', `${records}`, ...few]);
  return { own: () => serve(sandbox), close: sandbox.close };
}

async function serve(sandbox) {
  const path = newPath('fresh.duckdb');
  const config = writeJson('pipeline.json', {
    name: 'fresh',
    source: {
      credentials: { access_token: sandbox.token },
      objects: OBJECTS.map((object_type) => ({ object_type, properties: [NAMES[object_type]], associations: [] })),
      layout: 'columns',
    },
    destination: { type: 'duckdb', path },
  });
  const args = [join(root, 'dist/main.js'), 'sync', '--json', '--config', config, '--every', `${EVERY_SECONDS}s`];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...sandbox.env },
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const rounds = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await rounds.next();
  await sandbox.admin('latency', { ms: LATENCY_MS });
  await sandbox.admin('lag', { maxMs: 8_000, seed: 1 });
  await sandbox.admin('limits', LIMITS);
  await sandbox.admin('calls/reset', {});
  const editor = new Editor(sandbox, path);
  const startedAt = Date.now();
  await editor.start();
  while (Date.now() - startedAt < MINUTES * 60_000) {
    const { value } = await rounds.next();
    if (value !== undefined) await editor.look();
  }
  const { counts } = await sandbox.admin('calls?last=0');
  editor.stop();
  const cost = costOf(child.pid);
  child.kill('SIGTERM');
  await ended;
  const { p50, p95, most, count, unseen } = editor.figures();
  process.stderr.write(
    `${count} edits: p50 ${p50.toFixed(1)} s, p95 ${p95.toFixed(1)} s, max ${most.toFixed(1)} s; ${unseen} older than ${MOST_P95_SECONDS} s are not there\n`,
  );
  if (unseen > 0) throw new Error(`${unseen} edits did not come`);
  if (p95 > MOST_P95_SECONDS) throw new Error(`p95 is ${p95} s, where ${MOST_P95_SECONDS} were to be kept`);
  const seconds = (Date.now() - startedAt) / 1000;
  return { ...cost, seconds, records: count, bytes: 0, calls: counts.total };
}

/** What a process has taken so far: it dies of its signal, and says nothing at its end. */
function costOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, maxRssMb: Number(kilobytes) / 1024 };
}

/** Edits a record of each object every second, and finds out when the tables have it. */
class Editor {
  #seconds = [];
  /** By object and record, the edit that is not in its table yet. */
  #pending = new Map();
  #ids = new Map();
  #number = 0;
  #timer = null;

  constructor(sandbox, path) {
    this.sandbox = sandbox;
    this.path = path;
  }

  async start() {
    const instance = await DuckDBInstance.create(this.path);
    const connection = await instance.connect();
    const tables = (await connection.runAndReadAll('SELECT table_name FROM duckdb_tables()')).getRows().flat();
    for (const object of OBJECTS) {
      const table = tables.find((name) => name === object || name === `engagements_${object}`);
      const rows = await connection.runAndReadAll(`SELECT id FROM "${table}" LIMIT ${EDITED}`);
      this.#ids.set(object, { table, ids: rows.getRows().map(([id]) => String(id)) });
    }
    connection.closeSync();
    instance.closeSync();
    this.#timer = setInterval(() => this.#edit(), 1000);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** A round has ended just now. */
  async look() {
    const now = Date.now();
    const instance = await DuckDBInstance.create(this.path, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    for (const [object, { table }] of this.#ids) {
      const name = NAMES[object];
      const rows = await connection.runAndReadAll(
        `SELECT id, "${name}" FROM "${table}" WHERE "${name}" LIKE 'fresh-%'`,
      );
      for (const [id, value] of rows.getRows()) {
        const key = `${object} ${id}`;
        const edit = this.#pending.get(key);
        if (edit === undefined || edit.value !== value) continue;
        this.#seconds.push((now - edit.at) / 1000);
        this.#pending.delete(key);
      }
    }
    connection.closeSync();
    instance.closeSync();
  }

  figures() {
    const sorted = this.#seconds.sort((a, b) => a - b);
    const at = (part) => sorted[Math.ceil(part * sorted.length) - 1];
    const late = [...this.#pending.values()].filter((edit) => Date.now() - edit.at > MOST_P95_SECONDS * 1000);
    return { p50: at(0.5), p95: at(0.95), most: at(1), count: sorted.length, unseen: late.length };
  }

  #edit() {
    this.#number += 1;
    const value = `fresh-${this.#number}`;
    for (const [object, { ids }] of this.#ids) {
      const id = ids[this.#number % ids.length];
      const at = Date.now();
      this.sandbox
        .admin('edit', { objectType: object, id, properties: { [NAMES[object]]: value } })
        .then(() => this.#pending.set(`${object} ${id}`, { value, at }))
        .catch((error) => process.stderr.write(`${error.message}\n`));
    }
  }
}

export const cases = [{ name: 'fresh', runs: 1, open }];
