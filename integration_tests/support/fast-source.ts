import type { JsonObject } from '../../src/protocol/messages.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { monotonicMs } from '../../src/time.js';
import './processes/in-process.js';
import type { TableSchedule } from './schedules/table-schedule.js';
import { PROPERTIES } from './schedules/table-truth.js';

/** The budgets are timed by a clock that is so much faster, so that nobody waits for them. */
const FASTER = 1000;

/** To be put into a source's parsed configuration. */
export const FAST = { now: () => monotonicMs(performance.now() * FASTER) };

/** The configuration of a source that reads the contacts of a sandbox, which from now on is where HubSpot is. */
export function contactsSource(sandbox: Sandbox, { deletes, isFiltered }: TableSchedule): JsonObject {
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const filters = [{ propertyName: 'email', operator: 'HAS_PROPERTY' }];
  return {
    credentials: { access_token: sandbox.token },
    objects: [
      {
        object_type: 'contacts',
        properties: PROPERTIES,
        associations: ['companies'],
        ...(isFiltered ? { filter_groups: [{ filters }] } : {}),
      },
    ],
    layout: 'columns',
    deletes,
  };
}
