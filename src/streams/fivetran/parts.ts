import { MissingScopesError } from '../../errors.js';
import { log } from '../../log.js';
import { accessTo } from '../access.js';
import type { PortalFacts } from '../core/stream.js';
import { planOf } from '../crm/object-plan.js';
import type { ObjectStream } from '../crm/object-stream.js';
import type { ReadingPlan } from '../crm/reading/reading-plan.js';

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
  const scopes = await portal.tokenScopes();
  const access = scopes === null ? null : accessTo(planOf(reading), scopes);
  if (access?.is === 'refused') {
    return new MissingScopesError(`The token lacks the scope ${access.missing.join(', and ')}.`, access.missing);
  }
  try {
    // HubSpot lists properties to tokens that may not read records.
    if (scopes === null) await portal.firstRow(reading.selection.type);
    return await reading.open(portal);
  } catch (error) {
    if (error instanceof MissingScopesError) return error;
    throw error;
  }
}
