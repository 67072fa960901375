import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { literal } from '../../config/environment.js';
import type { Answers } from './answers.js';
import { checkDestination } from './check-destination.js';

/** Asks for a DuckDB file, and tries it. Returns the pipeline's `destination`. */
export async function askDuckDb(answers: Answers): Promise<object> {
  const path = await answers.text({
    flag: 'path',
    message: 'Path of the DuckDB file',
    fallback: 'hubspot.duckdb',
    check: (given) => (existsSync(dirname(given)) ? undefined : `The folder ${dirname(given)} does not exist.`),
  });
  const schema = answers.given('schema');
  const destination = {
    type: 'duckdb',
    path: literal(path),
    ...(schema === undefined ? {} : { schema: literal(schema) }),
  };
  if (!answers.flag('check')) return destination;
  const wasThere = existsSync(path);
  try {
    await checkDestination(answers, destination, process.env);
  } finally {
    // Nothing is written before all is answered; the first sync makes it.
    if (!wasThere) for (const file of [path, `${path}.wal`]) rmSync(file, { force: true });
  }
  return destination;
}
