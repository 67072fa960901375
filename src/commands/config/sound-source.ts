import { type Finding, inside } from '../../config/check/finding.js';
import { isObject } from '../../json.js';

/**
 * A source without its mistakes, so that the names in it can be checked. Options with a mistake are left out. Of an
 * object with a mistake only its names are kept, so that the others keep their places in the list.
 *
 * @param part where in the file the source is
 */
export function soundSource(source: Record<string, unknown>, part: string, findings: readonly Finding[]): object {
  const wrong = (path: string) => findings.some((finding) => finding.path.startsWith(inside(part, path)));
  const kept = Object.entries(source).flatMap(([key, value]) => {
    if (key === 'objects' && Array.isArray(value)) {
      return [[key, value.map((entry, index) => (wrong(`objects[${index}]`) ? namesOf(entry, index) : entry))]];
    }
    return wrong(key) ? [] : [[key, value]];
  });
  // Neither credentials nor a salt say anything about names.
  return {
    ...Object.fromEntries(kept),
    credentials: { access_token: 'any-text' },
    hash_salt: 'any text that is long enough',
  };
}

function namesOf(entry: unknown, index: number): object {
  const { object_type: type, name } = isObject(entry) ? entry : {};
  const hasType = typeof type === 'string' && type !== '';
  return {
    object_type: hasType ? type : 'contacts',
    ...(typeof name === 'string' && name !== '' ? { name } : hasType ? {} : { name: `_unnamed_${index}` }),
  };
}
