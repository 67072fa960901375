// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what is tested
import { parsePipelineConfig } from './pipeline.js';

const pipeline = {
  name: 'crm',
  source: { credentials: { access_token: '${HUBSPOT_TOKEN}' } },
  destination: { type: 'duckdb', path: 'crm.duckdb' },
};

test('puts in values from the environment, and a plain ${ where it is asked for', () => {
  const config = parsePipelineConfig({ ...pipeline, name: 'a$${b}${C}' }, { HUBSPOT_TOKEN: 'token-from-env', C: 'c' });
  expect(config.source.credentials).toEqual({ kind: 'token', accessToken: 'token-from-env' });
  expect(config.name).toBe('a${b}c');
});

test('names the variable that is not set, and where it is used', () => {
  expect(() => parsePipelineConfig(pipeline, {})).toThrow(
    'source.credentials.access_token uses the environment variable HUBSPOT_TOKEN, which is not set',
  );
});

test('gives the destination its defaults', () => {
  const { destination } = parsePipelineConfig(pipeline, { HUBSPOT_TOKEN: 'token-abc' });
  expect(destination).toMatchObject({
    type: 'duckdb',
    schema: 'main',
    loader: { tableName: null, hardDeletes: true, flushBytes: 200 * 1024 * 1024, flushMilliseconds: 300_000 },
  });
});

test.each([
  [{ ...pipeline, name: undefined }, 'name is missing'],
  [
    { ...pipeline, destination: { type: 'duckdb' } },
    'In "destination": The destination configuration cannot be used: path is missing',
  ],
  [{ ...pipeline, source: {} }, 'In "source": The source configuration cannot be used: credentials is missing'],
  [{ ...pipeline, streams: [{ name: 'a' }, { name: 'a' }] }, 'streams lists "a" twice'],
  [{ ...pipeline, streams: [{ name: 'a', sync_mode: 'all' }] }, 'streams.0.sync_mode should be one of'],
])('says what is wrong', (config, message) => {
  expect(() => parsePipelineConfig(config, { HUBSPOT_TOKEN: 'token-abc' })).toThrow(message);
});
