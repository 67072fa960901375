import type { JsonObject } from '../src/protocol/messages.js';
import { Destination, type Played, startPlayed } from './strategies/play.js';

/** The sweep of `read`, which has no warehouse: the state knows ids, and hashes of runs of ten records. */

const HOURS = 60;
const NAMES = ['firstname', 'lifecyclestage', 'num_associated_deals'];

let played: Played;
let destination: Destination;

afterEach(() => played.sandbox.close());

const portal = () => played.sandbox.portal;
const counts = () => played.sandbox.calls.counts().byKind;
const ids = () => portal().truth('contacts').live.map(({ id }) => id);

async function begin(contacts: number, config: JsonObject = {}, object: JsonObject = {}): Promise<void> {
  played = await startPlayed({ counts: { '*': 0, contacts, companies: 5 } });
  // The sample's records were modified until later than the clock of these tests begins.
  played.wait(366 * 24 * HOURS);
  destination = new Destination(played.sandbox, 'contacts', undefined, {
    layout: 'columns',
    objects: [{ object_type: 'contacts', properties: NAMES, associations: ['companies'], ...object }],
    sweep_every: 24,
    ...config,
  });
  await destination.sync(null);
}

test('smoke', async () => {
  await begin(350);
  played.wait(25 * HOURS);
  const first = await destination.sync(null);
  expect(first).toHaveLength(350);
  played.wait(25 * HOURS);
  expect(await destination.sync(null)).toEqual([]);
  const [a, b, c] = ids() as [string, string, string];
  portal().edit('contacts', ids()[120] as string, { firstname: 'Silent' }, { silent: true });
  portal().erase('contacts', [b]);
  played.wait(25 * HOURS);
  const came = await destination.sync(null);
  console.log(a, b, c, came, counts(), JSON.stringify(destination.state).slice(0, 3000));
});
