import { isObject, memberOf } from '../../json.js';
import { interpolated, unsetMessage, type Variable, variablesIn } from '../environment.js';
import { parsePipelineConfig } from '../pipeline.js';
import { nearest } from '../suggest.js';
import { checkDestination } from './destination-check.js';
import { attempt, type Finding, inside } from './finding.js';
import { checkSchema } from './schema-check.js';
import { checkSource } from './source-check.js';

/**
 * Every mistake in a pipeline that can be known from the configuration alone, unset variables among them.
 *
 * @param given as it was read, with its `${NAME}`s
 * @param environment where these are taken from
 */
export function checkPipeline(given: unknown, environment: NodeJS.ProcessEnv): Finding[] {
  const unset = variablesIn(given).filter(({ name }) => environment[name] === undefined);
  const document = interpolated(given, environment);
  const { findings, rest } = checkSchema('pipeline', '', document, document);
  const { source, destination } = rest;
  // Those with a mistake of their own, too, which may be there twice.
  const streams = memberOf(document, 'streams');
  const found = [
    ...findings,
    ...(isObject(source) ? checkSource('source', source) : []),
    ...(isObject(destination) ? checkDestination('destination', destination) : []),
    ...checkStreams(Array.isArray(streams) ? streams : [], isObject(destination) ? destination : {}),
    ...checkTogether(source, destination),
  ];
  // What is in the place of a variable that is not set has no mistakes of its own.
  const known = found.filter(({ path }) => !unset.some((variable) => variable.path === path));
  const all = [...unset.map((variable) => unsetFinding(variable, Object.keys(environment))), ...known];
  if (all.length > 0) return all;
  const last = attempt('', {}, () => parsePipelineConfig(given, environment));
  return last === null ? [] : [last];
}

function unsetFinding(variable: Variable, set: readonly string[]): Finding {
  const similar = nearest(variable.name, set, 2) ?? null;
  return {
    path: variable.path,
    message: `${unsetMessage(variable)}${similar === null ? '' : ` Did you mean "${similar}"?`}`,
    expected: 'should be set in the environment, or in .env beside the pipeline',
    found: null,
    nearest: similar,
  };
}

/** Streams that are listed twice, in modes that exclude each other, or that are too many for one table. */
function checkStreams(streams: readonly unknown[], destination: Record<string, unknown>): Finding[] {
  const names = streams.map((stream) => (isObject(stream) ? stream.name : undefined));
  const findings: Finding[] = [];
  const add = (path: string, message: string) =>
    findings.push({ path, message: `${path} ${message}`, expected: null, found: null, nearest: null });
  for (const [index, stream] of streams.entries()) {
    if (!isObject(stream)) continue;
    const path = `streams[${index}]`;
    const first = names.indexOf(stream.name);
    if (stream.name !== undefined && first !== index) {
      add(`${path}.name`, `is "${stream.name}", as is streams[${first}].name. Leave one of the two entries.`);
    }
    if (stream.sync_mode === 'incremental' && stream.destination_sync_mode === 'overwrite') {
      add(
        `${path}.destination_sync_mode`,
        'is overwrite, and sync_mode is incremental: an increment does not hold the whole of a stream. Use full_refresh, or append_dedup.',
      );
    }
  }
  if (typeof destination.table_name === 'string' && streams.length > 1) {
    add(
      'destination.table_name',
      `is the one table, and streams lists ${streams.length} streams. Leave table_name out, or list one stream.`,
    );
  }
  return findings;
}

/** What source and destination cannot do together. */
function checkTogether(source: unknown, destination: unknown): Finding[] {
  if (!isObject(source) || !isObject(destination)) return [];
  if (source.layout !== 'fivetran' || destination.table_form !== 'raw') return [];
  const path = inside('destination', 'table_form');
  return [
    {
      path,
      message: `${path} is "raw", which keeps records as JSON, and the layout "fivetran" needs tables with columns. Leave table_form out.`,
      expected: 'should be "typed"',
      found: '"raw"',
      nearest: null,
    },
  ];
}
