import { type Kind, kindOf } from './schema-pair.js';

const TYPES: Record<Kind, string[]> = {
  number: ['NUMBER', 'FLOAT', 'BIGINT', 'UTINYINT', 'HUGEINT', 'INTEGER', 'DECIMAL(38,10)', 'DOUBLE'],
  time: ['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NTZ', 'TIMESTAMP_TZ', 'TIMESTAMP_NS', 'DATE'],
  boolean: ['BOOLEAN'],
  text: ['TEXT', 'VARCHAR', 'varchar'],
  json: ['JSON', 'VARIANT', 'OBJECT', 'ARRAY'],
  other: ['TIME', 'BINARY', 'BLOB', 'INTERVAL', 'BIGINT[]', 'VARCHAR[]', 'STRUCT(a INTEGER)', 'UUID'],
};

test.each(Object.entries(TYPES))('%s', (kind, types) => {
  expect(types.map(kindOf)).toEqual(types.map(() => kind));
});
