// `write` of 100,000 records with a hundred properties: to Snowflake, up to its upload, beside a bare program that cuts lines and
// compresses them; to DuckDB, into a new table, over the same rows again and over older versions of them, beside DuckDB alone.
import { copyFileSync, rmSync } from 'node:fs';
import { inputs } from '../kit/inputs.mjs';
import { measure, newPath } from '../kit/measure.mjs';
import { startStub, stubConfig } from '../kit/stub.mjs';

const RECORDS = 100_000;

async function openSnowflake() {
  const { input, write, close } = inputs(RECORDS);
  const stub = await startStub();
  const target = newPath('floor.gz');
  return {
    own: () => write(stubConfig(stub.host)),
    floor: async () => ({ ...(await measure('bench/floors/slice-gzip.mjs', [target], { input })), records: RECORDS }),
    close: () => {
      stub.close();
      close();
    },
  };
}

/** @param comes the version of the records @param there the version of those that are in the table already, or null */
async function openDuckDb(comes, there) {
  const { input, catalog, write, close } = inputs(RECORDS, comes);
  const destination = (path) => ({ type: 'duckdb', path });
  const floorOn = async (path, messages = input) => ({
    ...(await measure('bench/floors/duckdb-merge.mjs', [messages, catalog, path])),
    records: RECORDS,
  });
  const full = { own: newPath('own.duckdb'), floor: newPath('floor.duckdb') };
  if (there !== null) {
    const before = inputs(RECORDS, there);
    await before.write(destination(full.own));
    await floorOn(full.floor, before.input);
    before.close();
  }
  /** Runs on a database that is new, or a copy of the full one. */
  const onFresh = async (which, run) => {
    const path = newPath('fresh.duckdb');
    if (there !== null) copyFileSync(full[which], path);
    try {
      return await run(path);
    } finally {
      rmSync(path, { force: true });
    }
  };
  return {
    own: () => onFresh('own', (path) => write(destination(path))),
    floor: () => onFresh('floor', floorOn),
    close,
  };
}

export const cases = [
  { name: 'write to Snowflake, up to the upload', goal: 2, open: openSnowflake },
  { name: 'write to DuckDB, new rows', goal: 1.6, open: () => openDuckDb(1, null) },
  { name: 'write to DuckDB, the same rows again', goal: 1.5, open: () => openDuckDb(1, 1) },
  { name: 'write to DuckDB, newer versions of the rows', goal: 1.5, open: () => openDuckDb(2, 1) },
];
