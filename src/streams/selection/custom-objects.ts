import type { SourceConfig } from '../../config/source.js';
import { findObjectType, STANDARD_OBJECTS } from '../../hubspot/api/object-types.js';
import type { StreamDeclaration } from '../core/stream.js';
import { historyName } from '../crm/history/history-plan.js';
import { isOfGroups } from './names.js';
import { declaredAs } from './objects.js';

/** The object's stream, of a stream of its past values. */
function objectNameIn(stream: string): string {
  return stream.endsWith(historyName('')) ? stream.slice(0, -historyName('').length) : stream;
}

/** Whether a stream may be a custom object, so that the portal's schemas have to be read. */
export function mayBeCustom(
  config: SourceConfig,
  streamNames: readonly string[] | null,
  declared: readonly StreamDeclaration[],
): boolean {
  const isAsked = (each: StreamDeclaration) =>
    streamNames?.includes(each.name) || config.include.includes(each.name) || isOfGroups(each, config);
  if (declared.some((each) => each.isOfAllObjects && isAsked(each))) return true;
  const isKnown = (name: string) =>
    findObjectType(objectNameIn(name), STANDARD_OBJECTS) !== undefined ||
    declaredAs(name, declared, [])?.group === 'crm';
  const associations = config.associationStreams.filter(({ name }) => streamNames?.includes(name) ?? true);
  if (associations.some(({ fromObject, toObject }) => !isKnown(fromObject) || !isKnown(toObject))) return true;
  if (config.objects) {
    return config.objects.some(
      (entry) => !isKnown(entry.objectType) || (entry.associations ?? []).some((name) => !isKnown(name)),
    );
  }
  if (streamNames === null) return true;
  return streamNames.some((name) => !isKnown(name) && !associations.some((each) => each.name === name));
}
