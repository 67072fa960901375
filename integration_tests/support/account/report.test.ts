import { Account } from './account.js';
import type { Ran } from './history.js';
import { costTable, kindOf } from './report.js';

const RAN: Ran = {
  id: '01',
  session: '1',
  text: 'MERGE INTO "DB"."S"."CONTACTS" t USING (SELECT 1) s',
  length: 50,
  elapsed: 900,
  compile: 300,
  execute: 500,
  blocked: 0,
  queued: 100,
  bytesScanned: 2_500_000,
  warehouseSize: 'X-Small',
  cloudCredits: 0.000_02,
  error: null,
};

test.each([
  ['MERGE INTO "DB"."S"."CONTACTS" t USING (SELECT "a" FROM "DB"."S"."X") s ON 1', 'MERGE INTO CONTACTS'],
  [
    'CREATE OR REPLACE TRANSIENT TABLE "DB"."S"."_HUBFLAKE_STAGE_9_B_1" ("V" VARIANT)',
    'CREATE OR REPLACE TRANSIENT TABLE <stage>',
  ],
  ['PUT file:///tmp/x/1.json.gz @%_HUBFLAKE_STAGE_9_B_1 AUTO_COMPRESS=FALSE', 'PUT <file>'],
  ['UPDATE "DB"."S"."_HUBFLAKE_STATE" SET "STATE" = 1', 'UPDATE _HUBFLAKE_STATE'],
  ['SELECT "PIPELINE" FROM "DB"."my schema"."_HUBFLAKE_STATE"', 'SELECT _HUBFLAKE_STATE'],
  ['INSERT OVERWRITE INTO "DB"."S"."T" SELECT 1', 'INSERT OVERWRITE INTO T'],
  ['COMMIT', 'COMMIT'],
])('%s is called %s', (text, kind) => {
  expect(kindOf(text)).toBe(kind);
});

test('a kind of statement has a line with its sums, and what nobody knows is a question mark', async () => {
  const unknown = { elapsed: null, compile: null, execute: null, queued: null, blocked: null, bytesScanned: null };
  const begin = { ...RAN, ...unknown, text: 'BEGIN', warehouseSize: null, cloudCredits: null };
  const account = Object.assign(Object.create(Account.prototype) as Account, { isDryRun: true });
  const lines = await costTable(account, [RAN, { ...RAN, id: '02' }, begin]);
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    expect.arrayContaining(['statement', 'n', 'elapsed ms']),
    ['MERGE INTO CONTACTS', '2', '1800', '600', '1000', '200', '0', '5.00', '?', '2', '0.000040'],
    ['BEGIN', '1', '?', '?', '?', '?', '?', '?', '?', '?', '?'],
    ['all', '3', '1800', '600', '1000', '200', '0', '5.00', '?', '2', '0.000040'],
  ]);
});
