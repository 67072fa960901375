import type { ConnectorSpecification, JsonObject, JsonValue } from '../../src/protocol/messages.js';

type Schema = JsonObject & {
  type?: string | string[];
  properties?: Record<string, Schema>;
  oneOf?: Schema[];
  items?: Schema;
  enum?: JsonValue[];
};

/** One schema of a specification, and where it stands. */
interface Place {
  path: string;
  schema: Schema;
  /** Its name, where it is a property. */
  name: string | null;
  /** The properties beside it, itself among them. */
  siblings: Schema[];
  isTop: boolean;
}

/** A secret of which Airbyte knows none that is called so: its acceptance tests only warn of that. */
const SECRET_OF_OURS = 'hash_salt';
/** Names that Airbyte's acceptance tests take for a secret's, and the endings that airbyte-cdk takes for one's. */
const SECRET =
  /^(client_token|access_token|api_token|token|secret|client_secret|password|key|service_account(_info)?|tenant_id|certificate|jwt|credentials|app_id|appid|refresh_token|.*(_token|_secret|password|api_key|apikey|secret_key|private_key|access_key))$/;
/** Keywords that Airbyte's form cannot draw. */
const NOT_DRAWN = [
  ...['not', 'anyOf', 'allOf', 'patternProperties', 'prefixItems', 'if', 'then', 'else'],
  ...['dependentSchemas', 'dependentRequired', '$ref'],
];
const ITEM_TYPES = ['object', 'string', 'number', 'integer'];

/**
 * What Airbyte's acceptance tests and its form would find fault with in a SPEC message: the rules of connector-acceptance-test's
 * test_core.py, and what a form needs to be drawn well (titles, descriptions, an order).
 */
export function specMistakes(spec: ConnectorSpecification): string[] {
  const root = spec.connectionSpecification as Schema;
  const mistakes: string[] = [];
  const groups = (root.groups ?? []) as { id: string; title: string }[];
  if (root.oneOf) mistakes.push('the top level has oneOf');
  for (const place of walk(root)) {
    const say = (what: string) => mistakes.push(`${place.path}: ${what}`);
    mistakesOfKeywords(place, say);
    mistakesOfTypes(place, say);
    mistakesOfSecrets(place, say);
    if (place.schema.oneOf) mistakesOfChoice(place.schema, say);
    if (place.name !== null) mistakesOfField(place, groups, say);
  }
  mistakesOfOAuth(spec, (what) => mistakes.push(`advanced_auth: ${what}`));
  return mistakes;
}

function* walk(schema: Schema, path = '#', from: Partial<Place> = {}): Generator<Place> {
  yield { path, schema, name: from.name ?? null, siblings: from.siblings ?? [], isTop: from.isTop ?? false };
  const siblings = Object.values(schema.properties ?? {});
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield* walk(child, `${path}/${name}`, { name, siblings, isTop: path === '#' });
  }
  for (const [index, child] of (schema.oneOf ?? []).entries()) yield* walk(child, `${path}[${index}]`);
  if (schema.items) yield* walk(schema.items, `${path}/items`);
}

type Say = (what: string) => void;

function mistakesOfKeywords({ schema }: Place, say: Say): void {
  for (const keyword of NOT_DRAWN) if (keyword in schema) say(`${keyword} cannot be drawn`);
  if ('additionalProperties' in schema && schema.additionalProperties !== true) say('additionalProperties is not true');
  if ('display_type' in schema) {
    if (!schema.oneOf) say('display_type without oneOf');
    if (schema.display_type !== 'dropdown' && schema.display_type !== 'radio') say('display_type is unknown');
  }
  if (schema.enum && new Set(schema.enum.map((each) => JSON.stringify(each))).size !== schema.enum.length) {
    say('enum repeats itself');
  }
  if (schema.format === 'date-time' || schema.format === 'date') {
    if (typeof schema.pattern !== 'string') say(`${schema.format} without a pattern`);
  }
}

