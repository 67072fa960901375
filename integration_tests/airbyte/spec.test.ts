import { Ajv } from 'ajv';
import type { ConnectorSpecification, JsonObject } from '../../src/protocol/messages.js';
import { hubflake, ofType } from '../support/processes/command.js';
import { specMistakes } from './spec-rules.js';

async function specOf(args: string[]): Promise<ConnectorSpecification> {
  const outcome = await hubflake(args);
  expect(outcome.lines).toHaveLength(1);
  return ofType(outcome, 'SPEC')[0]?.spec as ConnectorSpecification;
}

describe.each([
  ['the source', ['spec'], { credentials: { credentials_title: 'Private App Credentials', access_token: 't' } }],
  [
    'the destination',
    ['destination', 'spec'],
    {
      host: 'a.snowflakecomputing.com',
      database: 'D',
      schema: 'S',
      credentials: { auth_type: 'Programmatic Access Token', token: 't' },
    },
  ],
])('the form of %s', (_, args, config) => {
  test('breaks none of the rules', async () => {
    expect(specMistakes(await specOf(args))).toEqual([]);
  });

  test('is filled in by a configuration, with what Airbyte adds to it', async () => {
    const { connectionSpecification } = await specOf(args);
    const fits = new Ajv({ strict: false, validateFormats: false }).compile(connectionSpecification);
    expect(fits({ ...config, _internal: 1, from_another_version: true })).toBe(true);
    expect(fits({ ...config, credentials: {} })).toBe(false);
  });

  test('each mistake would be noticed', async () => {
    const spec = await specOf(args);
    const mistakesWith = (change: (root: JsonObject, spec: ConnectorSpecification) => void) => {
      const changed = structuredClone(spec);
      change(changed.connectionSpecification, changed);
      return specMistakes(changed).join('\n');
    };
    const properties = (root: JsonObject) => root.properties as Record<string, JsonObject>;
    const choices = (root: JsonObject) => properties(root).credentials?.oneOf as JsonObject[];
    const added = (schema: JsonObject) => mistakesWith((root) => Object.assign(properties(root), { added: schema }));
    const sound = { title: 'T', description: 'D', order: 99, group: 'account', type: 'string' };

    expect(added(sound)).toBe('');
    expect(added({ ...sound, order: 0 })).toContain('an order that another of its group has');
    expect(added({ ...sound, type: ['null', 'string'] })).toContain('type is not one type');
    expect(added({ ...sound, enum: ['a', 'a'] })).toContain('enum repeats itself');
    expect(added({ ...sound, format: 'date-time' })).toContain('date-time without a pattern');
    expect(added({ ...sound, type: 'object' })).toContain('an object without properties');
    expect(added({ ...sound, type: 'array' })).toContain('items that the form cannot draw');
    expect(added({ ...sound, anyOf: [] })).toContain('anyOf cannot be drawn');
    expect(added({ ...sound, airbyte_secret: true })).toContain('airbyte_secret on what has no name of a secret');
    expect(added({ ...sound, display_type: 'radio' })).toContain('display_type without oneOf');
    expect(added({ ...sound, additionalProperties: false })).toContain('additionalProperties is not true');
    expect(added({ type: 'string' })).toMatch(/no title.*no description.*no order.*in no group/s);
    expect(mistakesWith((root) => Object.assign(root, { oneOf: [] }))).toContain('the top level has oneOf');
    expect(mistakesWith((root) => Object.assign(properties(root), { api_token: { ...sound, order: 98 } }))).toContain(
      'a secret without airbyte_secret',
    );
    expect(
      mistakesWith((root) => {
        for (const choice of choices(root)) Object.assign(properties(choice), { second: { ...sound, const: 'x' } });
      }),
    ).toContain('2 common properties with a constant');
    expect(
      mistakesWith((root) => {
        for (const choice of choices(root)) choice.group = 'account';
        Object.assign(Object.values(properties(choices(root)[0] as JsonObject))[0] as JsonObject, { group: 'account' });
      }),
    ).toContain('group below the top level');
  });
});

test('OAuth is offered first, with one button, and asks for the scopes of every stream', async () => {
  const spec = await specOf(['spec']);
  const auth = spec.advanced_auth as {
    oauth_config_specification: { oauth_connector_input_specification: JsonObject };
  };
  const { consent_url: consent, access_token_url: token } =
    auth.oauth_config_specification.oauth_connector_input_specification;
  for (const scope of ['crm.objects.contacts.read', 'tickets', 'crm.objects.owners.read', 'crm.schemas.custom.read']) {
    expect(consent).toContain(scope);
  }
  expect(token).toMatch(/^https:\/\/api\.hubapi\.com\/oauth\/.*token$/);

  const reversed = structuredClone(spec);
  ((reversed.connectionSpecification.properties as JsonObject).credentials as { oneOf: unknown[] }).oneOf.reverse();
  expect(specMistakes(reversed)).toContain('advanced_auth: OAuth is not the first choice');
  const misled = structuredClone(spec);
  Object.assign(misled.advanced_auth as JsonObject, { predicate_key: ['credentials', 'nothing'] });
  expect(specMistakes(misled).join()).toContain('the predicate credentials.nothing is not in the specification');
});
