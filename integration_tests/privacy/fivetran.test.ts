import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { readInProcess } from '../support/processes/in-process.js';

/** Tables of Fivetran's layout that are made of one property each: they tell nothing of one that is hashed or left out. */

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ counts: { '*': 0, deals: 3 }, limits: 'off' });
});
afterEach(() => sandbox.close());

describe('the types of engagements', () => {
  const types = async (entry: JsonObject) => {
    const config = {
      layout: 'fivetran',
      hash_salt: 'a salt of these tests',
      objects: [{ object_type: 'emails', ...entry }],
    };
    const { records, error } = await readInProcess(sandbox, 'engagement', null, { config });
    expect(error).toBeNull();
    return records.map(({ type }) => type).sort();
  };
  beforeEach(() => {
    for (const hs_email_direction of ['EMAIL', 'INCOMING_EMAIL', 'FORWARDED_EMAIL'])
      sandbox.portal.create('emails', { hs_email_direction });
  });

  test('say the direction of an e-mail', async () => {
    expect(await types({})).toEqual(['EMAIL', 'FORWARDED_EMAIL', 'INCOMING_EMAIL']);
  });

  test.each(['hash_properties', 'exclude_properties'])('do not with %s', async (option) => {
    expect(await types({ [option]: ['hs_email_direction'] })).toEqual(['EMAIL', 'EMAIL', 'EMAIL']);
  });
});

test.each([[[]], [['deal_stage']]])('there is no deal_stage without dealstage, with include: %j', async (include) => {
  const named = (entry: JsonObject) => {
    const config = { layout: 'fivetran', objects: [{ object_type: 'deals', ...entry }], include };
    return readInProcess(sandbox, 'deal_stage', null, { config });
  };
  const { records, error } = await named({});
  expect([records.length > 0, error]).toEqual([true, null]);
  const without = await named({ exclude_properties: ['dealstage'] });
  expect([without.records, without.error?.message]).toEqual([[], expect.stringContaining('deal_stage')]);
});
