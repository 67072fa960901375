import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { FAST } from '../support/fast-source.js';
import { freshForEach } from '../support/fresh.js';
import { Lifetime, QUICK } from '../support/processes/lifetime.js';
import { sorted, type TestWarehouse } from '../support/test-warehouse.js';
import { hashOf as hashWith } from './hash-of.js';

const HOUR = 3_600_000;
const SALT = 'a salt of these tests';
const NEVER = new AbortController().signal;
const NUMBERS = [0, 1, 2, 3, 4];
const hashOf = (value: string) => hashWith(value, SALT);

/** Hashes and local dates in the tables of every warehouse, where these held values in clear before. */
export function processedValues(warehouse: TestWarehouse & { destination(): object }): void {
  freshForEach(warehouse);
  let sandbox: Sandbox;
  let ahead = 0;

  beforeEach(async () => {
    ahead = 0;
    sandbox = await startSandbox({ counts: { '*': 0 }, limits: 'off', clock: () => Date.now() + ahead });
    sandbox.portal.addProperty('contacts', { name: 'salary', type: 'number' });
    sandbox.portal.addProperty('contacts', { name: 'signed_on', type: 'datetime' });
    for (const number of NUMBERS) {
      const signed_on = `2024-05-0${number + 1}T02:00:00Z`;
      sandbox.portal.create('contacts', { email: `contact-${number}@example.com`, salary: `5000${number}`, signed_on });
    }
  });
  afterEach(() => sandbox.close());

  async function sync(source: object, entry: object = {}): Promise<void> {
    ahead += 3 * HOUR;
    process.env.HUBSPOT_BASE_URL = sandbox.url;
    const properties = ['email', 'salary', 'signed_on'];
    const config = parsePipelineConfig({
      name: 'crm',
      source: {
        credentials: { access_token: sandbox.token },
        objects: [{ object_type: 'contacts', properties, associations: [], ...entry }],
        layout: 'columns',
        ...source,
      },
      destination: warehouse.destination(),
    });
    Object.assign(config.source, FAST);
    const result = await new Lifetime(null).live(() => runSync(config, NEVER, [], QUICK));
    expect(result.errors).toEqual([]);
  }

  test('a number that is hashed goes into a column beside, and its old one and the local dates are as they are to be', async () => {
    await sync({});
    await sync({ hash_salt: SALT, local_dates: true }, { hash_properties: ['email', 'salary'] });
    const texts = { email: 'text', salary: 'number', salary_STRING: 'text', signed_on_local_date: 'text' } as const;
    expect(sorted(await warehouse.rows('contacts', texts))).toEqual(
      sorted(
        NUMBERS.map((number) => ({
          email: hashOf(`contact-${number}@example.com`),
          salary: null,
          salary_STRING: hashOf(`5000${number}`),
          signed_on_local_date: number === 0 ? '2024-04-30' : `2024-05-0${number}`,
        })),
      ),
    );
  });
}
