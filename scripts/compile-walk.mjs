// Compiles src/protocol/json-walk.as.ts to dist/protocol/json-walk.wasm.
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const options = ['--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noAssert', '-O3'];
const files = ['src/protocol/json-walk.as.ts', '--outFile', 'dist/protocol/json-walk.wasm'];

const { error, stderr } = await main([...files, ...options, '--baseDir', root]);
if (error) throw new Error(`${error.message}\n${stderr}`);
