import { checkDestination } from '../config/check/destination-check.js';
import { attempt, type Finding } from '../config/check/finding.js';
import { checkPipeline } from '../config/check/pipeline-check.js';
import { Places } from '../config/check/places.js';
import { checkSource } from '../config/check/source-check.js';
import { environmentOf } from '../config/dotenv.js';
import { interpolated } from '../config/environment.js';
import { describeProblem, parseConfig, readText } from '../config/files.js';
import { parseSourceConfig } from '../config/source.js';
import type { Place } from '../config/syntax.js';
import { ConfigError } from '../errors.js';
import { isObject, isOneOf, type JsonValue, memberOf, stringAt } from '../json.js';
import { configureLog } from '../log.js';
import { soundSource } from './config/sound-source.js';
import { checkStreamNames } from './config/stream-names.js';
import { configPath } from './runner/options.js';
import type { TextIo } from './runner/text-command.js';

const KINDS = ['pipeline', 'source', 'destination'] as const;
type Kind = (typeof KINDS)[number];

/** A mistake with its place in the file. */
type Placed = Finding & Place;

/**
 * `hubflake config check`: every mistake of a configuration that can be known without a call, all at once. Exit code 1 where there is
 * one.
 */
export async function configCheck(
  { print }: TextIo,
  options: { config?: string; kind?: string; json?: boolean },
): Promise<number> {
  const path = configPath(options);
  // The parser runs once for each option, and would repeat its warnings each time.
  configureLog({ level: 'error' });
  const text = readText(path, 'configuration');
  const parsed = parseConfig(text, path);
  if ('problem' in parsed) {
    const { line, column } = parsed.problem;
    const message = `The file ${describeProblem(parsed.problem)}.`;
    const finding = { path: '', message, expected: null, found: null, nearest: null };
    return report({ kind: null, mistakes: [{ ...finding, line, column }] });
  }
  const kind = kindOf(parsed.value, options.kind);
  const places = new Places(text);
  const findings = mistakesOf(kind, parsed.value, path);
  const mistakes = [...places.duplicates, ...findings.map((finding) => ({ ...finding, ...places.of(finding.path) }))];
  mistakes.sort((a, b) => a.line - b.line || a.column - b.column);
  return report({ kind, mistakes });

  function report({ kind, mistakes }: { kind: Kind | null; mistakes: Placed[] }): number {
    if (options.json) print(JSON.stringify({ file: path, kind, mistakes }));
    else print(mistakes.length === 0 ? `${path} has no mistakes.` : describe(path, mistakes));
    return mistakes.length === 0 ? 0 : 1;
  }
}

function mistakesOf(kind: Kind, document: JsonValue, path: string): Finding[] {
  if (kind === 'source') return withNames(checkSource('', document), '', document);
  if (kind === 'destination') return checkDestination('', document);
  const environment = environmentOf(path, document);
  const resolved = interpolated(document, environment);
  const streams = memberOf(resolved, 'streams');
  const names = (Array.isArray(streams) ? streams : []).map((stream) => stringAt(stream, 'name') ?? '');
  return withNames(checkPipeline(document, environment), 'source', memberOf(resolved, 'source'), names);
}

/** Besides the mistakes of a configuration those of its names. */
function withNames(findings: Finding[], part: string, source: unknown, streams: readonly string[] = []): Finding[] {
  if (!isObject(source)) return findings;
  const document = soundSource(source, part, findings);
  let names: Finding[] = [];
  attempt(part, document, () => {
    names = checkStreamNames(part, parseSourceConfig(document), streams);
  });
  const known = new Set(findings.map(({ path }) => path));
  return [...findings, ...names.filter(({ path }) => !known.has(path))];
}

/** What a document configures: as said, or as its options show. Throws a ConfigError where neither tells. */
function kindOf(document: JsonValue, given: string | undefined): Kind {
  if (given !== undefined) {
    if (isOneOf(KINDS, given)) return given;
    throw new ConfigError(`--kind should be one of ${KINDS.join(', ')}, but is "${given}".`);
  }
  const has = (...names: string[]) => names.some((name) => memberOf(document, name) !== undefined);
  if (has('source', 'destination', 'streams')) return 'pipeline';
  if (has('type', 'host', 'database', 'connection', 'path')) return 'destination';
  const login = memberOf(document, 'credentials');
  if (has('objects', 'layout', 'start_date') || memberOf(login, 'credentials_title') !== undefined) return 'source';
  if (memberOf(login, 'refresh_token') !== undefined) return 'source';
  if (has('name')) return 'pipeline';
  throw new ConfigError(
    'It cannot be told whether this is a pipeline, a source or a destination. Add --kind pipeline, --kind source or --kind destination.',
  );
}

function describe(path: string, mistakes: readonly Placed[]): string {
  const lines = mistakes.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  return [...lines, mistakes.length === 1 ? '1 mistake.' : `${mistakes.length} mistakes.`].join('\n');
}
