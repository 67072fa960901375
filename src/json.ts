/** JSON values, and type guards for values of unknown shape. */

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** Whether a value is an object, neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is one of the given texts, such as the members of a union type. */
export function isOneOf<T extends string>(texts: readonly T[], value: unknown): value is T {
  return texts.some((text) => text === value);
}

/** A member of an object; undefined if it has none of this name, or the value is not an object. */
export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined;
export function memberOf(value: unknown, name: string): unknown;
export function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** A member that is a text; undefined otherwise. */
export function stringAt(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : undefined;
}

/** The `code` of an error of Node, the system or a library; undefined if it has none. */
export function codeOf(error: unknown): string | undefined {
  return stringAt(error, 'code');
}
