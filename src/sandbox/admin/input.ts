import type { Id, Portal } from '../portal/portal.js';

interface Kinds {
  string: string;
  number: number;
  boolean: boolean;
  object: Record<string, unknown>;
}

/** A field of a command's body. @throws Error naming the field, what it should be and what it is. */
export function field<Kind extends keyof Kinds>(body: Record<string, unknown>, name: string, kind: Kind): Kinds[Kind] {
  const value = body[name];
  if (typeof value !== kind || value === null) {
    throw new Error(`${name} must be ${kind === 'object' ? 'an object' : `a ${kind}`}, not ${JSON.stringify(value)}`);
  }
  return value as Kinds[Kind];
}

/** The same where the field may be missing: an object with it, or an empty one. */
export function optional<Kind extends keyof Kinds, Name extends string>(
  body: Record<string, unknown>,
  name: Name,
  kind: Kind,
): { [key in Name]?: Kinds[Kind] } {
  if (body[name] === undefined) return {};
  return { [name]: field(body, name, kind) } as { [key in Name]?: Kinds[Kind] };
}

/** `id` or `ids` of a body. @throws Error when there is neither. */
export function idsIn(body: Record<string, unknown>): readonly Id[] {
  const ids = body.ids ?? body.id;
  const list = Array.isArray(ids) ? ids : [ids];
  if (list.some((id) => typeof id !== 'string' && typeof id !== 'number'))
    throw new Error('id or ids must name records');
  return list;
}

/** A list of texts in a body. @throws Error when there is none */
export function texts(body: Record<string, unknown>, name: string): string[] {
  const value = body[name];
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) {
    throw new Error(`${name} must be a list of strings, not ${JSON.stringify(value)}`);
  }
  return value;
}

/** `count` live records, spread evenly over all of them. */
export function pickLive(portal: Portal, objectType: string, count: number): string[] {
  const live = portal.store(portal.type(objectType)).records.filter((record) => record.live);
  const step = Math.max(1, live.length / count);
  const picked = Array.from({ length: Math.min(count, live.length) }, (_, index) => live[Math.floor(index * step)]);
  return picked.flatMap((record) => (record === undefined ? [] : String(record.id)));
}

/** The fields of `body` that `known` has. @throws Error for a field it has not. */
export function partOf<T extends object>(body: Record<string, unknown>, known: T): Partial<T> {
  for (const name of Object.keys(body)) {
    if (!(name in known)) throw new Error(`there is no ${name}; there are ${Object.keys(known).join(', ')}`);
  }
  return body as Partial<T>;
}
