// Writes dist/config/compiled-specs.cjs: for each JSON Schema in spec/, the function that checks a document against it and fills
// in its defaults. Compiling one, with ajv, whenever a command starts would cost it 70 ms. And dist/commands/optional-scopes.json: the
// scopes of all streams, which `spec` would have to import for them.
import { writeFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { AJV_OPTIONS, prepared } from '../dist/config/schema.js';
import { readSpec, SPECS } from '../dist/config/specs.js';
import { everyScope } from '../dist/streams/access.js';
import { DECLARED_STREAMS } from '../dist/streams/registry.js';

const ajv = prepared(new Ajv({ ...AJV_OPTIONS, allErrors: false, verbose: false, code: { source: true } }));
for (const name of SPECS) ajv.addSchema(readSpec(name), name);
const code = standalone.default(ajv, Object.fromEntries(SPECS.map((name) => [name, name])));
writeFileSync(new URL('../dist/config/compiled-specs.cjs', import.meta.url), code);
const scopes = JSON.stringify(everyScope(DECLARED_STREAMS));
writeFileSync(new URL('../dist/commands/optional-scopes.json', import.meta.url), scopes);
