// What the commands of the tests load, for quick-modules.cjs to keep.
import { createRequire } from 'node:module';

// As dist/ does it.
const load = createRequire(new URL('../../../dist/load-package.js', import.meta.url));
process.env.SNOWFLAKE_DISABLE_PLATFORM_DETECTION = 'true';
process.env.SNOWFLAKE_DISABLE_MINICORE = 'true';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
for (const name of ['snowflake-sdk', '@duckdb/node-api', 'ajv']) load(name);
await Promise.all(['undici', '@hubspot/api-client', 'yargs'].map((name) => import(name)));
