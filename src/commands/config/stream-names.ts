import { attempt, type Finding, inside } from '../../config/check/finding.js';
import type { SourceConfig } from '../../config/source.js';
import { nearest } from '../../config/suggest.js';
import { findObjectType } from '../../hubspot/api/object-types.js';
import { KnownObjects } from '../../streams/core/known-objects.js';
import { declaredStreams } from '../../streams/registry.js';
import { checkSelectedNames } from '../../streams/selection/names.js';
import { planOne } from '../../streams/selection/objects.js';
import { planStreams } from '../../streams/selection/plan-streams.js';
import { isSameName, nothingLeft } from '../../streams/selection/plans.js';

/** Fewer letters that differ are a typo; more may be the name of a custom object, which only the portal knows. */
const TYPO = 2;

/**
 * What is wrong with the names of objects, streams and groups, as far as that can be known without the portal's custom objects.
 *
 * @param part where in the file the source is
 * @param streams the names of a pipeline's `streams`
 */
export function checkStreamNames(part: string, source: SourceConfig, streams: readonly string[] = []): Finding[] {
  const known = new KnownObjects([]);
  const declared = declaredStreams(source.layout);
  const objects = [...known.all.flatMap(({ name, stream, aliases }) => [name, stream, ...aliases])];
  const names = [...new Set([...objects, ...declared.map(({ name }) => name)])];
  const findings: (Finding | null)[] = [];

  const named = new Map<string, string>();
  const take = (name: string, path: string, option: string) => {
    const other = [...named].find(([each]) => isSameName(each, name));
    if (!other) named.set(name, path);
    else {
      const at = inside(part, path);
      const message = `${at} is called "${name}", as is ${inside(part, other[1])}. Give one of them a "${option}" of its own.`;
      findings.push({ path: at, message, expected: null, found: JSON.stringify(name), nearest: null });
    }
  };
  for (const [index, criteria] of (source.objects ?? []).entries()) {
    const path = `objects[${index}]`;
    findings.push(
      attempt(part, { objects: [] }, () => {
        take(planOne(criteria, path, known, declared).name, path, 'name');
      }),
      typo(inside(part, `${path}.object_type`), criteria.objectType, names),
    );
  }
  for (const { fromObject, toObject, name, path } of source.associationStreams) {
    take(name, path, 'stream_name');
    findings.push(
      typo(inside(part, `${path}.from_object`), fromObject, objects),
      typo(inside(part, `${path}.to_object`), toObject, objects),
    );
  }
  for (const option of ['include', 'exclude'] as const) {
    for (const index of source[option].keys()) {
      // The names before it may be wrong, too, and keep its place.
      const list = source[option].map((name, at) => (at === index ? name : 'all')).slice(0, index + 1);
      const one = { ...source, include: [], exclude: [], [option]: list };
      findings.push(attempt(part, { include: [], exclude: [] }, () => checkSelectedNames(one, known, declared)));
    }
  }
  const found = findings.filter((finding) => finding !== null);
  if (found.length > 0) return found;
  const left = attempt(part, { exclude: [] }, () => {
    if (source.exclude.length === 0) return;
    const plans = planStreams(source, known, declared, streams.length === 0 ? 'default' : streams);
    if (plans.length === 0) throw nothingLeft();
  });
  if (left !== null) return [left];
  if (streams.length === 0) return [];
  const planned = planStreams(source, known, declared, 'all').map(({ name }) => name);
  return streams
    .map((name, index) => typo(`streams[${index}].name`, name, planned))
    .filter((finding) => finding !== null);

  function typo(path: string, name: string, known: readonly string[]): Finding | null {
    if (known.includes(name) || findObjectType(name, new KnownObjects([]).all)) return null;
    // As HubSpot writes custom objects, and nothing else: p_cars, p123_cars, 2-456.
    const isCustom = /^(p\d*_|2-\d)/i.test(name);
    const meant = isCustom ? undefined : nearest(name, known, TYPO);
    if (meant === undefined) return null;
    return {
      path,
      message: `${path}: there is nothing called "${name}" in HubSpot itself. Did you mean "${meant}"? A custom object of this name can be written p_${name}.`,
      expected: 'should be an object or a stream',
      found: JSON.stringify(name),
      nearest: meant,
    };
  }
}
