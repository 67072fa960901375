import type { Call } from '../http/call.js';
import { badRequest } from '../http/errors.js';

/** The address a call came to, for the links in answers. */
export function baseUrl(call: Call): string {
  return `http://${call.headers.host}${call.path}`;
}

/** A query parameter that may be given several times, or once with commas. */
export function listParameter(query: URLSearchParams, name: string): string[] | undefined {
  if (!query.has(name)) return undefined;
  return splitNames(query.getAll(name));
}

export function splitNames(values: readonly string[]): string[] {
  return values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

/** A whole number in [1, max]. @throws ApiError 400 */
export function limitParameter(value: string | number | null | undefined, usual: number, max: number): number {
  if (value === null || value === undefined || value === '') return usual;
  const limit = Number(value);
  if (!Number.isInteger(limit) || limit < 1) throw badRequest(`limit must be a positive integer, not ${value}`);
  if (limit > max) throw badRequest(`The requested limit of ${limit} is above the maximum of ${max} for this request.`);
  return limit;
}

export function flagParameter(query: URLSearchParams, name: string): boolean {
  return query.get(name) === 'true';
}

/** The body as a JSON object. @throws ApiError 400 */
export function jsonBody(call: Call): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(call.body);
  } catch (error) {
    throw badRequest(`Invalid input JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('Invalid input JSON');
  return value as Record<string, unknown>;
}

/** `inputs` of a batch read, at most `max` of them. @param name the member with an input's id @throws ApiError 400 */
export function batchInputs(body: Record<string, unknown>, max: number, name = 'id'): { id: string; after?: string }[] {
  const { inputs } = body;
  checkInputs(inputs, max);
  return inputs.map((input) => {
    const id = input?.[name] ?? null;
    if (input === null || id === null) throw badRequest(`Some required fields were not set: [${name}]`);
    const after = input.after === undefined || input.after === null ? undefined : String(input.after);
    return { id: String(id), ...(after !== undefined && { after }) };
  });
}

/** `inputs` of a batch read that are the ids themselves. @throws ApiError 400 */
export function batchTexts(body: Record<string, unknown>, max: number): string[] {
  checkInputs(body.inputs, max);
  return textsIn(body, 'inputs');
}

/** @throws ApiError 400 */
function checkInputs(inputs: unknown, max: number): asserts inputs is (Record<string, unknown> | null)[] {
  if (!Array.isArray(inputs)) throw badRequest('Some required fields were not set: [inputs]');
  if (inputs.length > max) throw badRequest(`The maximum number of inputs supported in a batch request is ${max}.`);
}

/** A list of texts in a body; absent or null is an empty list. @throws ApiError 400 */
export function textsIn(body: Record<string, unknown>, name: string): string[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
    throw badRequest(`Invalid input JSON: ${name} must be an array of strings`);
  }
  return value as string[];
}
