import { parseDestinationConfig } from '../../config/destination.js';
import { interpolated } from '../../config/environment.js';
import { openStore } from '../../warehouse/open-store.js';
import { probe } from '../../warehouse/probe.js';
import type { Answers } from './answers.js';

/**
 * Does in the destination what `destination check` does: makes, fills, merges into and drops a table. Throws what is wrong.
 *
 * @param destination as the pipeline has it, with `${NAME}`s
 * @param environment where these are
 */
export async function checkDestination(
  answers: Answers,
  destination: object,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const config = parseDestinationConfig(interpolated(destination, environment));
  answers.say('Trying the destination …');
  const store = await openStore(config, null, 'try');
  try {
    await probe(store, config.loader);
  } finally {
    await store.close();
  }
  answers.say(`A table could be made, filled, merged into and dropped in ${config.schema}.`);
}
