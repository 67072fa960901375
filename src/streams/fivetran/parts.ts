import { MissingScopesError } from '../../errors.js';
import { log } from '../../log.js';
import { isGranted } from '../access.js';
import type { PortalFacts, StreamPlan } from '../core/stream.js';
import { planOf } from '../crm/object-plan.js';
import type { ObjectStream } from '../crm/object-stream.js';
import type { ReadingPlan } from '../crm/reading/reading-plan.js';

/**
 * The plan of a table that is read with some objects, of which the token may lack some. It is left out where the token may not read it, though
 * the objects be configured.
 */
export function planOfParts(
  name: string,
  [first, ...others]: readonly [ReadingPlan, ...ReadingPlan[]],
): Omit<StreamPlan, 'open'> {
  const plan = { ...planOf(first), name, sources: [first, ...others], isByGroup: true };
  if (others.length === 0) return plan;
  return { ...plan, scopes: [], probe: async (portal) => void (await openParts(name, [first, ...others], portal)) };
}

/** Opens the objects that a table is read from. Those that the token may not read are left out, as long as there is another one. */
export async function openParts(
  table: string,
  readings: readonly ReadingPlan[],
  portal: PortalFacts,
): Promise<ObjectStream[]> {
  const opened = await Promise.all(readings.map((reading) => openPart(reading, portal)));
  const refused = opened.filter((each) => each instanceof MissingScopesError);
  const [first] = refused;
  if (first && refused.length === readings.length) throw first;
  const objects = opened.flatMap((each) => (each instanceof MissingScopesError ? [] : [each]));
  const lacking = readings.filter((_, index) => opened[index] instanceof MissingScopesError);
  if (lacking.length > 0) {
    log.info(
      `${table} is without ${lacking.map(({ selection }) => selection.type.name).join(', ')}: the token lacks the scope.`,
    );
  }
  return objects;
}

async function openPart(reading: ReadingPlan, portal: PortalFacts): Promise<ObjectStream | MissingScopesError> {
  try {
    // HubSpot lists properties to tokens that may not read records.
    if (!(await isGranted(portal, planOf(reading)))) await portal.firstRow(reading.selection.type);
    return await reading.open(portal);
  } catch (error) {
    if (error instanceof MissingScopesError) return error;
    throw error;
  }
}
