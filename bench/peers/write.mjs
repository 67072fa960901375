// Other writers to Snowflake, up to the upload, beside hubflake's `write` of the same records. All of them keep their own driver, which
// hashes each file and copies it to the same stand-in; the peers are given Singer's messages and their own defaults.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inputs, messagesFile } from '../kit/inputs.mjs';
import { writeJson } from '../kit/measure.mjs';
import { installed, measurePython } from '../kit/python.mjs';
import { startStub, stubConfig } from '../kit/stub.mjs';

/** As many for all, so that the start counts for each as it would in a run of that size. */
const RECORDS = 100_000;

const LOGIN = { account: 'bench', user: 'BENCH', password: 'of-the-benchmark', warehouse: 'BENCH' };
/** Asking clouds for who one is would only wait. */
const ENV = { SNOWFLAKE_DISABLE_PLATFORM_DETECTION: 'true' };

/** @param theirs the rest of the peer's configuration */
async function open(requirement, theirs) {
  const programs = installed(requirement);
  const ours = inputs(RECORDS);
  const input = messagesFile(RECORDS, 'singer');
  const stub = await startStub();
  const args = ['--config', writeJson('their-config.json', { ...LOGIN, ...theirs })];
  const env = { ...ENV, BENCH_SNOWFLAKE: stub.host };
  /** A run that did not bring every record is no run. */
  const complete = async (run) => {
    const before = await stub.rows();
    const cost = await run();
    const rows = (await stub.rows()) - before;
    if (rows !== RECORDS) throw new Error(`${rows} of ${RECORDS} records came`);
    return { ...cost, records: RECORDS };
  };
  return {
    own: () => complete(() => measurePython(join(programs, 'target-snowflake'), args, { env, input })),
    floor: () => complete(() => ours.write(stubConfig(stub.host))),
    close: () => {
      stub.close();
      ours.close();
      rmSync(input);
    },
  };
}

export const cases = [
  ['meltanolabs-target-snowflake==0.20.4', { database: 'BENCH', schema: 'BENCH' }],
  [
    'pipelinewise-target-snowflake==2.3.0',
    { dbname: 'BENCH', default_target_schema: 'BENCH', file_format: 'BENCH.CSV' },
  ],
].map(([requirement, theirs]) => ({
  name: `peer ${requirement}, beside write`,
  // Of one run, hubflake's few seconds may fall into a bad moment of the machine, which a peer's minutes even out.
  runs: 2,
  leastGoal: 15,
  open: () => open(requirement, theirs),
}));