function mistakesOfTypes({ schema }: Place, say: Say): void {
  const { type } = schema;
  if (typeof type !== 'string' && !(Array.isArray(type) && type.length === 2 && type[1] === 'null')) {
    say('type is not one type, or one and then null');
  }
  const isEmpty = Object.keys(schema.properties ?? {}).length === 0;
  if (type === 'object' && isEmpty && !schema.oneOf) say('an object without properties');
  if (type !== 'array') return;
  const itemType = schema.items?.type;
  if (!schema.items?.enum && (typeof itemType !== 'string' || !ITEM_TYPES.includes(itemType))) {
    say('items that the form cannot draw');
  }
}

function mistakesOfSecrets({ schema, name }: Place, say: Say): void {
  const canHoldOne = ['string', 'integer', 'number'].includes(schema.type as string) && !('const' in schema);
  const isSecret = schema.airbyte_secret === true;
  if (isSecret && !canHoldOne) say('airbyte_secret on what holds no secret');
  if (name === null || !canHoldOne) return;
  if (SECRET.test(name) && !isSecret) say('a secret without airbyte_secret');
  // private_key_password and the like end in a secret's name.
  if (!SECRET.test(name) && name !== SECRET_OF_OURS && isSecret) say('airbyte_secret on what has no name of a secret');
}

/** In a oneOf, exactly one property that all have says by its constant which it is. */
function mistakesOfChoice(schema: Schema, say: Say): void {
  const choices = schema.oneOf ?? [];
  if (schema.type !== 'object') say('oneOf without the type object');
  if (choices.some((choice) => !choice.properties)) say('a choice without properties');
  const [first = {}, ...others] = choices.map((choice) => choice.properties ?? {});
  const common = Object.keys(first).filter((name) => others.every((properties) => name in properties));
  const telling = common.filter((name) => choices.every((choice) => 'const' in (choice.properties?.[name] ?? {})));
  if (telling.length !== 1) say(`${telling.length} common properties with a constant, instead of one`);
  const constants = choices.map((choice) => choice.properties?.[telling[0] as string] as Schema);
  if (new Set(constants.map((each) => each?.const)).size !== choices.length) say('two choices of one constant');
  for (const each of constants) {
    if (each && 'default' in each && each.default !== each.const) say('default is not the constant');
    if (each?.enum && (each.enum.length !== 1 || each.enum[0] !== each.const)) say('enum is not the constant');
  }
  if (choices.some((choice) => typeof choice.title !== 'string')) say('a choice without a title');
}

function mistakesOfField({ schema, siblings, isTop }: Place, groups: { id: string }[], say: Say): void {
  if (typeof schema.title !== 'string') say('no title');
  if (typeof schema.description !== 'string') say('no description');
  if (typeof schema.order !== 'number') say('no order');
  const rivals = siblings.filter((other) => other.order === schema.order && other.group === schema.group);
  if (rivals.length !== 1) say('an order that another of its group has');
  if (!isTop && 'group' in schema) say('group below the top level');
  if (isTop && !groups.some(({ id }) => id === schema.group)) say('in no group of the form');
}

function mistakesOfOAuth({ connectionSpecification, advanced_auth: auth }: ConnectorSpecification, say: Say): void {
  if (!auth) return;
  const root = connectionSpecification as Schema;
  const predicate = auth.predicate_key as string[];
  const [holder] = predicate;
  if (!has(root, predicate)) say(`the predicate ${predicate.join('.')} is not in the specification`);
  const first = root.properties?.[holder as string]?.oneOf?.[0];
  if (first?.properties?.[predicate.at(-1) as string]?.const !== auth.predicate_value)
    say('OAuth is not the first choice');
  for (const path of pathsIn(auth)) {
    if (!has(root, path)) say(`${path.join('.')} is not in the specification`);
  }
}

function pathsIn(value: JsonValue): string[][] {
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  const { path_in_connector_config: own, ...others } = value;
  return [...(own ? [own as string[]] : []), ...Object.values(others).flatMap(pathsIn)];
}

function has(schema: Schema, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  return [schema, ...(schema.oneOf ?? [])].some((each) => {
    const child = each.properties?.[name];
    return child !== undefined && has(child, rest);
  });
}
