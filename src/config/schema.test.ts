import { check } from './schema.js';

test('mistakes come as values: where, what is expected, and what was found', () => {
  const credentials = { credentials_title: 'Private App Credentials', access_token: 5 };
  expect(
    check('source', { credentials, layout: 'wide', objects: [{}, { object_type: 'deals', properties: 'all' }] }),
  ).toEqual([
    { path: 'credentials.access_token', expected: 'should be a string', found: 'something else' },
    { path: 'objects.0.object_type', expected: null, found: null },
    { path: 'objects.1.properties', expected: 'should be a list', found: '"all"' },
    { path: 'layout', expected: 'should be one of "airbyte", "columns", "fivetran"', found: '"wide"' },
  ]);
});

test('a document without mistakes comes back with its defaults', () => {
  expect(check('destination-duckdb', { type: 'duckdb', path: 'a.duckdb' })).toMatchObject({
    schema: 'main',
    flush_mb: 200,
  });
});
